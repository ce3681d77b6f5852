# SPDX-License-Identifier: GPL-2.0-only
"""What the stages handed on, as the ledger remembers it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path

from zpmaint.app.kept_logs import KeptLogs
from zpmaint.app.origin import Origin
from zpmaint.app.suite import SuiteRuns
from zpmaint.build.failure import BuildFailure
from zpmaint.build.values import Flavour, Kernel, Pair
from zpmaint.cell.means import means
from zpmaint.core.provenance import Provenance
from zpmaint.core.text import to_text
from zpmaint.diffs.series import shares
from zpmaint.judge.values import CaseResult, CaseVerdict, Verdict
from zpmaint.ledger.stages import (
    BuildRecord,
    CaseRecord,
    CaseResultRecord,
    DeltaRecord,
    FileRecord,
    HunkRecord,
    KernelRecord,
    MemberRecord,
    PortRecord,
    RunRecord,
    RunsRecord,
    VerdictRecord,
)
from zpmaint.ledger.told import FailedBuildRecord, LineRecord
from zpmaint.port.values import FilePort, Port
from zpmaint.vm.values import Run

_TAIL_LINES = 40


def port_record(
    port: Port, provenance: Provenance | None = None, origin: Origin | None = None
) -> PortRecord:
    """The port without the files' contents: its `patch` holds all that is to be done. With it
    stands what vouches for the kernel that it is for, and what it was made of."""
    origin = origin or Origin()
    return PortRecord(
        version=str(port.version),
        patchset=port.patchset,
        state=str(port.state),
        anchor=port.anchor,
        confidence=round(port.confidence, 3),
        why=port.why,
        patch=port.patch or None,
        files=tuple(_file(file) for file in port.files),
        members=_members(port),
        provenance=provenance,
        anchor_sha256=origin.anchor_sha256,
        blobs=origin.blobs,
        engine=origin.engine,
    )


def _members(port: Port) -> tuple[MemberRecord, ...]:
    """The patches of a series, each with its share of the whole where the whole is theirs."""
    parts = shares([to_text(m.data) if m.goes_in else "" for m in port.members])
    known = "".join(parts) == port.patch
    return tuple(
        MemberRecord(
            m.name, str(m.fate), round(m.confidence, 3), m.why, len(part) if known else None
        )
        for m, part in zip(port.members, parts, strict=True)
    )


def _file(file: FilePort) -> FileRecord:
    hunks = tuple(
        HunkRecord(
            header=hunk.header,
            scope=hunk.scope,
            placed=str(hunk.placed),
            confidence=round(hunk.confidence, 3),
            why=hunk.why,
            offset=hunk.offset,
        )
        for hunk in file.hunks
    )
    conflict, moved_from = file.conflict or None, file.moved_from or None
    return FileRecord(file.path, hunks, conflict, moved_from, file.patch)


def build_record(
    pair: Pair | None, failures: Sequence[BuildFailure], logs: KeptLogs
) -> BuildRecord | None:
    """The kernels of the pair, and what was compiled of the change where that is known; of one that
    could not be built, the last of `failures`, why. None where it did not come to a build."""
    failure = failures[-1] if failures and pair is None else None
    stock = pair.stock if pair else failure.stock if failure else None
    if stock is None and failure is None:
        return None
    return BuildRecord(
        stock=_kernel(stock, logs) if stock else None,
        patched=_kernel(pair.patched, logs) if pair and pair.patched else None,
        evidence=pair.evidence if pair else None,
        confined=str(means()),
        failed=_failed(failure, logs) if failure else None,
    )


def _kernel(kernel: Kernel, logs: KeptLogs) -> KernelRecord:
    return KernelRecord(
        version=str(kernel.version),
        arch=kernel.arch,
        flavour=str(kernel.flavour),
        image=str(kernel.image),
        image_kind=kernel.image_kind,
        profile=kernel.profile,
        toolchain=kernel.toolchain,
        fixups=kernel.fixups,
        inputs=kernel.inputs,
        seconds=round(kernel.seconds, 3),
        log=str(kernel.log),
        kept=logs.file(kernel.log),
        config=logs.config(kernel.autoconf),
    )


def _failed(failure: BuildFailure, logs: KeptLogs) -> FailedBuildRecord:
    return FailedBuildRecord(
        version=str(failure.version),
        arch=failure.arch,
        flavour=str(failure.flavour),
        profile=failure.profile,
        toolchain=failure.toolchain,
        fixups=failure.fixups,
        inputs=failure.inputs,
        why=failure.why,
        lines=tuple(
            LineRecord(one.number, one.text, one.telling, one.path, one.line)
            for one in failure.lines
        ),
        log=str(failure.log),
        kept=logs.file(failure.log),
        first=logs.file(failure.first_log),
    )


def runs_record(booted: Sequence[SuiteRuns], logs: KeptLogs) -> RunsRecord:
    """The boots of the first suite by flavour, each with its console, and with them those of the
    others."""
    first, *others = booted
    return replace(
        _runs(first.runs, logs),
        suites={other.bootable.suite.name: _runs(other.runs, logs) for other in others},
    )


def _runs(runs: Mapping[str, Run], logs: KeptLogs) -> RunsRecord:
    found = {str(flavour): _run(run, logs) for flavour, run in runs.items()}
    return RunsRecord(found.get(Flavour.STOCK), found.get(Flavour.PATCHED))


def _run(run: Run, logs: KeptLogs) -> RunRecord:
    return RunRecord(
        outcome=str(run.outcome),
        why=run.why,
        console=str(run.console),
        complaints=run.complaints,
        seconds=round(run.seconds, 3),
        accelerator=run.accelerator,
        deterministic=run.deterministic,
        command=run.command,
        tail=_tail(run.console),
        restarts=tuple(_run(again, logs) for again in run.restarts),
        kept=logs.file(run.console),
    )


def _tail(console: Path) -> str:
    text = console.read_text(encoding="utf-8", errors="replace") if console.is_file() else ""
    return "\n".join(text.splitlines()[-_TAIL_LINES:])


def verdict_record(verdict: Verdict) -> VerdictRecord:
    """The judgement, case by case and counter by counter."""
    return VerdictRecord(
        result=verdict.result,
        why=verdict.why,
        cases=tuple(_case(case) for case in verdict.cases),
        deltas=tuple(
            DeltaRecord(
                counter=delta.counter,
                phase=delta.phase,
                unit=delta.unit,
                stock=delta.stock,
                patched=delta.patched,
                telling=delta.telling,
                exact=delta.exact,
                note=delta.note,
            )
            for delta in verdict.deltas
        ),
        failures=verdict.failures,
        shown_by=verdict.shown_by,
        executed=verdict.executed,
    )


def _case(case: CaseVerdict) -> CaseRecord:
    return CaseRecord(
        name=case.name,
        stock=_result(case.stock) if case.stock else None,
        patched=_result(case.patched) if case.patched else None,
        flips=case.flips,
        suite=case.suite,
    )


def _result(result: CaseResult) -> CaseResultRecord:
    return CaseResultRecord(
        mark=str(result.mark),
        observed=result.observed,
        expected=result.expected,
        detail=result.detail,
        console=result.console,
    )
