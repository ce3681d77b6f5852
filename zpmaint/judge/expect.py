# SPDX-License-Identifier: GPL-2.0-only
"""Case by case: what each kernel of a pair has to report, and whether it did."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import replace
from types import MappingProxyType

from zpmaint.core.versions import KernelVersion
from zpmaint.judge.kernel_report import KernelReport
from zpmaint.judge.values import CaseResult, CaseVerdict, Mark
from zpmaint.patchset.values import Flip
from zpmaint.suites.values import MINIMAL, Case

_NOT_RUN = re.compile(r"exit-(4|32|127)(-|$)")
_CONSOLE = 200
"""Lines of the console that a failed case keeps."""


def compare(
    cases: Sequence[Case],
    flips: Mapping[str, Flip],
    *,
    adopted: bool,
    version: KernelVersion,
    stock: KernelReport | None,
    patched: KernelReport | None,
    profile: str = MINIMAL,
    arch: str = "x86_64",
    suite: str = "fault-path",
    unstable: Mapping[str, str] = MappingProxyType({}),
) -> tuple[CaseVerdict, ...]:
    """Every case of `cases`, which are of `suite`, on both kernels, or the one that there is.
    `flips` are those of this kernel, by case name; `adopted` says that the stock kernel behaves as
    the patched one must, `profile` what both were built with and booted in, of `arch`.
    `unstable` are cases that do not report the same each time on stock, and what they reported: no
    witnesses."""
    verdicts: list[CaseVerdict] = []
    for case in cases:
        flip = flips.get(case.name)
        plain, changed = _words(case, flip, version, stock, patched, adopted=adopted)
        # Behaviour decides, where versions do not: any of the words that stock may report will do.
        if stock and not adopted and (said := stock.results.get(case.name)):
            plain = said.word if said.ok and said.word in case.may(version) else plain
        must = case.must_run(version, profile, arch)
        first = _one(case, plain, version, stock, must=must) if stock else None
        second = _one(case, changed, version, patched, must=must) if patched else None
        if first and second and stock and patched:
            # Both kernels have one configuration, so what one can run the other can.
            first = _able(case.name, first, patched, "the patched kernel ran it")
            second = _able(case.name, second, stock, "the stock kernel ran it")
        if case.relative and second and not first and second.ok:
            why = f"reported {second.observed}, and there is no stock run to compare it with"
            second = replace(second, mark=Mark.SKIP, observed=why)
        if case.relative:
            first, second = (_did_it_run(result) if result else None for result in (first, second))
        if words := unstable.get(case.name):
            why = f"does not report the same each time on stock: {words}"
            first, second = (
                replace(result, mark=Mark.SKIP, observed=why) if result and result.ok else result
                for result in (first, second)
            )
        verdicts.append(CaseVerdict(case.name, first, second, flips=flip is not None, suite=suite))
    return tuple(verdicts)


def _did_it_run(result: CaseResult) -> CaseResult:
    """A program that ended with the status for a skip (4 in the kernel's selftests, 32 in LTP), or
    could not be started (127), and counted nothing has looked at nothing."""
    word = result.observed
    nothing = _NOT_RUN.match(word) is not None
    if result.mark is not Mark.PASS or not nothing or "-pass-" in word or "-fail-" in word:
        return result
    return replace(result, mark=Mark.SKIP, observed=f"{word}: it does not run here")


def unstable(cases: Sequence[Case], once: KernelReport, again: KernelReport) -> dict[str, str]:
    """The cases that reported one word and then another on the same kernel, and both words."""
    found: dict[str, str] = {}
    for case in cases:
        words = [
            report.results[case.name].word if case.name in report.results else "no result"
            for report in (once, again)
        ]
        if words[0] != words[1]:
            found[case.name] = ", then ".join(words)
    return found


def _words(
    case: Case,
    flip: Flip | None,
    version: KernelVersion,
    stock: KernelReport | None,
    patched: KernelReport | None,
    *,
    adopted: bool,
) -> tuple[str, str]:
    """What the stock and the patched kernel have to report."""
    if case.relative:
        kernel = stock or patched
        said = kernel.results.get(case.name) if kernel else None
        plain = said.word if said else ""
    else:
        plain = flip.stock if flip and flip.stock else case.stock(version)
    changed = flip.patched if flip else plain
    return (changed if adopted else plain), changed


def _able(name: str, result: CaseResult, other: KernelReport, but: str) -> CaseResult:
    said = other.results.get(name)
    if result.mark is not Mark.SKIP or said is None or said.skip:
        return result
    return replace(result, mark=Mark.FAIL, detail=f"skipped, but {but}")


def _one(
    case: Case, expected: str, version: KernelVersion, kernel: KernelReport, *, must: bool
) -> CaseResult:
    result = _said(case, expected, version, kernel, must=must)
    against: list[str] = []
    if death := kernel.deaths.get(case.name):
        outcome, why = death
        result = replace(result, observed=str(outcome))
        against.append(f"{outcome}: {why}")
    if complaints := kernel.complaints.get(case.name, ()):
        more = f" (and {len(complaints) - 1} lines more)" if complaints[1:] else ""
        against.append(f"the kernel complains: {complaints[0]}{more}")
    if against:
        detail = "; ".join((*against, result.detail) if result.detail else against)
        result = replace(result, mark=Mark.FAIL, detail=detail)
    if result.ok:
        return result
    return replace(result, console=kernel.console.get(case.name, ())[-_CONSOLE:])


def _said(
    case: Case, expected: str, version: KernelVersion, kernel: KernelReport, *, must: bool
) -> CaseResult:
    """By the guest's own word; one that `must` be run is not skipped."""
    said = kernel.results.get(case.name)
    detail = "; ".join(kernel.details.get(case.name, ()))
    if said is None:
        died = case.name in kernel.deaths
        return CaseResult(Mark.LOST, "", expected, detail if died else "it never ran")
    if said.skip:
        if must:
            return CaseResult(Mark.FAIL, said.skip, expected, "skipped, but it must run here")
        return CaseResult(Mark.SKIP, said.skip, expected, detail)
    right = said.ok and said.word == expected
    known = case.defect(version)
    if right and known is not None and said.word == known.word:
        # As expected, and yet no good: whoever reads "pass" has to read this with it.
        detail = "; ".join(filter(None, (f"known defect of this kernel: {known.why}", detail)))
    return CaseResult(Mark.PASS if right else Mark.FAIL, said.word, expected, detail)
