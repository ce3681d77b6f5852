# SPDX-License-Identifier: GPL-2.0-only
"""What one kernel told of its cases, over all the boots that it took.

A guest that dies leaves the rest of its cases to another boot. The case that was running when it
died has the death for its result; the death is a fault of the kernel all the same.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Collection, Iterator
from dataclasses import dataclass

from zpmaint.core.versions import KernelVersion
from zpmaint.judge.ktap import Report, Said, read_report
from zpmaint.vm.values import Outcome, Part, Run

_RELEASE = re.compile(r"([0-9]{1,9}(?:\.[0-9]{1,9}){1,3})(?![0-9])(?:-rc([0-9]{1,9}))?")


@dataclass(frozen=True)
class KernelReport:
    """All boots of one kernel read as one."""

    results: dict[str, Said]
    details: dict[str, tuple[str, ...]]
    deaths: dict[str, tuple[Outcome, str]]
    """By case: how the guest ended while it ran or right after it, and why."""
    complaints: dict[str, tuple[str, ...]]
    """By case: what the kernel complained of in its time."""
    console: dict[str, tuple[str, ...]]
    """By case: all that the console says of its time."""
    bench: Report
    """The boot whose benchmark counts: the last."""
    faults: tuple[str, ...]
    """What the runs have against them, beside what single cases have; one line each."""


def kernel_report(run: Run, asked: Collection[str], version: KernelVersion) -> KernelReport:
    """Read `run` and its restarts. `asked` are the cases that were to run."""
    reports = [read_report(boot.results) for boot in run.boots]
    results: dict[str, Said] = {}
    details: dict[str, tuple[str, ...]] = {}
    deaths: dict[str, tuple[Outcome, str]] = {}
    complaints: dict[str, tuple[str, ...]] = {}
    console: dict[str, tuple[str, ...]] = {}
    faults: list[str] = []
    left = set(asked)
    for number, (boot, report) in enumerate(zip(run.boots, reports, strict=True), 1):
        where = f"boot {number}: " if run.restarts else ""
        faults += (where + fault for fault in _of_boot(boot, report, left, asked, version))
        left -= {report.begun, *report.results}
        results = report.results | results
        details = report.details | details
        if case := died_in(boot, report):
            deaths[case] = (boot.outcome, boot.why)
        for part in _parts(boot, report):
            if part.case in asked:
                complaints[part.case] = complaints.get(part.case, ()) + part.complaints
                console[part.case] = console.get(part.case, ()) + part.lines
    if left and run.restarts:
        faults.append(f"{len(run.boots)} boots, and {len(left)} of the cases have not run")
    return KernelReport(results, details, deaths, complaints, console, reports[-1], tuple(faults))


def died_in(boot: Run, report: Report) -> str:
    """The case that a guest's death belongs to: the one under way, else the last one, as long as
    others were still to come; '' where it died before the first or after the last."""
    if boot.outcome is Outcome.FINISHED:
        return ""
    if report.begun:
        return report.begun
    last = next(reversed(report.results), "")
    return last if last and len(report.results) != report.planned else ""


def _parts(boot: Run, report: Report) -> tuple[Part, ...]:
    """The console case by case, as far as it can be relied on: its marks must be those of the
    report. Of a guest that died the last ones may be missing; else one that is missing (a log that
    takes no more, a flood that was cut) would blame the case before it."""
    marks = tuple(part.case for part in boot.parts if part.case)
    due = report.announced
    if boot.outcome is not Outcome.FINISHED:
        due = due[: len(marks)]
    return boot.parts if marks == due else ()


def _of_boot(
    boot: Run,
    report: Report,
    left: Collection[str],
    asked: Collection[str],
    version: KernelVersion,
) -> Iterator[str]:
    if report.release and not is_of(report.release, version):
        yield f"the kernel that ran is {report.release}, not {version}"
    died = boot.outcome is not Outcome.FINISHED
    if died:
        case = died_in(boot, report)
        during = f" {'during' if report.begun else 'after'} {case}" if case else ""
        yield f"{boot.outcome}{during}: {boot.why}"
    # What it complained of in a case's time is told with that case.
    placed = Counter(
        line for part in _parts(boot, report) if part.case in asked for line in part.complaints
    )
    elsewhere = (Counter(boot.complaints) - placed).elements()
    yield from (f"the kernel complains: {line}" for line in elsewhere)
    # What a death explains is told by the death.
    yield from (
        problem for problem in report.problems if not (died and problem in report.cut_short)
    )
    yield from (
        f"{found} was not asked for and has a result"
        for found in report.results
        if found not in left
    )


def is_of(release: str, version: KernelVersion) -> bool:
    """Whether uname's release (6.12.107, 7.3.0-rc7, with or without a local suffix) is the
    version's. linux-next's base is not in its name."""
    found = _RELEASE.match(release)
    if found is None or version.next_date is not None:
        return found is not None and f"next-{version.next_date}" in release
    numbers = tuple(int(part) for part in found[1].split("."))
    numbers += (0,) * (len(version.numbers) - len(numbers))
    return (numbers, int(found[2]) if found[2] else None) == (version.numbers, version.rc)
