# SPDX-License-Identifier: GPL-2.0-only
"""Who noticed a mutant, from what its guest left."""

from __future__ import annotations

from judge_fixtures import CASES, FLIPS, PATCHED, V612, report, run

from zpmaint.app.mutate import state
from zpmaint.mutation.catch import cases_run, catches, started
from zpmaint.mutation.values import Catch, How, State, Trial, score
from zpmaint.suites.values import MINIMAL
from zpmaint.vm.values import Outcome, Part, Run

RAN = frozenset({"read.zero", "read.faults", "read.frames"})
SOUND = report(PATCHED)


def seen(guest: Run) -> list[tuple[str, How]]:
    flips = {flip.case: flip for flip in FLIPS}
    return [(c.case, c.how) for c in catches(CASES, flips, V612, guest, profile=MINIMAL, ran=RAN)]


def test_the_patched_kernel_itself_is_not_caught() -> None:
    assert seen(run(SOUND)) == []
    assert cases_run(run(SOUND)) == RAN


def test_each_case_that_sees_something_else_is_a_witness() -> None:
    words = PATCHED | {"read.zero": "!dirty", "read.faults": "zero-page"}
    assert seen(run(report(words))) == [("read.zero", How.CASE), ("read.faults", How.CASE)]


def test_a_case_that_is_skipped_all_at_once_is_a_witness() -> None:
    words = PATCHED | {"read.frames": "SKIP no pagemap"}
    assert seen(run(report(words))) == [("read.frames", How.CASE)]
    flips = {flip.case: flip for flip in FLIPS}
    assert (
        catches(CASES, flips, V612, run(report(words)), profile=MINIMAL, ran=RAN - {"read.frames"})
        == ()
    )


def test_a_guest_that_ends_within_a_case_names_it() -> None:
    head = SOUND[: SOUND.index("# case read.faults") + len("# case read.faults\n")]
    for outcome, how in (
        (Outcome.PANIC, How.PANIC),
        (Outcome.HANG, How.HANG),
        (Outcome.TRIPLE_FAULT, How.RESET),
        (Outcome.UNFINISHED, How.RESET),
    ):
        assert seen(run(head, outcome=outcome, why="gone")) == [("read.faults", how)]


def test_cases_that_never_ran_are_no_witnesses_but_the_failures_before_are() -> None:
    broken = report(PATCHED | {"read.zero": "!dirty"})
    head = broken[: broken.index("# case read.frames") + len("# case read.frames\n")]
    guest = run(head, outcome=Outcome.PANIC, why="Oops")
    assert seen(guest) == [("read.zero", How.CASE), ("read.frames", How.PANIC)]


def test_a_guest_that_dies_between_cases_or_before_them() -> None:
    head = SOUND[: SOUND.index("# case read.faults")]
    guest = run(head, outcome=Outcome.HANG, why="deadline")
    # As the suite's own way to judge has it: a death between two cases is the first one's.
    assert seen(guest) == [("read.zero", How.HANG)]
    assert started(guest)
    early = run("KTAP version 1\n", outcome=Outcome.PANIC, why="init died")
    assert seen(early) == [("", How.PANIC)]
    assert not started(early)
    assert not started(run("", outcome=Outcome.TRIPLE_FAULT, why="reset"))


def test_the_console_is_a_witness_by_itself() -> None:
    guest = run(SOUND, complaints=("BUG: Bad page state in process init", "BUG: again"))
    assert seen(guest) == [("", How.CONSOLE)]


def test_the_console_of_a_cases_time_is_that_cases_witness() -> None:
    line = "BUG: Bad page state in process init"
    parts = tuple(
        Part(name, (line,), (line,)) if name == "read.faults" else Part(name, (), ())
        for name in PATCHED
    )
    guest = run(SOUND, complaints=(line,), parts=parts)
    assert seen(guest) == [("read.faults", How.CONSOLE)]


def test_a_report_that_is_not_whole_is_a_witness() -> None:
    assert seen(run(SOUND.replace("# done\n", ""))) == [("", How.CONSOLE)]


def test_states() -> None:
    witness = (Catch("read.zero", How.CASE, "dirty"),)
    assert state(witness, "", begun=True) is State.CAUGHT
    assert state((Catch("", How.PANIC, "init"),), "", begun=False) is State.BOOT
    assert state((), "", begun=True) is State.SURVIVED
    assert state((), "nobody looks", begun=True) is State.EQUIVALENT
    # The argument is wrong, and that is a fault of the data, not a merit.
    assert state(witness, "nobody looks", begun=True) is State.WRONG
    assert State.WRONG.is_fault


def test_the_score_leaves_out_what_changes_nothing() -> None:
    states = [State.CAUGHT, State.CAUGHT, State.BOOT, State.SURVIVED, State.EQUIVALENT]
    states += [State.UNPLACED, State.BROKEN]
    result = score(tuple(Trial("m", "k", one, "") for one in states))
    assert (result.caught, result.of, result.boot) == (3, 4, 1)
    assert (result.equivalent, result.unplaced, result.broken) == (1, 1, 1)
    assert result.share == 0.75
    assert score(()).share == 0.0
