"""What a port is: a state, and for every hunk where it went, how, how sure, and why."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any

from zpmaint.core.versions import KernelVersion
from zpmaint.port.placed import Placed


class State(StrEnum):
    """How a port ended. Only CONFLICT is a failure."""

    APPLIES = "applies"
    """The same change at the same place or an offset: patch -F0 takes the anchor itself."""
    PORTED = "ported"
    """The change was carried on to changed code."""
    UPSTREAM = "upstream"
    """The target already behaves as the patch wants; there is nothing to apply."""
    SUPERSEDED = "superseded"
    """The asked-for anchor's era is over: another anchor of the set is the start."""
    CONFLICT = "conflict"
    """No rule could settle it; nothing is written but the smallest conflict."""

    @property
    def leads_on(self) -> bool:
        """Whether there is a kernel to build: not where the start was wrong or nothing fitted."""
        return self not in (State.CONFLICT, State.SUPERSEDED)


@dataclass(frozen=True)
class HunkPort:
    """One hunk of the anchor and what became of it."""

    header: str
    """The hunk's line range in the anchor: @@ -1569,16 +1569,11 @@."""
    scope: str
    """The enclosing function (or macro, struct, ...) in the target; '' at file level."""
    placed: Placed
    confidence: float
    """0..1: how sure the placing is right."""
    why: str
    """The evidence in one line."""
    offset: int | None = None
    """Lines between the anchor's place and the target's; None where that has no meaning."""
    rests_on_names: bool = field(default=False, compare=False, repr=False)
    """Whether it is a conflict, or less sure, for a name of which only the whole tree can tell."""

    @property
    def is_held_back(self) -> bool:
        """Whether it found a place, and is a conflict for not being as sure as is asked for."""
        return self.placed.is_conflict and self.confidence > 0.0

    def as_json(self) -> dict[str, Any]:
        """The object of one hunk."""
        return {
            "header": self.header,
            "scope": self.scope,
            "placed": str(self.placed),
            "confidence": round(self.confidence, 3),
            "why": self.why,
            "offset": self.offset,
        }


@dataclass(frozen=True)
class FilePort:
    """One file of the patch: its hunks, and its contents after the port."""

    path: str
    hunks: tuple[HunkPort, ...]
    result: bytes | None = None
    """The whole file as ported; None where the port did not succeed or the file is deleted."""
    conflict: str = ""
    """The smallest conflict, zdiff3 style, for people to read; '' where there is none."""
    moved_from: str = ""
    """The patch's own file, where upstream moved what these hunks change out of it."""

    @property
    def origin(self) -> str:
        """The file of the patch that these hunks are from."""
        return self.moved_from or self.path

    def as_json(self) -> dict[str, Any]:
        """The object of one file."""
        return {
            "path": self.path,
            "moved_from": self.moved_from or None,
            "conflict": self.conflict or None,
            "hunks": [hunk.as_json() for hunk in self.hunks],
        }


@dataclass(frozen=True)
class Port:
    """What came of carrying a patch onto a kernel. All or nothing: `patch` is '' unless every
    hunk was placed."""

    version: KernelVersion
    patchset: str
    state: State
    anchor: str
    """The anchor that was the start, by name."""
    files: tuple[FilePort, ...]
    patch: str
    """The whole patch file with its header, as it is to be written; '' if there is none."""
    why: str
    """The state's reason in one line."""

    @property
    def confidence(self) -> float:
        """The weakest hunk's; 1.0 where there is none."""
        return min((h.confidence for f in self.files for h in f.hunks), default=1.0)

    def as_json(self) -> dict[str, Any]:
        """The object that `zpmaint port --json` prints."""
        return {
            "version": str(self.version),
            "patchset": self.patchset,
            "state": str(self.state),
            "anchor": self.anchor,
            "confidence": round(self.confidence, 3),
            "why": self.why,
            "patch": self.patch or None,
            "files": [file.as_json() for file in self.files],
        }
