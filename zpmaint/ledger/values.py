"""What is remembered of one verification."""

from __future__ import annotations

from dataclasses import asdict, dataclass, field
from typing import Any

from zpmaint.core.result import Result


@dataclass(frozen=True)
class Record:
    """One verification of one patch set on one kernel and architecture."""

    key: str
    """Hash over all inputs: patch set, config, zpmaint's data files, version, arch."""
    version: str
    arch: str
    patchset: str
    result: Result
    why: str
    """One line."""
    started: float
    """Seconds since the epoch."""
    finished: float
    port: dict[str, Any] | None = None
    """Port.as_json(), without the patch text twice: its `patch` is the whole file."""
    build: dict[str, Any] | None = None
    """{'stock': Kernel as a dict, 'patched': ... or None}; paths as strings."""
    runs: dict[str, Any] | None = None
    """{'stock': Run as a dict, 'patched': ... or None}; `console` holds the path, and `tail` the
    console's last lines as one text: a ledger travels without the consoles."""
    verdict: dict[str, Any] | None = None
    """dataclasses.asdict(Verdict)."""
    seconds: dict[str, float] = field(default_factory=dict)
    """Wall time by stage: port (fetching what it needs included), build, boot."""

    def as_json(self) -> dict[str, Any]:
        """The whole record, as --json prints it."""
        return asdict(self) | {"result": str(self.result)}
