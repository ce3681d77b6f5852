"""Case by case: what each kernel of a pair has to report, and whether it did."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

from zpmaint.guest.values import MINIMAL, Case
from zpmaint.judge.ktap import Report
from zpmaint.judge.values import CaseResult, CaseVerdict, Mark
from zpmaint.patchset.values import Flip
from zpmaint.versions import KernelVersion


def compare(
    cases: Sequence[Case],
    flips: Mapping[str, Flip],
    *,
    adopted: bool,
    version: KernelVersion,
    stock: Report,
    patched: Report | None,
    profile: str = MINIMAL,
) -> tuple[CaseVerdict, ...]:
    """Every case of `cases` on both kernels. `flips` are those of this kernel, by case name;
    `adopted` says that the stock kernel behaves as the patched one must, `profile` what both were
    built with and booted in."""
    verdicts: list[CaseVerdict] = []
    for case in cases:
        flip = flips.get(case.name)
        changed = flip.patched if flip else case.expected(version)
        plain = flip.stock if flip and not adopted else changed
        first = _one(case, plain, version, stock, profile)
        second = _one(case, changed, version, patched, profile) if patched is not None else None
        if second is not None:
            first, second = _same_abilities(first, second)
        verdicts.append(CaseVerdict(case.name, first, second, flips=flip is not None))
    return tuple(verdicts)


def _same_abilities(stock: CaseResult, patched: CaseResult) -> tuple[CaseResult, CaseResult]:
    """Both kernels have one configuration, so what one can run the other can."""
    if stock.mark is Mark.SKIP and patched.mark not in (Mark.SKIP, Mark.LOST):
        return _one_sided(stock, "the patched kernel ran it"), patched
    if patched.mark is Mark.SKIP and stock.mark not in (Mark.SKIP, Mark.LOST):
        return stock, _one_sided(patched, "the stock kernel ran it")
    return stock, patched


def _one_sided(result: CaseResult, but: str) -> CaseResult:
    return replace(result, mark=Mark.FAIL, detail=f"skipped, but {but}")


def _one(
    case: Case, expected: str, version: KernelVersion, report: Report, profile: str
) -> CaseResult:
    said = report.results.get(case.name)
    detail = "; ".join(report.details.get(case.name, ()))
    if said is None:
        lost = "the guest ended while it ran" if report.begun == case.name else "it never ran"
        return CaseResult(Mark.LOST, "", expected, lost)
    if said.skip:
        if case.must_run(version, profile):
            return CaseResult(Mark.FAIL, said.skip, expected, "skipped, but it must run here")
        return CaseResult(Mark.SKIP, said.skip, expected, detail)
    right = said.ok and said.word == expected
    known = case.defect(version)
    if right and known is not None and said.word == known.word:
        # As expected, and yet no good: whoever reads "pass" has to read this with it.
        detail = "; ".join(filter(None, (f"known defect of this kernel: {known.why}", detail)))
    return CaseResult(Mark.PASS if right else Mark.FAIL, said.word, expected, detail)
