# SPDX-License-Identifier: GPL-2.0-only
"""The full benchmark's judge: what is read, what must hold, what it means."""

from __future__ import annotations

import json
import re

import pytest
from bench_fixtures import PAGES, Guest

from zpmaint.core.versions import KernelVersion
from zpmaint.judge.benchmark import Benchmark, Kernel, compare
from zpmaint.judge.measured import Place, read_measured
from zpmaint.judge.reading import sentences
from zpmaint.suites.guest.patterns import full_bench

V612 = KernelVersion.parse("6.12.107")
V2638 = KernelVersion.parse("2.6.38")


def judged(
    stock: Guest | str,
    patched: Guest | str | None,
    *,
    version: KernelVersion = V612,
    adopted: bool = False,
    counts: bool = True,
    huge: bool = True,
    runs: int = 1,
) -> Benchmark:
    def kernel(name: str, guest: Guest | str, private: bool) -> Kernel:
        text = guest if isinstance(guest, str) else guest.report(huge=huge)
        return Kernel(name, read_measured(text, full_bench().pattern, runs), private, counts)

    return compare(
        full_bench(),
        version,
        kernel("stock", stock, adopted),
        kernel("patched", patched, True) if patched else None,
    )


def test_a_pair_that_is_as_it_must_be() -> None:
    found = judged(Guest(False), Guest(True))
    assert found.failures == ()
    assert found.unit == "instructions"
    read = next(r for r in found.passes if (r.pattern, r.name, r.huge) == ("read", "read", False))
    assert read.cost == {"stock": 900.0, "patched": 2300.0}
    assert read.faults == {"stock": PAGES, "patched": PAGES}
    assert read.levels["RssAnon"] == {"stock": 0, "patched": 4 * PAGES}
    assert read.spread is None
    assert len(found.passes) == 2 * sum(
        len(p.passes) * len(p.shares or (1,)) for p in full_bench().pattern
    )


def test_the_break_even_of_a_pair() -> None:
    found = judged(Guest(False), Guest(True))
    assert [(t.pattern, t.huge) for t in found.trades] == [
        ("mixed", False), ("mixed-apart", False), ("mixed", True), ("mixed-apart", True),
    ]  # fmt: skip
    mixed = found.trades[0]
    assert mixed.faults.pays_from == pytest.approx(100 * (2305 - 900) / 2400)
    assert mixed.life.pays_from == pytest.approx(100 * (2705 - 900) / 2800)
    assert mixed.faults.by == "lines"
    assert mixed.even_memory == 100
    assert mixed.curves["stock"]["held"]["50"] == 2.0
    assert mixed.curves["patched"]["faults"]["0"] == 2305.0


@pytest.mark.parametrize(
    ("swap", "says"),
    [
        (
            (True, True),
            "stock: read (100%, 4096 pages): StatmAnon after read, in pages: 4096, not 0",
        ),
        ((False, False), "patched: read (100%, 4096 pages): StatmAnon after read, in pages: 0"),
    ],
)
def test_a_kernel_that_behaves_as_the_other_fails(swap: tuple[bool, bool], says: str) -> None:
    found = judged(Guest(swap[0]), Guest(swap[1]))
    assert any(line.startswith(says) for line in found.failures)


@pytest.mark.parametrize(
    ("where", "counter", "value", "says"),
    [
        (("read", "unmap"), "AnonPages", 40 + 4 * 161, "AnonPages after unmap"),
        (("write", "write"), "MinorFaults", PAGES + 25, "minor faults of write: 4121, not 4096"),
        (("mixed", "write"), "RssAnon", 40, "mixed (0%, 4096 pages): RssAnon after write"),
        (("fork-written", "child-write"), "AnonPages", 40, "AnonPages after child-write"),
    ],
)
def test_a_figure_that_is_off_is_named(
    where: tuple[str, str], counter: str, value: int, says: str
) -> None:
    patched = Guest(True, changed={(*where, counter): value})
    found = judged(Guest(False), patched)
    assert any(says in line and line.startswith("patched: ") for line in found.failures)


def test_what_is_within_its_slack_is_not_named() -> None:
    patched = Guest(
        True,
        changed={
            ("read", "unmap", "AnonPages"): 40 + 4 * 160,
            ("write", "write", "MinorFaults"): PAGES + 24,
        },
    )
    assert judged(Guest(False), patched).failures == ()


def test_huge_pages_are_not_asserted_before_the_huge_zero_page() -> None:
    """There a stock kernel allocates a huge page for a read."""
    text = Guest(False).report(huge=True)
    huge = re.sub(
        r"(pattern=read pages=4096 huge=1 .*pass=read .*StatmAnon=)40", r"\g<1>4136", text
    )
    assert huge != text
    assert judged(huge, Guest(True), version=V2638).failures == ()
    assert judged(huge, Guest(True), version=V612).failures


def test_a_kernel_that_adopted_the_change_is_alone_and_private() -> None:
    found = judged(Guest(True), None, adopted=True)
    assert found.failures == () and found.trades == ()
    assert judged(Guest(False), None, adopted=True).failures
    assert "2,300 instructions a page" in sentences(found)[0]


def test_a_missing_pass_a_lost_pattern_and_a_dead_guest_are_problems() -> None:
    whole = Guest(False).report(huge=False)
    lines = whole.splitlines(keepends=True)
    without = "".join(line for line in lines if "pass=walk " not in line)
    found = judged(without, Guest(True), huge=False)
    assert any("tsc of the pass walk has 0 figures" in line for line in found.failures)
    cut = "".join(lines[: len(lines) // 2])
    assert any("# done" in line for line in judged(cut, Guest(True)).failures)
    told = whole.replace("# done", "# problem: pattern read of 9 pages: x\n# done")
    assert any("pattern read of 9 pages" in line for line in judged(told, Guest(True)).failures)
    twice = "".join([*lines[:-1], lines[4], lines[-1]])
    assert any("is out of turn" in line for line in judged(twice, Guest(True)).failures)
    garbled = whole.replace("touched=4096", "touched=x", 1)
    assert any("not a figure" in line for line in judged(garbled, Guest(True)).failures)
    strange = whole.replace("pattern=write ", "pattern=wipe ")
    assert any("was not asked for" in line for line in judged(strange, Guest(True)).failures)


def test_what_the_guest_left_out_is_told_and_no_failure() -> None:
    why = {("fork-read", PAGES): "needs 9 kB and 8 kB are free"}
    found = judged(Guest(False, left_out=why), Guest(True, left_out=why), huge=False)
    assert found.failures == ()
    assert found.unmeasured == (
        "stock: fork-read, 4096 pages: needs 9 kB and 8 kB are free",
        "patched: fork-read, 4096 pages: needs 9 kB and 8 kB are free",
    )
    assert not any(row.pattern == "fork-read" for row in found.passes)


def test_a_place_that_was_asked_for_is_measured_or_says_why_not() -> None:
    text = Guest(False).report()
    patterns = full_bench().pattern
    there = list(read_measured(text, patterns).figures)
    lost = Place("nowhere", 100, PAGES, False)
    said = f"{lost} was not measured, and no reason given"
    whole = read_measured(text, patterns, wanted=there).problems
    assert not any("no reason given" in problem for problem in whole)
    assert read_measured(text, patterns, wanted=[*there, lost]).problems == [*whole, said]
    huge = Place("nowhere", 100, PAGES, True)
    none = text.replace("# done", "# unmeasured huge=1 why=none here\n# done")
    assert (
        said.replace(str(lost), str(huge))
        not in read_measured(none, patterns, wanted=[huge]).problems
    )


def test_huge_pages_that_are_not_there_are_told() -> None:
    text = Guest(False).report().replace("# done", "# unmeasured huge=1 why=none here\n# done")
    assert "stock: huge pages: none here" in judged(text, Guest(True)).unmeasured


def test_of_times_the_median_stands_and_the_quartiles_beside_it() -> None:
    stock, patched = Guest(False, runs=5, jitter=10), Guest(True, runs=5, jitter=0)
    found = judged(stock, patched, counts=False, runs=5)
    assert found.unit == "ns" and found.failures == ()
    read = found.passes[0]
    assert read.cost == {"stock": 920.0, "patched": 2300.0}
    assert read.spread == {"stock": [910.0, 930.0], "patched": [2300.0, 2300.0]}
    assert any("has 5 figures, not 4" in f for f in judged(stock, patched, runs=4).failures)


def test_the_reading_says_what_it_costs_and_when_it_pays() -> None:
    told = "\n".join(sentences(judged(Guest(False), Guest(True))))
    assert (
        "reading untouched memory: 900 instructions a page on stock, 2,300 on patched, +1,400; "
        "then the process holds 0.00 kB for each page on stock, 4.00 on patched"
    ) in told
    assert "the first write to what was read: 2,400 instructions a page on stock, 5 on" in told
    assert "the patch pays from 58.5% on, and from 64.5% on if unmapping counts" in told
    assert "it holds more memory below 100%, and never less" in told
    assert "with huge pages, reading" in told
    worse = "\n".join(sentences(judged(Guest(False), Guest(True, allocates=9000))))
    assert "the patch pays at no share" in worse
    wrong = sentences(judged(Guest(True), Guest(True)))
    assert wrong[-1].startswith("not as it must be in ")


def test_as_json_it_is_plain() -> None:
    found = judged(Guest(False), Guest(True))
    assert json.loads(json.dumps(found.as_json()))["unit"] == "instructions"


def test_a_place_names_itself() -> None:
    assert str(Place("mixed", 30, 512, True)) == "mixed (30%, 512 pages, huge pages)"
