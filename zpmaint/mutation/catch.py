# SPDX-License-Identifier: GPL-2.0-only
"""Who noticed a mutant: told from what its guests said and how they ended. Pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from zpmaint.core.versions import KernelVersion
from zpmaint.judge.expect import compare
from zpmaint.judge.kernel_report import kernel_report
from zpmaint.judge.ktap import read_report
from zpmaint.judge.values import Mark
from zpmaint.mutation.values import Catch, How
from zpmaint.patchset.values import Flip
from zpmaint.suites.values import Case
from zpmaint.vm.values import Outcome, Run

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
    *,
    profile: str,
    arch: str = "x86_64",
    ran: frozenset[str],
) -> tuple[Catch, ...]:
    """Every witness among `cases` against the kernel of `run`, which is to behave as a patched
    one; in their order. `profile` is the suite's, `arch` the kernel's, `ran` are the cases that
    such a kernel runs without a mutant."""
    heard = kernel_report(run, frozenset(case.name for case in cases), version)
    verdicts = compare(
        cases,
        flips,
        adopted=True,
        version=version,
        stock=None,
        patched=heard,
        profile=profile,
        arch=arch,
    )
    found: list[Catch] = []
    for verdict in verdicts:
        result, name = verdict.patched, verdict.name
        if result is None:
            continue
        if death := heard.deaths.get(name):
            outcome, why = death
            found.append(Catch(name, _ENDS.get(outcome, How.RESET), why))
        elif result.mark is Mark.FAIL and heard.complaints.get(name):
            found.append(Catch(name, How.CONSOLE, heard.complaints[name][0]))
        elif result.mark is Mark.FAIL:
            detail = f" ({result.detail})" if result.detail else ""
            seen = f"{result.observed}, expected {result.expected}{detail}"
            found.append(Catch(name, How.CASE, seen))
        elif result.mark is Mark.SKIP and name in ran:
            found.append(Catch(name, How.CASE, f"skipped: {result.observed}"))
    died = run.boots[-1].outcome
    if not heard.deaths and died is not Outcome.FINISHED:
        found.append(Catch("", _ENDS.get(died, How.RESET), run.boots[-1].why))
    elif not found:
        # No case of its own: the console outside of their time, a report that is not whole.
        found += [Catch("", How.CONSOLE, fault) for fault in heard.faults[:1]]
    return tuple(found)


def started(run: Run) -> bool:
    """Whether the guest came as far as its first case."""
    report = read_report(run.results)
    return bool(report.begun or report.results)


def cases_run(run: Run) -> frozenset[str]:
    """The cases that a guest ran to a result other than a skip."""
    results = read_report(run.results).results
    return frozenset(name for name, said in results.items() if not said.skip)
