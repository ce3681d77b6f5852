"""Who noticed a mutant: told from what its guest said and how it ended. Pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from zpmaint.guest.values import Case
from zpmaint.judge.expect import compare
from zpmaint.judge.ktap import read_report
from zpmaint.judge.values import Mark
from zpmaint.machine.values import Outcome, Run
from zpmaint.mutation.values import Catch, How
from zpmaint.patchset.values import Flip
from zpmaint.versions import KernelVersion

_ENDS = {
    Outcome.PANIC: How.PANIC,
    Outcome.HANG: How.HANG,
    Outcome.TRIPLE_FAULT: How.RESET,
    Outcome.UNFINISHED: How.RESET,
}


def catches(
    cases: Sequence[Case],
    flips: Mapping[str, Flip],
    version: KernelVersion,
    run: Run,
    ran: frozenset[str],
) -> tuple[Catch, ...]:
    """Every witness against the kernel of `run`, which is to behave as a patched one; in the
    order of the cases. `ran` are the cases that such a kernel runs without a mutant."""
    report = read_report(run.results)
    verdicts = compare(cases, flips, adopted=True, version=version, stock=report, patched=None)
    found: list[Catch] = []
    for verdict in verdicts:
        result = verdict.stock
        if result.mark is Mark.FAIL:
            detail = f" ({result.detail})" if result.detail else ""
            seen = f"{result.observed}, expected {result.expected}{detail}"
            found.append(Catch(verdict.name, How.CASE, seen))
        elif result.mark is Mark.SKIP and verdict.name in ran:
            found.append(Catch(verdict.name, How.CASE, f"skipped: {result.observed}"))
        elif result.mark is Mark.LOST and verdict.name == report.begun:
            how = _ENDS.get(run.outcome, How.RESET)
            found.append(Catch(verdict.name, how, run.why))
    if run.outcome is not Outcome.FINISHED and not report.begun:
        found.append(Catch("", _ENDS.get(run.outcome, How.RESET), run.why))
    if run.outcome is Outcome.FINISHED:
        found += [Catch("", How.CASE, problem) for problem in report.problems]
    found += [Catch("", How.CONSOLE, line) for line in run.complaints[:1]]
    return tuple(found)


def started(run: Run) -> bool:
    """Whether the guest came as far as its first case."""
    report = read_report(run.results)
    return bool(report.begun or report.results)


def cases_run(run: Run) -> frozenset[str]:
    """The cases that a guest ran to a result other than a skip."""
    results = read_report(run.results).results
    return frozenset(name for name, said in results.items() if not said.skip)
