# SPDX-License-Identifier: GPL-2.0-only
"""From blocks that ran to lines that ran; what a verdict, a table and a page make of it."""

from __future__ import annotations

from io import StringIO

import pytest
from rich.console import Console

from zpmaint.build.executed import Executed, Ran, executed, ranges, touching
from zpmaint.build.running.values import FileAt, HunkAt, Kind, LineAt, Places, Spot
from zpmaint.cli import executed_tables
from zpmaint.core.result import Result
from zpmaint.judge.conclude import conclude
from zpmaint.judge.values import SuiteVerdict
from zpmaint.ledger import codec

PLACES = Places(
    (
        FileAt(
            "mm/memory.c",
            (
                HunkAt(
                    "@@ -1 +1,3 @@",
                    Kind.ADDED,
                    (
                        LineAt(10, (Spot(0x100, 0x108),)),
                        LineAt(11, (Spot(0x200, 0x200), Spot(0x900, 0x904))),
                        LineAt(12, (Spot(0x300, 0x310),)),
                    ),
                    silent=1,
                ),
                HunkAt("@@ -9 +9,0 @@", Kind.BESIDE, (LineAt(20, (Spot(0x110, 0x114),)),)),
                HunkAt("@@ -19 +19 @@", Kind.NONE, (), silent=1),
            ),
        ),
    )
)
REACHED = {"": {0x100}, "read.zero": {0x104, 0x110}, "cow": {0x902}, "idle": {0x109, 0x311}}
CASES = ["read.zero", "cow", "idle"]
SEEN = executed(PLACES, REACHED, CASES, seconds=2.5)


@pytest.mark.parametrize(
    ("start", "runs"),
    [(0xFF, False), (0x100, True), (0x104, True), (0x108, True), (0x109, False)],
)
def test_a_block_runs_what_it_leads_to_without_a_jump(start: int, runs: bool) -> None:
    assert (Ran({"one": {start}}).cases([Spot(0x100, 0x108)]) == {"one"}) is runs


def test_what_ran_and_by_which_case() -> None:
    first, beside, none = SEEN.files[0].hunks
    assert [(n.number, n.cases, n.named, n.elsewhere) for n in first.lines] == [
        (10, 1, ("read.zero",), True),
        (11, 1, ("cow",), False),  # its second copy
        (12, 0, (), False),
    ]
    assert (first.ran, first.never, first.cases, first.words) == (2, (12,), 2, "2 of 3 lines")
    assert (beside.words, beside.cases) == ("1 of 1 lines beside it", 1)
    assert none.words == "no instruction of its own"
    assert SEEN.counts == ("executed 2 of 3 changed lines, 1 of 1 lines beside what is taken away")
    assert SEEN.words.endswith("; never: mm/memory.c:12")
    assert (SEEN.share, SEEN.idle, SEEN.cases) == (0.75, ("idle",), 3)


def test_the_case_that_runs_least_of_the_change_is_named_first() -> None:
    reached = {"all": {0x100, 0x200, 0x300}, "own": {0x300}, "more": {0x100, 0x300}}
    seen = executed(PLACES, reached, ["all", "more", "own"])
    assert seen.files[0].hunks[0].lines[2].named == ("own", "more", "all")
    assert touching(PLACES, reached) == {"all": 3, "own": 1, "more": 2}


def test_ranges_hold_every_beginning_and_are_joined() -> None:
    assert ranges(PLACES) == (
        (0x100, 0x108), (0x110, 0x114), (0x200, 0x200), (0x300, 0x310), (0x900, 0x904),
    )  # fmt: skip
    one = (LineAt(1, (Spot(0x10, 0x18), Spot(0x12, 0x20), Spot(0x21, 0x21))),)
    assert ranges(Places((FileAt("x.c", (HunkAt("", Kind.ADDED, one),)),))) == ((0x10, 0x21),)
    assert ranges(Places(())) == ()


def test_nothing_known_is_not_all() -> None:
    nothing = executed(Places((FileAt("x.c", (), why="no object"),)), {}, [])
    assert (nothing.share, nothing.counts) == (0.0, "no changed line is known in the kernel")


def test_a_record_keeps_it() -> None:
    assert codec.from_json(Executed, codec.to_json(SEEN)) == SEEN


GOOD = [SuiteVerdict((), (), (), ("read.zero",))]


@pytest.mark.parametrize(
    ("least", "result", "status"),
    [(0.0, Result.PASS, 0), (0.75, Result.PASS, 0), (0.8, Result.NOT_EXECUTED, 1)],
)
def test_a_set_may_ask_for_a_share(least: float, result: Result, status: int) -> None:
    verdict = conclude(GOOD, executed=SEEN, least=least)
    assert (verdict.result, verdict.result.exit_status) == (result, status)
    assert verdict.why.endswith("never: mm/memory.c:12") and verdict.executed == SEEN
    failed = [SuiteVerdict((), (), ("stock: no",), ())]
    assert conclude(failed, executed=SEEN, least=least).result is Result.FAIL


def test_nobody_looked_is_not_less_than_asked_for() -> None:
    assert conclude(GOOD, least=0.5).result is Result.PASS


def test_a_share_that_cannot_be_seen_is_not_reached() -> None:
    nothing = executed(Places(()), {}, [])
    assert conclude(GOOD, executed=nothing, least=0.1).result is Result.NOT_EXECUTED


def shown(seen: Executed) -> str:
    out = Console(file=StringIO(), width=140, color_system=None)
    executed_tables.executed(out, seen)
    return out.file.getvalue()  # type: ignore[attr-defined]


def test_the_table_names_hunks_lines_and_cases() -> None:
    lines = shown(SEEN).splitlines()
    (row,) = (line for line in lines if "@@ -1 +1,3 @@" in line)
    assert row.split() == [
        "mm/memory.c", "@@", "-1", "+1,3", "@@", "2", "of", "3", "lines", "12",
        "2", "of", "3", "cases:", "read.zero,", "cow",
    ]  # fmt: skip
    assert "  1 of 3 cases run nothing of it: idle" in lines
    everywhere = executed(PLACES, {case: {0x100, 0x110} for case in CASES}, CASES)
    assert "all 3 cases" in shown(everywhere)
    assert "no case (outside of cases)" in shown(executed(PLACES, {"": {0x100}}, CASES))
    differing = shown(executed(PLACES, REACHED, CASES, differing=["cow"]))
    assert "reported otherwise while it was watched: cow" in differing
