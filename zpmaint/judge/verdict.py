"""The verdict on a pair: pure, from what the two guests said and how they ended."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from zpmaint.core.errors import InfraError
from zpmaint.core.result import Result
from zpmaint.core.versions import KernelVersion
from zpmaint.guest.counters import Counter
from zpmaint.guest.values import MINIMAL, Case
from zpmaint.judge.deltas import Side, broken_figures, deltas
from zpmaint.judge.expect import compare
from zpmaint.judge.kernel_report import kernel_report
from zpmaint.judge.values import CaseResult, CaseVerdict, Delta, Mark, Verdict
from zpmaint.patchset.values import Flip, Telling
from zpmaint.vm.values import Run


def judge(
    cases: Sequence[Case],
    flips: Sequence[Flip],
    telling: Sequence[Telling],
    *,
    counters: Sequence[Counter],
    adopted: bool,
    version: KernelVersion,
    stock: Run | None,
    patched: Run | None,
    benchmark: bool = True,
    profile: str = MINIMAL,
    chosen: bool = False,
) -> Verdict:
    """Judge a pair of runs, each with its restarts.

    `cases` are those that the guests were asked to run, `counters` what the benchmark measures
    (`benchmark` False: it was switched off). `adopted` says that upstream itself behaves as the
    patch wants, so that the stock kernel has to. `stock` or `patched` is None where there is no
    such kernel or it was not asked for; the benchmark takes the stock one. `chosen` says that
    `cases` are picked from the suite, so that none among them need be one that the patch flips. In
    the `profile` that the guests were told of, cases that need another one may be skipped.
    Raises InfraError where a guest did not start or QEMU died: that is no verdict on a kernel.
    """
    if benchmark and stock is None:
        raise ValueError("the benchmark is judged against the stock kernel's")
    runs = {name: run for name, run in (("stock", stock), ("patched", patched)) if run}
    for name, run in runs.items():
        for boot in run.boots:
            if boot.outcome.is_infrastructure:
                raise InfraError(
                    f"{name} {version}: the machine failed ({boot.outcome}): {boot.why}",
                    f"its console is {boot.console}; try again",
                )
    asked = {case.name for case in cases}
    sides = {name: kernel_report(run, asked, version) for name, run in runs.items()}
    verdicts = compare(
        cases,
        {flip.case: flip for flip in flips if version in flip.era},
        adopted=adopted,
        version=version,
        stock=sides.get("stock"),
        patched=sides.get("patched"),
        profile=profile,
    )
    failures: list[str] = []
    for name, side in sides.items():
        failures += (f"{name}: {fault}" for fault in side.faults)
    failures += _of_cases(verdicts, chosen=chosen)
    shown: tuple[Delta, ...] = ()
    if benchmark:
        eras = tuple(era for era in telling if version in era.era)
        measured = tuple(
            Side(name, sides[name].bench, adopted or name == "patched", run.deterministic)
            for name, run in runs.items()
        )
        shown = deltas(counters, eras, measured)
        if not eras:
            failures.append(f"no [[telling]] of the patch set covers {version}")
        failures += broken_figures(counters, eras, measured)
    return Verdict(
        result=Result.FAIL if failures else Result.PASS,
        why=failures[0] if failures else _praise(verdicts),
        cases=verdicts,
        deltas=shown,
        failures=tuple(failures),
    )


def _of_cases(verdicts: Sequence[CaseVerdict], *, chosen: bool) -> Iterator[str]:
    sides: dict[str, list[tuple[CaseVerdict, CaseResult]]] = {
        "stock": [(verdict, verdict.stock) for verdict in verdicts if verdict.stock],
        "patched": [(verdict, verdict.patched) for verdict in verdicts if verdict.patched],
    }
    for name, results in sides.items():
        lost = [verdict.name for verdict, result in results if result.mark is Mark.LOST]
        if lost:
            more = f" and {len(lost) - 1} more" if len(lost) > 1 else ""
            yield f"{name}: no result of {lost[0]}{more}"
        for verdict, result in results:
            if result.mark is Mark.FAIL:
                yield f"{name}: {verdict.name}: {_told(result)}"
        flips = [result for verdict, result in results if verdict.flips]
        if (
            (flips or not chosen)
            and results
            and not any(result.mark in (Mark.PASS, Mark.FAIL) for result in flips)
        ):
            yield f"{name}: no case that the patch flips has run: nothing shows the patch's effect"


def _told(result: CaseResult) -> str:
    if result.observed == result.expected:
        return f"{result.observed}, but {result.detail}"
    detail = f" ({result.detail})" if result.detail else ""
    return f"{result.observed}, expected {result.expected}{detail}"


def _praise(verdicts: Sequence[CaseVerdict]) -> str:
    ran = [v for v in verdicts if any(r and r.mark is Mark.PASS for r in (v.stock, v.patched))]
    flipped = sum(v.flips for v in ran)
    skipped = len(verdicts) - len(ran)
    sides = [
        name
        for name, there in (
            ("stock", any(v.stock for v in verdicts)),
            ("patched", any(v.patched for v in verdicts)),
        )
        if there
    ]
    both = len(sides) > 1
    return (
        f"{len(ran)} cases as expected on {'both kernels' if both else f'the {sides[0]} kernel'}, "
        f"{flipped} of them {'flipped by the patch' if both else 'tell the behaviour'}"
        + (f", {skipped} skipped" if skipped else "")
    )
