# SPDX-License-Identifier: GPL-2.0-only
"""What is remembered of each stage of a verification, typed. Plain values: the ledger outlives the
code that wrote it, so they are not the rooms' own, and words of theirs are kept as text.

A field that an older record does not have takes its default, which reads "not known" and never
"good".
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from zpmaint.build.evidence import Evidence
from zpmaint.build.executed import Executed
from zpmaint.core.provenance import Provenance
from zpmaint.core.result import Result
from zpmaint.ledger import codec
from zpmaint.ledger.told import FailedBuildRecord, LogRecord


@dataclass(frozen=True)
class HunkRecord:
    """One hunk of the anchor and what became of it; see port.values.HunkPort."""

    header: str
    scope: str = ""
    placed: str = ""
    confidence: float = 0.0
    why: str = ""
    offset: int | None = None


@dataclass(frozen=True)
class FileRecord:
    """One file of the port."""

    path: str
    hunks: tuple[HunkRecord, ...] = ()
    conflict: str | None = None
    moved_from: str | None = None
    patch: str = ""
    """The patch of a series that it belongs to; '' where the set is one patch."""


@dataclass(frozen=True)
class MemberRecord:
    """One patch of a series and its fate on the kernel."""

    name: str
    fate: str
    """applies, ported, upstream, conflict, untried."""
    confidence: float = 1.0
    why: str = ""
    size: int | None = None
    """How many characters of the port's `patch` are its, 0 for one that does not go in; None: not
    known."""


@dataclass(frozen=True)
class BlobRecord:
    """A file of the kernel that the port was made for, as it was before it."""

    path: str
    git: str = ""
    """Its name in git: the SHA-1 of a blob."""
    sha256: str = ""


@dataclass(frozen=True)
class PortRecord:
    """What came of carrying the set onto the kernel."""

    version: str = ""
    patchset: str = ""
    state: str = ""
    """applies, ported, upstream, superseded, conflict."""
    anchor: str = ""
    confidence: float = 0.0
    why: str = ""
    patch: str | None = None
    """The whole patch file, byte for byte (undecodable bytes as surrogates)."""
    files: tuple[FileRecord, ...] = ()
    members: tuple[MemberRecord, ...] = ()
    """The patches of a series, in order; empty where the set is one patch."""
    provenance: Provenance | None = None
    """What vouches for the kernel's bytes; None: not known, which is not the same as verified."""
    anchor_sha256: str = ""
    """Of the anchor's bytes, of a series its patches one after the other; '' not known."""
    blobs: tuple[BlobRecord, ...] = ()
    """The files of the kernel that the patch changes; none where they are not known."""
    engine: str = ""
    """The zpmaint that made it: its version, and a digest of its code."""


@dataclass(frozen=True)
class KernelRecord:
    """One built kernel; see build.values.Kernel. Paths are those of the machine that built it."""

    version: str = ""
    arch: str = ""
    flavour: str = ""
    image: str = ""
    image_kind: str = ""
    profile: str = ""
    toolchain: str = ""
    fixups: tuple[str, ...] = ()
    inputs: str = ""
    """Hash over all that went in: source, patch, fix-ups, config, compiler."""
    seconds: float = 0.0
    log: str = ""
    kept: LogRecord | None = None
    """The whole log; None: it was not kept."""
    config: LogRecord | None = None
    """The configuration that it was compiled with; None: not known."""


@dataclass(frozen=True)
class BuildRecord:
    """The pair that was built, or as far as it was."""

    stock: KernelRecord | None = None
    patched: KernelRecord | None = None
    evidence: Evidence | None = None
    """What was compiled of the change; None: not known, which is not the same as whole."""
    confined: str = ""
    """What make and QEMU were confined by (cell.values.Means); "" of a time before that."""
    failed: FailedBuildRecord | None = None
    """The kernel that could not be built. None also in older records of failures: there it is not
    known."""

    @property
    def kernels(self) -> dict[str, KernelRecord]:
        """By flavour, those that there are."""
        both = {"stock": self.stock, "patched": self.patched}
        return {name: kernel for name, kernel in both.items() if kernel}


@dataclass(frozen=True)
class RunRecord:
    """One boot; see vm.values.Run. `console` is a path on the machine that ran it."""

    outcome: str = ""
    why: str = ""
    console: str = ""
    complaints: tuple[str, ...] = ()
    seconds: float = 0.0
    accelerator: str = ""
    deterministic: bool = False
    command: tuple[str, ...] = ()
    tail: str = ""
    """The console's last lines: a ledger may travel without the store of whole ones."""
    kept: LogRecord | None = None
    """The whole console; None: it was not kept."""
    restarts: tuple[RunRecord, ...] = ()

    @property
    def boots(self) -> tuple[RunRecord, ...]:
        """This boot and those after it."""
        return (self, *self.restarts)


@dataclass(frozen=True)
class RunsRecord:
    """The boots of the pair."""

    stock: RunRecord | None = None
    patched: RunRecord | None = None
    suites: dict[str, RunsRecord] = field(default_factory=dict)
    """Those of further suites, by name."""

    @property
    def ran(self) -> dict[str, RunRecord]:
        """By flavour, those that there are."""
        both = {"stock": self.stock, "patched": self.patched}
        return {name: run for name, run in both.items() if run}


@dataclass(frozen=True)
class CaseResultRecord:
    """One case on one kernel; see judge.values.CaseResult."""

    mark: str
    """pass, fail, skip, lost."""
    observed: str = ""
    expected: str = ""
    detail: str = ""
    console: tuple[str, ...] = ()

    @property
    def is_bad(self) -> bool:
        return self.mark in ("fail", "lost")


@dataclass(frozen=True)
class CaseRecord:
    """One case on both kernels."""

    name: str
    stock: CaseResultRecord | None = None
    patched: CaseResultRecord | None = None
    flips: bool = False
    suite: str = "fault-path"

    @property
    def results(self) -> dict[str, CaseResultRecord]:
        """By flavour, those that there are."""
        both = {"stock": self.stock, "patched": self.patched}
        return {name: result for name, result in both.items() if result}


@dataclass(frozen=True)
class DeltaRecord:
    """One measured counter; see judge.values.Delta."""

    counter: str
    phase: str
    unit: str
    stock: float
    patched: float | None = None
    telling: bool = False
    exact: bool = True
    note: str = ""


@dataclass(frozen=True)
class VerdictRecord:
    """The judgement on the pair."""

    result: Result
    why: str = ""
    cases: tuple[CaseRecord, ...] = ()
    deltas: tuple[DeltaRecord, ...] = ()
    failures: tuple[str, ...] = ()
    shown_by: tuple[str, ...] = ()
    """The cases that showed the patch's effect."""
    executed: Executed | None = None
    """What of the change was seen to run; None: nobody looked."""

    @property
    def suites(self) -> dict[str, tuple[CaseRecord, ...]]:
        """The cases by suite, in the order they were judged."""
        found: dict[str, list[CaseRecord]] = {}
        for case in self.cases:
            found.setdefault(case.suite, []).append(case)
        return {name: tuple(cases) for name, cases in found.items()}

    def as_json(self) -> dict[str, Any]:
        """Its fields, and `passed` as readers of --json know it."""
        made: dict[str, Any] = codec.to_json(self)
        return {"passed": self.result.is_good, **made}
