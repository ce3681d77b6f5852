# SPDX-License-Identifier: GPL-2.0-only
"""The verdict: what passes, and everything that must not."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from judge_fixtures import (
    CASES,
    FLIPS,
    KB,
    PAGES,
    PATCHED,
    TELLING,
    V612,
    WORDS,
    figures,
    judged,
    of,
    report,
    run,
)

from zpmaint.build.derived import Derived, StaysOff
from zpmaint.build.evidence import Compiled, Evidence, FileEvidence, HunkEvidence
from zpmaint.core.eras import Era
from zpmaint.core.errors import InfraError
from zpmaint.core.result import Result
from zpmaint.core.versions import KernelVersion
from zpmaint.judge.conclude import conclude
from zpmaint.judge.expect import compare
from zpmaint.judge.kernel_report import kernel_report
from zpmaint.judge.values import Mark, SuiteVerdict, Verdict
from zpmaint.judge.verdict import judge
from zpmaint.patchset.values import Flip
from zpmaint.suites.values import FULL, MINIMAL, Defect, StockWord
from zpmaint.vm.values import Outcome

STOCK = report(WORDS)
GOOD = report(PATCHED)
SKIPPED = "SKIP no pagemap"


def test_a_good_pair_passes() -> None:
    verdict = judged(STOCK, GOOD)
    assert verdict.passed and not verdict.failures
    assert verdict.why == (
        "3 cases as expected on both kernels, 2 of them flipped by the patch, 1 skipped"
    )
    assert [case.flips for case in verdict.cases] == [False, True, True, False]
    first, second = of(verdict, "devzero.eager")
    assert second is not None
    assert (first.mark, second.mark) == (Mark.SKIP, Mark.SKIP)


def test_a_known_defect_of_a_kernel_is_what_both_have_to_report() -> None:
    old = KernelVersion.parse("6.11")
    rows = (replace(CASES[0], defects=(Defect(Era(until=V612), "stuck", "mended in 6.12"),)),)

    def of_both(stock: str, patched: str, version: KernelVersion) -> list[Mark]:
        reports = [
            kernel_report(run(report({"read.zero": word})), {"read.zero"}, version)
            for word in (stock, patched)
        ]
        (verdict,) = compare(
            rows, {}, adopted=False, version=version, stock=reports[0], patched=reports[1]
        )
        assert verdict.patched is not None
        # A pass that is no good says so; one that is says nothing of it.
        assert verdict.stock is not None
        said = "known defect of this kernel: mended in 6.12" in verdict.stock.detail
        assert said == (verdict.stock.mark is Mark.PASS and stock == "stuck")
        return [verdict.stock.mark, verdict.patched.mark]

    assert of_both("stuck", "stuck", old) == [Mark.PASS, Mark.PASS]
    assert of_both("stuck", "ok", old) == [Mark.PASS, Mark.FAIL]
    assert of_both("ok", "stuck", V612) == [Mark.PASS, Mark.FAIL]


def test_a_case_of_the_full_profile_is_no_pass_elsewhere_and_no_skip_there() -> None:
    row = replace(CASES[0], profile=FULL, needs="")
    skipped = kernel_report(
        run(report({"read.zero": "SKIP only in the full profile"})), {row.name}, V612
    )

    def mark(profile: str) -> Mark:
        (verdict,) = compare(
            (row,), {}, adopted=False, version=V612, stock=skipped, patched=None, profile=profile
        )
        assert verdict.stock is not None
        return verdict.stock.mark

    assert [mark(MINIMAL), mark(FULL)] == [Mark.SKIP, Mark.FAIL]


def test_a_flip_holds_in_its_era_alone() -> None:
    era = Era(until=KernelVersion.parse("6.12"))
    flips = (*FLIPS, Flip("read.zero", "stuck", "ok", "a defect that 6.12 mended", era))
    assert judged(STOCK, GOOD, flips=flips).passed
    assert not judged(report(WORDS | {"read.zero": "stuck"}), GOOD, flips=flips).passed
    old = KernelVersion.parse("6.11")
    stuck = report(WORDS | {"read.zero": "stuck"}, release="6.11.0")
    good = report(PATCHED, release="6.11.0")
    assert judged(stuck, good, flips=flips, version=old).passed
    assert any(
        "stock: read.zero: ok, expected stuck" in failure
        for failure in judged(good, good, flips=flips, version=old).failures
    )


@pytest.mark.parametrize(
    ("stock", "patched", "failure"),
    [
        # A patch that does nothing, a stock kernel that is none, and the two mixed up.
        (STOCK, STOCK, "patched: read.faults: zero-page, expected private"),
        (GOOD, GOOD, "stock: read.faults: private, expected zero-page"),
        (GOOD, STOCK, "stock: read.faults: private, expected zero-page"),
        # Words that nobody expects.
        (STOCK, report(PATCHED | {"read.faults": "!mixed"}), "patched: read.faults: mixed"),
        (STOCK, report(PATCHED | {"read.faults": "!private"}), "patched: read.faults: private"),
        (STOCK, report(PATCHED | {"read.zero": "!not-zero"}), "patched: read.zero: not-zero"),
        (report(WORDS | {"read.zero": "!timeout"}), GOOD, "stock: read.zero: timeout"),
        # Skips: where it must run, and where only one kernel skips.
        (
            report(WORDS | {"read.zero": SKIPPED}),
            report(PATCHED | {"read.zero": SKIPPED}),
            "stock: read.zero: no pagemap, expected ok (skipped, but it must run here)",
        ),
        (
            STOCK,
            report(PATCHED | {"read.frames": SKIPPED}),
            "patched: read.frames: no pagemap, expected private (skipped, but the stock",
        ),
        (
            report(WORDS | {"read.frames": SKIPPED}),
            GOOD,
            "stock: read.frames: no pagemap, expected zero-page (skipped, but the patched",
        ),
        # Results missing and results too many.
        (STOCK, STOCK[: STOCK.index("ok 2")], "patched: no result of read.faults and 2 more"),
        (STOCK, "", "patched: no result of read.zero and 3 more"),
        (STOCK, report(PATCHED | {"read.more": "ok"}), "read.more was not asked for"),
        (STOCK, GOOD.replace("# done\n", ""), "patched: '# done' is missing"),
        # Another kernel than the one to be judged.
        (
            report(WORDS, release="6.12.94"),
            GOOD,
            "stock: the kernel that ran is 6.12.94, not 6.12.107",
        ),
    ],
)
def test_a_wrong_pair_fails_and_says_why(stock: str, patched: str, failure: str) -> None:
    verdict = judged(stock, patched)
    assert not verdict.passed
    assert verdict.why == verdict.failures[0]
    assert any(one.startswith(failure) or failure in one for one in verdict.failures)


def test_a_case_skipped_on_both_for_want_of_an_option_is_no_failure_and_no_pass() -> None:
    verdict = judged(
        report(WORDS | {"read.frames": SKIPPED}), report(PATCHED | {"read.frames": SKIPPED})
    )
    assert verdict.passed
    assert of(verdict, "read.frames")[0].mark is Mark.SKIP
    assert verdict.why.startswith("2 cases as expected")


def test_without_any_flip_case_nothing_is_shown() -> None:
    same = {"read.frames": SKIPPED, "read.faults": "ok"}
    stock, patched = report(WORDS | same, ""), report(PATCHED | same, "")
    verdict = judged(stock, patched, flips=FLIPS[1:], benchmark=False)
    assert verdict.result is Result.NO_REGRESSION and not verdict.shown_by
    assert verdict.why == (
        "2 cases as on stock on both kernels, 2 skipped; the patch's effect was not shown: "
        "read.frames did not run: no pagemap"
    )
    # A counter that tells shows it, too.
    bench = figures(private=False), figures(private=True)
    told = [report(w | same, b) for w, b in zip((WORDS, PATCHED), bench, strict=True)]
    verdict = judged(*told, flips=FLIPS[1:])
    assert verdict.result is Result.PASS
    assert verdict.shown_by == ("counter VmRSS", "counter MinorFaults")
    assert verdict.why.endswith(
        "0 of them flipped by the patch (shown by counter VmRSS, counter MinorFaults), 2 skipped"
    )


def test_a_set_that_says_nothing_has_to_be_as_on_stock() -> None:
    """No flips, no telling counters: the suite's words for stock hold for both kernels."""
    cases = tuple(
        replace(case, stocks=(StockWord(Era(), "zero-page", "so it is"),))
        if case.name in ("read.faults", "read.frames")
        else case
        for case in CASES
    )
    same = judged(STOCK, STOCK, flips=(), telling=(), cases=cases)
    assert same.result is Result.NO_REGRESSION, same.failures
    assert same.why == (
        "3 cases as on stock on both kernels, 1 skipped; the patch's effect was not shown: "
        "no case or counter of the set covers it"
    )
    turned = judged(STOCK, GOOD, flips=(), telling=(), cases=cases)
    assert turned.result is Result.FAIL
    assert "patched: read.faults: private, expected zero-page" in turned.failures
    assert any("patched: VmRSS of the read pass is 4096 kB, not 0" in f for f in turned.failures)
    # A figure alone is enough; and VmRSS has shares of its own on kernels that count the zero page.
    moved = report(WORDS, figures(private=False, read_VmRSS=100 + KB))
    assert judged(STOCK, moved, flips=(), telling=(), cases=cases).result is Result.FAIL
    old = {"version": KernelVersion.parse("2.6.21"), "cases": cases, "flips": (), "telling": ()}
    counted = report(
        WORDS | {"devzero.eager": "ok"}, figures(private=False, read_VmRSS=100 + KB), "2.6.21"
    )
    assert judged(counted, counted, **old).result is Result.NO_REGRESSION


def test_a_case_that_nobody_has_a_word_for_is_held_to_what_stock_reported() -> None:
    rows = (replace(CASES[0], relative=True, needs="it"),)

    def of_both(stock: str, patched: str, again: str, **more: Any) -> Verdict:
        told = [run(report({"read.zero": word}, "")) for word in (stock, patched, again)]
        suite = judge(
            rows, more.get("flips", ()), (), counters=(), adopted=False, version=V612,
            stock=told[0], patched=told[1], again=told[2], benchmark=False, suite="kselftest",
        )  # fmt: skip
        return conclude([suite])

    assert of_both("exit-0-pass-3", "exit-0-pass-3", "exit-0-pass-3").passed
    turned = of_both("exit-0-pass-3", "exit-1-fail-1", "exit-0-pass-3")
    assert turned.failures == ("patched: read.zero: exit-1-fail-1, expected exit-0-pass-3",)
    # One that is not the same each time is no witness, and no pass.
    loose = of_both("exit-0-pass-3", "exit-1-fail-1", "exit-0-pass-2")
    assert of(loose, "read.zero")[0].mark is Mark.SKIP
    assert "exit-0-pass-3, then exit-0-pass-2" in of(loose, "read.zero")[0].observed
    # One that does not run here looks at nothing; two that differ do not become skips by that.
    idle = of_both("exit-4-skip-1", "exit-4-skip-1", "exit-4-skip-1")
    assert [r.mark for r in of(idle, "read.zero") if r] == [Mark.SKIP, Mark.SKIP]
    assert not of_both("exit-0-pass-3", "exit-4-skip-3", "exit-0-pass-3").passed
    flip = Flip("read.zero", "", "exit-0-pass-4", "one more")
    shown = of_both("exit-0-pass-3", "exit-0-pass-4", "exit-0-pass-3", flips=(flip,))
    assert (shown.result, shown.shown_by) == (Result.PASS, ("read.zero",))
    assert not of_both("exit-0-pass-3", "exit-0-pass-3", "exit-0-pass-3", flips=(flip,)).passed


FILE = FileEvidence(
    "drivers/net/x.c", Compiled.NOT, "CONFIG_X is not set", symbols=("X",), hunks=()
)
HALF = FileEvidence(
    "mm/memory.c",
    Compiled.KERNEL,
    "mm/memory.o",
    hunks=(HunkEvidence("@@ -1 +1 @@", Compiled.NOT, "#ifdef CONFIG_NUMA", ("NUMA",)),),
)


@pytest.mark.parametrize(("file", "names"), [(FILE, "x.c"), (HALF, "@@ -1 +1 @@")])
def test_what_was_not_compiled_was_not_shown(file: FileEvidence, names: str) -> None:
    suite = judged(STOCK, GOOD)
    parts = [SuiteVerdict(suite.cases, suite.deltas, suite.failures, suite.shown_by)]
    verdict = conclude(parts, evidence=Evidence((file,), "modern"))
    assert (verdict.result, verdict.passed, verdict.result.exit_status) == (
        Result.NOT_COMPILED,
        False,
        1,
    )
    assert names in verdict.why and f"it takes CONFIG_{[*file.symbols, 'NUMA'][0]}" in verdict.why
    off = Derived((), (StaysOff("X", "x.c", "depends on PCI, which does not hold"),))
    held = conclude(parts, evidence=Evidence((file,), "modern", off))
    assert held.why == (
        f"{verdict.why}; stays off: X (for x.c): depends on PCI, which does not hold"
    )
    # What failed says more; what is whole says nothing.
    bad = [replace(parts[0], failures=("stock: no",))]
    assert conclude(bad, evidence=Evidence((file,), "modern")).result is Result.FAIL
    whole = Evidence((replace(file, compiled=Compiled.KERNEL, hunks=()),), "modern")
    assert conclude(parts, evidence=whole).result is Result.PASS
    assert conclude(parts, same_image=True).why.endswith("; the patched image is the stock one")
    assert conclude(parts, left_out=["x: no y", "z"]).why.endswith("; left out, 2: x: no y")


@pytest.mark.parametrize("outcome", [Outcome.PANIC, Outcome.TRIPLE_FAULT, Outcome.HANG])
@pytest.mark.parametrize("whole", [True, False])
def test_a_guest_that_did_not_finish_never_passes(outcome: Outcome, whole: bool) -> None:
    text = GOOD if whole else GOOD[: GOOD.index("ok 2")]
    verdict = judged(STOCK, run(text, outcome=outcome, why="the deadline passed"))
    assert not verdict.passed
    during = "" if whole else " during read.faults"
    assert verdict.why == f"patched: {outcome}{during}: the deadline passed"
    if not whole:
        _, during_it = of(verdict, "read.faults")
        _, never = of(verdict, "read.frames")
        assert during_it is not None and never is not None
        assert (during_it.mark, during_it.observed) == (Mark.FAIL, outcome)
        assert (never.mark, never.detail) == (Mark.LOST, "it never ran")


@pytest.mark.parametrize("outcome", [Outcome.DIED, Outcome.NOT_STARTED])
@pytest.mark.parametrize("side", ["stock", "patched"])
def test_a_machine_that_failed_is_no_verdict(outcome: Outcome, side: str) -> None:
    dead = run(GOOD, outcome=outcome, why="killed by signal 9")
    with pytest.raises(InfraError, match=f"{side} 6.12.107: the machine failed.*signal 9"):
        judged(dead if side == "stock" else STOCK, dead if side == "patched" else GOOD)


@pytest.mark.parametrize("side", ["stock", "patched"])
def test_a_complaining_console_fails(side: str) -> None:
    loud = {"complaints": ("BUG: Bad rss-counter state mm:0000 idx:1 val:512",)}
    verdict = judged(
        run(STOCK, **(loud if side == "stock" else {})),
        run(GOOD, **(loud if side == "patched" else {})),
    )
    assert verdict.failures == (
        f"{side}: the kernel complains: BUG: Bad rss-counter state mm:0000 idx:1 val:512",
    )


def test_where_upstream_adopted_it_the_stock_kernel_must_behave_so() -> None:
    # 2.6.28 is in the era of the old counters; the case that ends with 2.6.24 is skipped.
    version = KernelVersion.parse("2.6.28")
    good = judged(report(PATCHED, release="2.6.28"), None, adopted=True, version=version)
    assert good.passed, good.failures
    bad = judged(report(WORDS, release="2.6.28"), None, adopted=True, version=version)
    assert "stock: read.faults: zero-page, expected private" in bad.failures
    assert any("AnonPages of the read pass is 0 kB" in one for one in bad.failures)


@pytest.mark.parametrize(
    ("changed", "failure"),
    [
        ({"read_VmRSS": 100 + KB // 2}, "VmRSS of the read pass is 2048 kB, not 4096 (+-82)"),
        ({"write_MinorFaults": PAGES}, "MinorFaults of the write pass is 1024 faults, not 0"),
        ({"read_MinorFaults": 0}, "MinorFaults of the read pass is 0 faults, not 1024"),
        ({"fresh-write_VmRSS": 104}, "VmRSS of the fresh-write pass is 0 kB, not 4096"),
        ({"start_pages": 0}, "the benchmark has no figures"),
    ],
)
def test_a_telling_counter_is_held_to_its_word(changed: dict[str, int], failure: str) -> None:
    verdict = judged(STOCK, report(PATCHED, figures(private=True, **changed)))
    assert verdict.why.startswith(f"patched: {failure}")


def test_a_telling_counter_that_is_missing_fails() -> None:
    lines = figures(private=True).splitlines(keepends=True)
    without = "".join(line for line in lines if "phase=read counter=VmRSS" not in line)
    verdict = judged(STOCK, report(PATCHED, without))
    assert verdict.failures == ("patched: VmRSS of the read pass is missing",)


def test_no_benchmark_at_all_fails_unless_it_was_switched_off() -> None:
    assert not judged(report(WORDS, ""), report(PATCHED, "")).passed
    assert judged(report(WORDS, ""), report(PATCHED, ""), benchmark=False).passed


def test_tolerance_is_kept() -> None:
    # 2% of 4096 kB are 81.92 kB.
    inside = report(PATCHED, figures(private=True, read_VmRSS=100 + KB - 81))
    outside = report(PATCHED, figures(private=True, read_VmRSS=100 + KB - 82))
    assert judged(STOCK, inside).passed
    assert not judged(STOCK, outside).passed


def test_a_counter_that_misleads_is_shown_and_not_asserted() -> None:
    """Up to 2.6.23 VmRSS grows alike on both kernels: only AnonPages and the faults tell."""
    version = KernelVersion.parse("2.6.21")
    words = {"devzero.eager": "ok"}
    trap = {"read_VmRSS": 100 + KB}
    verdict = judged(
        report(WORDS | words, figures(private=False, **trap), "2.6.21"),
        report(PATCHED | words, figures(private=True, **trap), "2.6.21"),
        version=version,
    )
    assert verdict.passed, verdict.failures
    by_name = {(delta.counter, delta.phase): delta for delta in verdict.deltas}
    rss, anon = by_name["VmRSS", "read"], by_name["AnonPages", "read"]
    assert (rss.stock, rss.patched, rss.telling) == (KB, KB, False)
    assert rss.note == "does not tell here: counted in file_rss"
    assert (anon.stock, anon.patched, anon.telling) == (0, KB, True)
    # In 6.12 the same figures of a stock kernel are a failure.
    assert not judged(report(WORDS, figures(private=False, **trap)), GOOD).passed


def test_deltas_carry_the_figures() -> None:
    by_name = {(delta.counter, delta.phase): delta for delta in judged(STOCK, GOOD).deltas}
    rss = by_name["VmRSS", "read"]
    assert (rss.stock, rss.patched, rss.unit, rss.telling, rss.exact) == (0, KB, "kB", True, True)
    assert not by_name["VmRSS", "write"].telling
    assert by_name["MinorFaults", "write"].telling
    cost = by_name["instructions/page", "read"]
    assert (cost.stock, cost.patched, cost.unit) == (2000.0, 2000.0, "instructions/page")
    assert cost.exact and not cost.telling


@pytest.mark.parametrize("side", ["stock", "patched"])
def test_without_icount_ticks_are_not_called_instructions(side: str) -> None:
    verdict = judged(
        run(STOCK, deterministic=side != "stock"), run(GOOD, deterministic=side != "patched")
    )
    costs = [delta for delta in verdict.deltas if delta.unit.endswith("/page")]
    assert {(cost.counter, cost.exact) for cost in costs} == {("ticks/page", False)}


def test_a_kernel_that_no_telling_covers_fails() -> None:
    verdict = judged(STOCK, GOOD, telling=TELLING[:1])
    assert verdict.failures == ("no [[telling]] of the patch set covers 6.12.107",)


def test_a_telling_counter_without_a_rule_fails() -> None:
    odd = (TELLING[0], type(TELLING[1])(TELLING[1].era, ("MemFree",), (), "wrong"))
    verdict = judged(STOCK, GOOD, telling=odd)
    assert "MemFree is called telling, but nothing says what it must be" in verdict.failures


@pytest.mark.parametrize(
    ("version", "release", "same"),
    [
        ("6.12.107", "6.12.107-zp", True),
        ("6.12", "6.12.0", True),
        ("6.12", "6.12.1", False),
        ("7.3-rc7", "7.3.0-rc7", True),
        ("7.3", "7.3.0-rc7", False),
        ("2.6.21-rc3", "2.6.21-rc3", True),
        ("2.6.20.4", "2.6.20", False),
        ("6.12.107-1", "6.12.107", True),
        ("next-20261120", "7.3.0-rc7-next-20261120", True),
        ("next-20261120", "7.3.0-rc7", False),
    ],
)
def test_the_release_must_be_the_version(version: str, release: str, same: bool) -> None:
    words = {"devzero.eager": "ok"} if version.startswith("2") else {}
    verdict = judged(
        report(WORDS | words, release=release),
        report(PATCHED | words, release=release),
        version=KernelVersion.parse(version),
    )
    assert verdict.passed is same, verdict.failures


@pytest.mark.parametrize(
    ("stock", "patched", "said"),
    [
        # Stock is not as the suite says, patched is.
        (
            {"read.zero": "!timeout"},
            {},
            "patched did as the patch promises",
        ),
        (
            {"read.faults": "private"},
            {},
            "patched did as the patch promises",
        ),
        ({"read.zero": "!slow"}, {"read.zero": "!slow"}, "patched did the same"),
        # Where patched is wrong by itself, that is what counts.
        ({"read.zero": "!slow"}, {"read.zero": "!lost-write"}, ""),
        ({"read.faults": "private"}, {"read.faults": "!mixed"}, ""),
        ({"read.zero": "!slow"}, {"read.frames": "zero-page"}, ""),
    ],
)
def test_a_stock_kernel_that_contradicts_the_suite_is_no_failure_of_the_patch(
    stock: dict[str, str], patched: dict[str, str], said: str
) -> None:
    verdict = judged(report(WORDS | stock), report(PATCHED | patched), benchmark=False)
    assert not verdict.passed
    if not said:
        assert verdict.result is Result.FAIL
        return
    assert verdict.result is Result.INDETERMINATE
    assert verdict.result.exit_status == 3
    [(name, word)] = stock.items()
    assert verdict.why.startswith(
        f"suite contradicted: stock: {name}: {word.lstrip('!')}, expected"
    )
    assert verdict.why.endswith(said)
    assert verdict.failures == (verdict.why,)


def test_without_a_patched_kernel_stock_itself_is_judged() -> None:
    wrong = judged(report(PATCHED | {"read.zero": "!timeout"}), None, adopted=True)
    assert wrong.result is Result.FAIL


def test_of_words_that_no_version_tells_any_will_do_for_stock_alone() -> None:
    either = StockWord(Era(until=KernelVersion.parse("6.13")), "private", "some have it")
    cases = tuple(
        replace(case, also=(either,)) if case.name == "read.faults" else case for case in CASES
    )
    private = report(WORDS | {"read.faults": "private"})
    assert judged(private, GOOD, cases=cases, benchmark=False).passed
    assert judged(STOCK, GOOD, cases=cases).passed
    assert judged(private, STOCK, cases=cases, benchmark=False).result is Result.FAIL
    later = tuple(replace(case, also=(replace(either, era=Era()),)) for case in CASES)
    other = report(WORDS | {"read.faults": "other"})
    said = judged(other, GOOD, cases=later, benchmark=False).why
    assert said.startswith("suite contradicted: stock: read.faults: other")
