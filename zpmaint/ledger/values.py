# SPDX-License-Identifier: GPL-2.0-only
"""What is remembered of one verification: whole as a Record, at a glance as a Summary."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from zpmaint.core.result import Result
from zpmaint.ledger import codec
from zpmaint.ledger.outcome import outcome_digest
from zpmaint.ledger.stages import BuildRecord, PortRecord, RunsRecord, VerdictRecord
from zpmaint.ledger.told import CircumstancesRecord
from zpmaint.ledger.upgrades import FORMAT


@dataclass(frozen=True)
class Counted:
    """The results of all cases on all kernels that were booted, counted."""

    passed: int
    skipped: int
    total: int
    """Skipped ones included."""

    @classmethod
    def of(cls, verdict: VerdictRecord) -> Counted:
        marks = [result.mark for case in verdict.cases for result in case.results.values()]
        return cls(marks.count("pass"), marks.count("skip"), len(marks))

    def __str__(self) -> str:
        return f"{self.passed}/{self.total - self.skipped}" + (
            f" +{self.skipped} skip" if self.skipped else ""
        )


@dataclass(frozen=True)
class Summary:
    """One verification, without its documents: what a table of many needs."""

    key: str
    version: str
    arch: str
    patchset: str
    result: Result
    why: str
    started: float
    finished: float
    project: str = ""
    inputs: dict[str, str] = field(default_factory=dict, compare=False)
    """As Record.inputs; empty where summaries of many are listed."""
    port_state: str | None = None
    counted: Counted | None = None
    turn: float = field(default=0.0, compare=False)
    """Its place in the ledger's order; see `Ledger.record`."""
    profile: str = ""
    """As Record.profile."""


@dataclass(frozen=True)
class Record:
    """One verification of one patch set on one kernel and architecture."""

    key: str
    """Hash over all inputs; see app.inputs."""
    version: str
    arch: str
    patchset: str
    result: Result
    why: str
    """One line."""
    started: float
    """Seconds since the epoch."""
    finished: float
    port: PortRecord | None = None
    """None, here and below: that stage was not reached."""
    build: BuildRecord | None = None
    runs: RunsRecord | None = None
    verdict: VerdictRecord | None = None
    seconds: dict[str, float] = field(default_factory=dict)
    """Wall time by stage: fetch, unpack, port, build, boot, judge, and of a failure second boot,
    second build, third boot, without waiting for its turn. In an older record port includes what
    was fetched for it."""
    project: str = ""
    """The project it belongs to (core.places.project_id); '' in a record from before projects were
    told apart, and until the ledger has taken it."""
    inputs: dict[str, str] = field(default_factory=dict)
    """By part of the inputs its hash: what the key is made of. Empty in an older record."""
    profile: str = ""
    """The build profile that was asked for; '' the one that fits the tree. In an older record it is
    what its build shows: '' where that does not show one that is had by name alone."""
    circumstances: CircumstancesRecord | None = None
    """None: not known."""
    format: int = FORMAT
    """The version of this record's shape."""
    turn: float = field(default=0.0, compare=False)
    """Its place in the ledger's order; 0.0 before it is in one."""

    @property
    def order(self) -> tuple[float, float]:
        """Larger is newer: by the ledger's order; by the clock where it is in no ledger."""
        return (self.turn or self.finished, self.finished)

    @property
    def summary(self) -> Summary:
        return Summary(
            key=self.key,
            version=self.version,
            arch=self.arch,
            patchset=self.patchset,
            result=self.result,
            why=self.why,
            started=self.started,
            finished=self.finished,
            project=self.project,
            inputs=self.inputs,
            port_state=self.port.state if self.port else None,
            counted=Counted.of(self.verdict) if self.verdict else None,
            turn=self.turn,
            profile=self.profile,
        )

    @property
    def outcome(self) -> str:
        """The digest of what came out; see outcome.py."""
        asked = (self.version, self.arch, self.patchset, self.profile)
        return outcome_digest(asked, str(self.result), self.port, self.verdict)

    def as_json(self) -> dict[str, Any]:
        """The whole record, as --json prints it."""
        made: dict[str, Any] = codec.to_json(self)
        del made["turn"]
        return made | {
            "verdict": self.verdict.as_json() if self.verdict else None,
            "outcome": self.outcome,
        }
