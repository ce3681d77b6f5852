"""The verdict on a pair: pure, from what the two guests said and how they ended."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

from zpmaint.errors import InfraError
from zpmaint.guest.counters import Counter
from zpmaint.guest.values import MINIMAL, Case
from zpmaint.judge.deltas import Side, broken_figures, deltas
from zpmaint.judge.expect import compare
from zpmaint.judge.ktap import Report, read_report
from zpmaint.judge.values import CaseResult, CaseVerdict, Delta, Mark, Verdict
from zpmaint.machine.values import Outcome, Run
from zpmaint.patchset.values import Flip, Telling
from zpmaint.versions import KernelVersion

_RELEASE = re.compile(r"(\d+(?:\.\d+){1,3})(?:-rc(\d+))?")


def judge(
    cases: Sequence[Case],
    flips: Sequence[Flip],
    telling: Sequence[Telling],
    *,
    counters: Sequence[Counter],
    adopted: bool,
    version: KernelVersion,
    stock: Run,
    patched: Run | None,
    benchmark: bool = True,
    profile: str = MINIMAL,
) -> Verdict:
    """Judge a pair of runs.

    `cases` are those that the guests were asked to run, `counters` what the benchmark measures
    (`benchmark` False: it was switched off). `adopted` says that upstream itself behaves as the
    patch wants, so that the stock kernel has to; `patched` is None where there is no such kernel.
    In the `profile` that the guests were told of, cases that need another one may be skipped.
    Raises InfraError where a guest did not start or QEMU died: that is no verdict on a kernel.
    """
    runs = {"stock": stock} | ({"patched": patched} if patched is not None else {})
    for name, run in runs.items():
        if run.outcome.is_infrastructure:
            raise InfraError(
                f"{name} {version}: the machine failed ({run.outcome}): {run.why}",
                f"its console is {run.console}; try again",
            )
    reports = {name: read_report(run.results) for name, run in runs.items()}
    verdicts = compare(
        cases,
        {flip.case: flip for flip in flips if version in flip.era},
        adopted=adopted,
        version=version,
        stock=reports["stock"],
        patched=reports.get("patched"),
        profile=profile,
    )
    failures: list[str] = []
    for name, run in runs.items():
        failures += _of_run(name, run, reports[name], cases, version)
    failures += _of_cases(verdicts)
    shown: tuple[Delta, ...] = ()
    if benchmark:
        eras = tuple(era for era in telling if version in era.era)
        sides = tuple(
            Side(name, reports[name], adopted or name == "patched", run.deterministic)
            for name, run in runs.items()
        )
        shown = deltas(counters, eras, sides)
        if not eras:
            failures.append(f"no [[telling]] of the patch set covers {version}")
        failures += broken_figures(counters, eras, sides)
    return Verdict(
        passed=not failures,
        why=failures[0] if failures else _praise(verdicts),
        cases=verdicts,
        deltas=shown,
        failures=tuple(failures),
    )


def _is_of(release: str, version: KernelVersion) -> bool:
    """Whether uname's release (6.12.107, 7.3.0-rc7, with or without a local suffix) is the
    version's. linux-next's base is not in its name."""
    found = _RELEASE.match(release)
    if found is None or version.next_date is not None:
        return found is not None and f"next-{version.next_date}" in release
    numbers = tuple(int(part) for part in found[1].split("."))
    numbers += (0,) * (len(version.numbers) - len(numbers))
    return (numbers, int(found[2]) if found[2] else None) == (version.numbers, version.rc)


def _of_run(
    name: str, run: Run, report: Report, cases: Sequence[Case], version: KernelVersion
) -> Iterator[str]:
    """What the run as a whole has against it."""
    if report.release and not _is_of(report.release, version):
        yield f"{name}: the kernel that ran is {report.release}, not {version}"
    if run.outcome is not Outcome.FINISHED:
        during = f" during {report.begun}" if report.begun else ""
        yield f"{name}: {run.outcome}{during}: {run.why}"
    yield from (f"{name}: the kernel complains: {line}" for line in run.complaints)
    yield from (f"{name}: {problem}" for problem in report.problems)
    asked = {case.name for case in cases}
    yield from (
        f"{name}: {found} was not asked for and has a result"
        for found in report.results
        if found not in asked
    )


def _of_cases(verdicts: Sequence[CaseVerdict]) -> Iterator[str]:
    sides: dict[str, list[tuple[CaseVerdict, CaseResult]]] = {
        "stock": [(verdict, verdict.stock) for verdict in verdicts],
        "patched": [(verdict, verdict.patched) for verdict in verdicts if verdict.patched],
    }
    for name, results in sides.items():
        lost = [verdict.name for verdict, result in results if result.mark is Mark.LOST]
        if lost:
            more = f" and {len(lost) - 1} more" if len(lost) > 1 else ""
            yield f"{name}: no result of {lost[0]}{more}"
        for verdict, result in results:
            if result.mark is Mark.FAIL:
                detail = f" ({result.detail})" if result.detail else ""
                yield (
                    f"{name}: {verdict.name}: {result.observed}, expected {result.expected}{detail}"
                )
        flips = [result for verdict, result in results if verdict.flips]
        if results and not any(result.mark in (Mark.PASS, Mark.FAIL) for result in flips):
            yield f"{name}: no case that the patch flips has run: nothing shows the patch's effect"


def _praise(verdicts: Sequence[CaseVerdict]) -> str:
    ran = [v for v in verdicts if v.stock.mark is Mark.PASS]
    flipped = sum(v.flips for v in ran)
    skipped = len(verdicts) - len(ran)
    both = any(v.patched for v in verdicts)
    return (
        f"{len(ran)} cases as expected on {'both kernels' if both else 'the stock kernel'}, "
        f"{flipped} of them {'flipped by the patch' if both else 'tell the behaviour'}"
        + (f", {skipped} skipped" if skipped else "")
    )
