# SPDX-License-Identifier: GPL-2.0-only
"""The judgement on one suite of a pair: pure, from what the guests said and how they ended."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from zpmaint.core.errors import InfraError
from zpmaint.core.versions import KernelVersion
from zpmaint.judge.deltas import Side, broken_figures, deltas, moved_figures, shown
from zpmaint.judge.expect import compare, unstable
from zpmaint.judge.figures import figure_deltas, figures, shown_figures, wrong_figures
from zpmaint.judge.kernel_report import kernel_report
from zpmaint.judge.values import CaseResult, CaseVerdict, Delta, Mark, SuiteVerdict
from zpmaint.patchset.values import Flip, Telling
from zpmaint.suites.counters import Counter
from zpmaint.suites.values import MINIMAL, Case, Figure
from zpmaint.vm.values import Run

FAULT_PATH = "fault-path"
"""The suite whose faults need no name: it is there by default."""


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
    arch: str = "x86_64",
    suite: str = FAULT_PATH,
    declared: Sequence[Figure] = (),
    again: Run | None = None,
) -> SuiteVerdict:
    """Judge a pair of runs of one suite, each with its restarts.

    `cases` are those that the guests were asked to run, `counters` what the benchmark measures
    (`benchmark` False: it was switched off), `declared` the figures that cases may report.
    `adopted` says that upstream itself behaves as the patch wants, so that the stock kernel has to.
    `stock` or `patched` is None where there is no such kernel or it was not asked for; the
    benchmark takes the stock one. `again` is the stock kernel a second time: a case that reports
    another word then is no witness. In the `profile` that the guests were told of, cases that need
    another one may be skipped, and those that no kernel of `arch` has. Raises InfraError where a
    guest did not start or QEMU died: that is no verdict on a kernel.
    """
    if benchmark and stock is None:
        raise ValueError("the benchmark is judged against the stock kernel's")
    runs = {name: run for name, run in (("stock", stock), ("patched", patched)) if run}
    for name, run in (*runs.items(), *((("stock", again),) if again else ())):
        for boot in run.boots:
            if boot.outcome.is_infrastructure:
                raise InfraError(
                    f"{name} {version}: the machine failed ({boot.outcome}): {boot.why}",
                    f"its console is {boot.console}; try again",
                )
    asked = {case.name for case in cases}
    sides = {name: kernel_report(run, asked, version) for name, run in runs.items()}
    second = kernel_report(again, asked, version) if again else None
    verdicts = compare(
        cases,
        {flip.case: flip for flip in flips if version in flip.era},
        adopted=adopted,
        version=version,
        stock=sides.get("stock"),
        patched=sides.get("patched"),
        profile=profile,
        arch=arch,
        suite=suite,
        unstable=unstable(cases, sides["stock"], second) if second and "stock" in sides else {},
    )
    failures: list[str] = []
    of = "" if suite == FAULT_PATH else f"{suite}: "
    for name, side in sides.items():
        failures += (f"{name}: {of}{fault}" for fault in side.faults)
    contradicted = tuple(verdict for verdict in verdicts if verdict.contradicts)
    failures += _of_cases([verdict for verdict in verdicts if not verdict.contradicts])
    shown_by = _shown(verdicts, adopted=adopted)
    found: tuple[Delta, ...] = ()
    if benchmark:
        eras = tuple(era for era in telling if version in era.era)
        measured = tuple(
            Side(
                name,
                sides[name].bench,
                bool(eras) and (adopted or name == "patched"),
                run.deterministic,
                version,
            )
            for name, run in runs.items()
        )
        found = deltas(counters, eras, measured)
        if eras:
            failures += broken_figures(counters, eras, measured)
            shown_by += tuple(f"counter {name}" for name in shown(counters, eras, measured[-1]))
        elif telling:
            failures.append(f"no [[telling]] of the patch set covers {version}")
        else:
            failures += moved_figures(counters, measured)
    if "stock" in sides:
        told = {name: figures(side) for name, side in sides.items()}
        beside = figure_deltas(declared, told["stock"], told.get("patched"))
        failures += wrong_figures(declared, told, beside)
        shown_by += tuple(f"counter {name}" for name in shown_figures(declared, beside))
        found += beside
    return SuiteVerdict(
        verdicts, found, tuple(failures), shown_by, tuple(_contradictions(contradicted))
    )


def _contradictions(verdicts: Sequence[CaseVerdict]) -> Iterator[str]:
    for verdict in verdicts:
        if verdict.stock and verdict.patched:
            alike = "patched did as the patch promises"
            if not verdict.patched.ok:
                alike = "patched did the same"
            yield f"stock: {verdict.name}: {_told(verdict.stock)}; {alike}"


def _shown(verdicts: Sequence[CaseVerdict], *, adopted: bool) -> tuple[str, ...]:
    """The cases that the kernel with the patch's behaviour answered as only it does."""
    return tuple(
        verdict.name
        for verdict in verdicts
        if verdict.flips
        and verdict.ok
        and (result := verdict.patched or (verdict.stock if adopted else None))
        and result.mark is Mark.PASS
    )


def _of_cases(verdicts: Sequence[CaseVerdict]) -> Iterator[str]:
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


def _told(result: CaseResult) -> str:
    if result.observed == result.expected:
        return f"{result.observed}, but {result.detail}"
    detail = f" ({result.detail})" if result.detail else ""
    return f"{result.observed}, expected {result.expected}{detail}"
