# SPDX-License-Identifier: GPL-2.0-only
"""`verify --each`: which patch is named, with how many boots; and the whole on a toy that make
builds."""

from __future__ import annotations

import itertools
import json
import shutil
from pathlib import Path

import pytest
from build_fixtures import MEMORY
from judge_fixtures import figures, report
from port_fixtures import V, anchor, diff, patchset
from test_app_verify import Shop, words

from zpmaint.app.bisect import first_bad
from zpmaint.app.each import Each, each
from zpmaint.build.values import Flavour, Kernel, Pair
from zpmaint.core.errors import KernelError
from zpmaint.core.result import Result
from zpmaint.judge.values import CaseResult, CaseVerdict, Mark, Verdict
from zpmaint.port.engine import port
from zpmaint.port.values import Fate, MemberPort, Port, State


@pytest.mark.parametrize("size", range(1, 18))
def test_the_first_bad_one_is_found_with_few_questions(size: int) -> None:
    for bad in range(size):
        asked: list[int] = []

        def is_bad(n: int, bad: int = bad, asked: list[int] = asked) -> bool:
            asked.append(n)
            return n >= bad

        assert first_bad(range(size), is_bad) == bad
        assert len(asked) <= (size - 1).bit_length()


def queue(count: int) -> Port:
    members = tuple(
        MemberPort(f"{n}.patch", Fate.APPLIES, (), b"x\n", "it applies", ())
        for n in range(1, count + 1)
    )
    return Port(V("6.12"), "toy", State.APPLIES, "q", (), "x\n", "", members)


def kernel(flavour: Flavour, number: int) -> Kernel:
    return Kernel(
        V("6.12"), "x86_64", flavour, Path(), "vmlinux", "modern", "gcc", (), str(number), 1.5,
        Path(),
    )  # fmt: skip


class Machine:
    """Builds all but some steps, and shows `bad` from step `turns` on."""

    def __init__(self, *, broken: tuple[int, ...] = (), turns: int = 0, stock: str = "ok") -> None:
        self.broken, self.turns, self.stock = broken, turns, stock
        self.built: list[int] = []
        self.booted: list[int] = []

    def build(self, number: int) -> Pair:
        self.built.append(number)
        if number in self.broken:
            raise KernelError(f"mm/a.c:{number}: error")
        return Pair(kernel(Flavour.STOCK, 0), kernel(Flavour.PATCHED, number))

    def judge(self, pair: Pair) -> Verdict:
        assert pair.patched is not None
        number = int(pair.patched.inputs)
        self.booted.append(number)
        bad = bool(self.turns) and number >= self.turns
        seen = CaseResult(Mark.FAIL if bad else Mark.PASS, "bad" if bad else "ok", "ok")
        there = CaseResult(Mark.PASS, self.stock, self.stock)
        case = CaseVerdict("read.faults", there, seen, flips=False)
        failures = ("patched: read.faults: bad, expected ok",) if bad else ()
        result = Result.FAIL if bad else Result.NO_REGRESSION
        return Verdict(result, failures[0] if bad else "as on stock", (case,), (), failures)

    def run(self, count: int = 14) -> Each:
        return each(queue(count), self.build, self.judge)


def test_where_all_is_well_every_step_is_built_and_the_last_booted() -> None:
    machine = Machine()
    told = machine.run()
    assert (machine.built, machine.booted) == (list(range(1, 15)), [14])
    assert (told.result, told.first, told.why) == (Result.NO_REGRESSION, "", "as on stock")
    assert [step.result for step in told.steps] == [None] * 13 + [Result.NO_REGRESSION]


@pytest.mark.parametrize("turns", range(1, 15))
def test_the_patch_that_turns_a_case_is_bisected(turns: int) -> None:
    machine = Machine(turns=turns)
    told = machine.run()
    assert (told.result, told.first) == (Result.FAIL, f"{turns}.patch")
    assert "first that turns read.faults: patched: read.faults: bad" in told.why
    assert told.steps[turns - 1].turned == ("read.faults",)
    assert len(machine.booted) == len(set(machine.booted)) <= 5
    for step in told.steps:
        assert step.result in (None, Result.FAIL if step.number >= turns else Result.NO_REGRESSION)


def test_what_stock_shows_as_well_no_patch_turned() -> None:
    machine = Machine(turns=1, stock="bad")
    told = machine.run()
    assert (told.result, told.first, machine.booted) == (Result.FAIL, "", [14])


def test_a_step_that_does_not_build_is_named_and_the_others_are_built() -> None:
    machine = Machine(broken=(9, 10))
    told = machine.run()
    assert (told.result, told.first) == (Result.BUILD, "9.patch")
    assert told.why == "9.patch does not compile: mm/a.c:9: error; 1 more steps do not build"
    assert machine.built == list(range(1, 15)) and machine.booted == [14]
    assert [step.number for step in told.steps if not step.builds] == [9, 10]


def test_where_the_last_does_not_build_nothing_is_booted() -> None:
    machine = Machine(broken=tuple(range(9, 15)))
    assert machine.run().first == "9.patch"
    assert machine.booted == []


def test_a_broken_step_is_passed_over_by_the_bisection() -> None:
    machine = Machine(broken=(7,), turns=8)
    told = machine.run()
    assert told.result is Result.BUILD and told.first == "7.patch"
    assert told.steps[7].turned == ("read.faults",)


def test_a_set_of_one_patch_is_one_step() -> None:
    chosen = patchset(anchor(diff("a\n", "b\n")))
    done = port(chosen, V("6.12"), {}, {"mm/toy.c": b"a\n"})
    machine = Machine()
    told = each(done, machine.build, machine.judge)
    assert [step.as_json()["patch"] for step in told.steps] == [None]


# --- The whole: real make, a script in QEMU's place ----------------------------------------------

STEPS = [
    MEMORY.decode(),
    MEMORY.decode().replace("return zero_page", "return 1 + zero_page"),
    MEMORY.decode().replace("return zero_page", "return 2 + zero_page"),
    MEMORY.decode().replace("return zero_page", "return 3 + zero_page"),
]


class Queue(Shop):
    """The toy's patch set as a quilt folder of three patches."""

    def texts(self, texts: list[str]) -> None:
        place = self.project / "patches/toy"
        shutil.rmtree(place / "v6.12.107", ignore_errors=True)
        (place / "v6.12.107").mkdir()
        toml = (place / "patch.toml").read_text()
        (place / "patch.toml").write_text(toml.replace("v6.12.107.patch", "v6.12.107"))
        pairs = list(itertools.pairwise(texts))
        for n, (old, new) in enumerate(pairs, 1):
            (place / f"v6.12.107/{n}.patch").write_text(diff(old, new, "mm/memory.c"))
        names = "".join(f"{n}.patch\n" for n in range(1, len(pairs) + 1))
        (place / "v6.12.107/series").write_text(names)

    def each(self) -> tuple[int, dict[str, object]]:
        status, out, err = self.run("verify", "6.12.107", "--each", "--json")
        assert out, err
        [row] = json.loads(out)
        return status, row


@pytest.fixture
def shop(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Queue:
    made = Queue(tmp_path, monkeypatch)
    made.texts(STEPS)
    return made


needs_tools = pytest.mark.skipif(
    not all(shutil.which(tool) for tool in ("make", "gcc", "musl-gcc", "setpriv")),
    reason="NOT RUN: needs make, gcc, musl-gcc and setpriv (zpmaint doctor)",
)


@needs_tools
def test_a_series_is_verified_as_one_patch_is(shop: Queue) -> None:
    status, record = shop.verify()
    assert (status, record["result"]) == (0, "pass"), record["why"]
    assert [member["name"] for member in record["port"]["members"]] == [
        "1.patch", "2.patch", "3.patch",
    ]  # fmt: skip


@needs_tools
def test_each_step_is_built_from_the_objects_of_the_one_before(shop: Queue) -> None:
    status, row = shop.each()
    assert (status, row["result"], row["first"]) == (0, "pass", None), row["why"]
    built = [(step["patch"], step["builds"], step["booted"]) for step in row["steps"]]  # type: ignore[attr-defined]
    assert built == [("1.patch", True, None), ("2.patch", True, None), ("3.patch", True, "pass")]
    logs = [
        path.read_text().count("  CC ")
        for path in (shop.home / "cache/work/logs").glob("*patched*.log")
    ]
    assert logs == [1, 1, 1]


@needs_tools
def test_a_planted_syntax_error_is_named(shop: Queue) -> None:
    bad = STEPS[2].replace("return 2", "return 2 2")
    shop.texts([STEPS[0], STEPS[1], bad, STEPS[3]])
    status, row = shop.each()
    assert (status, row["result"], row["first"]) == (1, "build-failed", "2.patch")
    assert "mm/memory.c" in str(row["why"])
    status, out, _ = shop.run("verify", "6.12.107", "--each")
    assert status == 1 and "2.patch does not compile" in out


@needs_tools
def test_a_patch_that_turns_a_case_is_named(shop: Queue) -> None:
    """The machine answers by what the kernel's image holds."""
    answer = shop.folder / "bad.results"
    good = shutil.copy(shop.folder / "patched.results", shop.folder / "good.results")
    answer.write_text(report(words("mixed"), figures(private=True)))
    images = shop.home / "cache/work/6.12.107-x86_64-modern/images"
    status, row = shop.each()
    assert status == 0, row
    kernels = sorted(images.glob("patched-*"), key=lambda path: path.stat().st_mtime_ns)
    shop.guest(
        "patched",
        "private",
        f"case $words in *{kernels[0].name}*) from={good};; *) from={answer};; esac\n"
        'cp $from "$results"; exit 33',
    )
    # 2.patch and 3.patch answer otherwise than 1.patch does.
    status, row = shop.each()
    assert (status, row["result"]) == (1, "fail"), row
    assert row["first"] == "2.patch"


@needs_tools
def test_a_conflict_and_an_adopted_set_have_no_steps(shop: Queue) -> None:
    shop.texts(STEPS[:2])
    shop.toy.write("mm/memory.c", STEPS[1])
    status, _, err = shop.run("verify", "6.12.107", "--each")
    assert status == 2 and "no step to build" in err
    shop.texts(STEPS)
    shop.toy.write("mm/memory.c", "int other;\n")
    status, row = shop.each()
    assert (status, row["result"], row["first"]) == (1, "conflict", "1.patch")
