# SPDX-License-Identifier: GPL-2.0-only
"""What the stages handed on, as the ledger remembers it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path

from zpmaint.app.origin import Origin
from zpmaint.app.suite import SuiteRuns
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


def build_record(pair: Pair) -> BuildRecord:
    """The kernels of the pair, and what was compiled of the change where that is known."""
    return BuildRecord(
        stock=_kernel(pair.stock),
        patched=_kernel(pair.patched) if pair.patched else None,
        evidence=pair.evidence,
        confined=str(means()),
    )


def _kernel(kernel: Kernel) -> KernelRecord:
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
    )


def runs_record(booted: Sequence[SuiteRuns]) -> RunsRecord:
    """The boots of the first suite by flavour, each with the last lines of its console, and with
    them those of the others."""
    first, *others = booted
    return replace(_runs(first.runs), suites={o.bootable.suite.name: _runs(o.runs) for o in others})


def _runs(runs: Mapping[str, Run]) -> RunsRecord:
    found = {str(flavour): _run(run) for flavour, run in runs.items()}
    return RunsRecord(found.get(Flavour.STOCK), found.get(Flavour.PATCHED))


def _run(run: Run) -> RunRecord:
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
        restarts=tuple(_run(again) for again in run.restarts),
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
