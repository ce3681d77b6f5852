# SPDX-License-Identifier: GPL-2.0-only
"""Guests that die: whose result that is, and what the other boots make of the rest."""

from __future__ import annotations

from dataclasses import replace

import pytest
from judge_fixtures import CASES, PATCHED, V612, WORDS, figures, judged, of, report, run

from zpmaint.core.errors import InfraError
from zpmaint.judge.conclude import conclude
from zpmaint.judge.kernel_report import kernel_report
from zpmaint.judge.values import Mark, Verdict
from zpmaint.judge.verdict import judge
from zpmaint.suites.fault_path.suite import all_counters
from zpmaint.vm.values import Outcome, Part, Run

STOCK = report(WORDS)
NAMES = [case.name for case in CASES]
LINE = "BUG: Bad page map in process init"


def died(text: str, outcome: Outcome = Outcome.PANIC, **changed: object) -> Run:
    return run(text, outcome=outcome, why="the line that tells", **changed)


def until(mark: str, words: dict[str, str] = PATCHED) -> str:
    """A report that ends where `mark` would come."""
    whole = report(words)
    return whole[: whole.index(mark)]


def rest(*names: str) -> Run:
    """A boot for `names` alone."""
    return run(report({name: PATCHED[name] for name in names}, figures(private=True)))


def restarted(first: Run, *others: Run) -> Run:
    return replace(first, restarts=others)


def test_a_death_is_the_running_case_s_and_the_others_have_results() -> None:
    first = died(until("ok 2 read.faults"))
    verdict = judged(STOCK, restarted(first, rest("read.frames", "devzero.eager")))
    assert not verdict.passed
    marks = {case.name: case.patched and case.patched.mark for case in verdict.cases}
    assert marks == {
        "read.zero": Mark.PASS,
        "read.faults": Mark.FAIL,
        "read.frames": Mark.PASS,
        "devzero.eager": Mark.SKIP,
    }
    _, faulty = of(verdict, "read.faults")
    assert faulty is not None
    assert (faulty.observed, faulty.detail) == ("panic", "panic: the line that tells")
    assert verdict.failures == (
        "patched: boot 1: panic during read.faults: the line that tells",
        "patched: read.faults: panic, expected private (panic: the line that tells)",
    )
    # The figures are those of the boot that came to its end.
    assert any(delta.counter == "VmRSS" and delta.patched for delta in verdict.deltas)


@pytest.mark.parametrize("outcome", [Outcome.PANIC, Outcome.HANG, Outcome.TRIPLE_FAULT])
def test_a_death_between_two_cases_is_the_former_s(outcome: Outcome) -> None:
    first = died(until("# case read.frames"), outcome)
    verdict = judged(STOCK, restarted(first, rest("read.frames", "devzero.eager")))
    _, before = of(verdict, "read.faults")
    assert before is not None
    # It gave its word, and the right one; the guest did not survive it.
    assert (before.mark, before.observed) == (Mark.FAIL, outcome)
    assert f"patched: boot 1: {outcome} after read.faults: the line that tells" in verdict.failures


@pytest.mark.parametrize("mark", ["# case read.zero", "# bench", "# done"])
def test_a_death_before_the_first_case_or_after_the_last_is_no_case_s(mark: str) -> None:
    verdict = judged(STOCK, died(until(mark)))
    assert verdict.failures[0] == "patched: panic: the line that tells"
    assert not any(c.patched and c.patched.observed == "panic" for c in verdict.cases)
    if "case" in mark:
        assert all(case.patched and case.patched.mark is Mark.LOST for case in verdict.cases)


def test_what_no_boot_came_to_is_lost_and_said() -> None:
    again = died(until("ok 1", {"read.frames": "private", "devzero.eager": "x"}))
    verdict = judged(STOCK, restarted(died(until("ok 2 read.faults")), again))
    _, last = of(verdict, "devzero.eager")
    assert last is not None
    assert (last.mark, last.detail) == (Mark.LOST, "it never ran")
    assert "patched: 2 boots, and 1 of the cases have not run" in verdict.failures


def test_a_case_that_has_a_result_is_not_run_again() -> None:
    """A second boot may not mend what the first one said."""
    first = died(until("ok 3", PATCHED | {"read.faults": "!mixed"}))
    verdict = judged(STOCK, restarted(first, rest("read.faults", "devzero.eager")))
    assert "patched: boot 2: read.faults was not asked for and has a result" in verdict.failures
    _, kept = of(verdict, "read.faults")
    assert kept is not None and (kept.mark, kept.observed) == (Mark.FAIL, "mixed")


def test_the_case_that_a_guest_died_of_does_not_pass_in_another_boot() -> None:
    first = died(until("ok 2 read.faults"))
    verdict = judged(STOCK, restarted(first, rest("read.faults", "read.frames", "devzero.eager")))
    _, kept = of(verdict, "read.faults")
    assert kept is not None and (kept.mark, kept.observed) == (Mark.FAIL, "panic")


def test_a_machine_that_failed_in_any_boot_is_no_verdict() -> None:
    broken = died(until("ok 2 read.faults"))
    with pytest.raises(InfraError, match=r"patched 6\.12\.107: the machine failed \(died\)"):
        judged(STOCK, restarted(broken, died("", Outcome.DIED)))


def test_a_skip_beside_a_death_says_nothing_of_the_configuration() -> None:
    skips = {"read.frames": "SKIP no pagemap"}
    verdict = judged(
        report(WORDS | skips), restarted(died(until("ok 3", PATCHED)), rest("devzero.eager"))
    )
    first, second = of(verdict, "read.frames")
    assert second is not None
    assert (first.mark, second.mark) == (Mark.SKIP, Mark.FAIL)


def test_irregular_lines_of_a_guest_that_died_stay_problems() -> None:
    text = until("ok 3").replace("ok 1 read.zero", "ok 7 read.zero")
    verdict = judged(STOCK, died(text))
    assert any("number 7" in failure for failure in verdict.failures)
    # What the death explains is said once, by the death.
    assert not any("# done" in failure or "planned" in failure for failure in verdict.failures)


# --- the console, case by case ------------------------------------------------------------------


def parts(**complaints: str) -> tuple[Part, ...]:
    """A console with a mark for each case; `complaints` by case, `_` for `.`."""
    by_case = {name.replace("_", "."): line for name, line in complaints.items()}
    return tuple(
        Part(name, (by_case[name],), (by_case[name],)) if name in by_case else Part(name, (), ())
        for name in ("", *NAMES, "end")
        if name != "end"
    )


def loud(text: str, said: tuple[Part, ...], **changed: object) -> Run:
    lines = tuple(line for part in said for line in part.complaints)
    return run(text, parts=said, complaints=lines, **changed)


def test_a_complaint_fails_the_case_in_whose_time_it_came() -> None:
    verdict = judged(STOCK, loud(report(PATCHED), parts(read_frames=LINE)))
    assert verdict.failures == (f"patched: read.frames: private, but the kernel complains: {LINE}",)
    _, result = of(verdict, "read.frames")
    assert result is not None
    assert (result.mark, result.observed, result.console) == (Mark.FAIL, "private", (LINE,))
    _, other = of(verdict, "read.faults")
    assert other is not None and other.mark is Mark.PASS


def test_a_skipped_case_fails_by_a_complaint_and_the_other_kernel_s_does_not() -> None:
    verdict = judged(STOCK, loud(report(PATCHED), parts(devzero_eager=LINE)))
    first, second = of(verdict, "devzero.eager")
    assert second is not None
    assert (first.mark, second.mark) == (Mark.SKIP, Mark.FAIL)


def test_a_complaint_outside_of_the_cases_is_the_run_s() -> None:
    said = (Part("", (LINE,), (LINE,)), *parts()[1:])
    verdict = judged(STOCK, loud(report(PATCHED), said))
    assert verdict.failures == (f"patched: the kernel complains: {LINE}",)


@pytest.mark.parametrize("missing", ["read.zero", "read.frames"])
def test_marks_that_are_not_those_of_the_report_blame_no_case(missing: str) -> None:
    """A log that took no more lines would blame the last case that it did take."""
    said = tuple(part for part in parts(read_faults=LINE) if part.case != missing)
    verdict = judged(STOCK, loud(report(PATCHED), said))
    assert verdict.failures == (f"patched: the kernel complains: {LINE}",)
    _, spared = of(verdict, "read.faults")
    assert spared is not None and spared.mark is Mark.PASS


def test_of_a_guest_that_died_the_last_marks_may_be_missing() -> None:
    said = (*parts()[:2], Part("read.faults", (LINE,), (LINE,)))
    first = loud(until("ok 3"), said, outcome=Outcome.HANG, why="no end")
    found = kernel_report(restarted(first, rest("devzero.eager")), NAMES, V612)
    assert found.complaints["read.faults"] == (LINE,)
    assert found.deaths == {"read.frames": (Outcome.HANG, "no end")}


def test_one_kernel_alone_and_chosen_cases() -> None:
    def alone(**sides: Run | None) -> Verdict:
        suite = judge(
            CASES[:1], (), (), counters=all_counters(), adopted=False, version=V612,
            benchmark=False, **({"stock": None, "patched": None} | sides),
        )  # fmt: skip
        return conclude([suite])

    one = run(report({"read.zero": "ok"}))
    for name in ("stock", "patched"):
        verdict = alone(**{name: one})
        assert verdict.passed
        assert f"as expected on the {name} kernel" in verdict.why
    bad = alone(patched=run(report({"read.zero": "!not-zero"})))
    assert not bad.passed
