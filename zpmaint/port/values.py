# SPDX-License-Identifier: GPL-2.0-only
"""What a port is: a state, and for every hunk where it went, how, how sure, and why."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any

from zpmaint.core.text import to_text
from zpmaint.core.versions import KernelVersion
from zpmaint.diffs.reader import read_patch
from zpmaint.port.placed import Placed
from zpmaint.port.proof import CompileProof, FileProof


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
    raw: float | None = field(default=None, compare=False)
    """How sure the strategy is by itself, where `confidence` is what was measured of such hunks;
    None where it is that already."""

    most: float = field(default=1.0, compare=False)
    """What it is at most as sure as: less than 1 where a compiler was to be asked of it and could
    not be, 0 where it refused."""

    @property
    def sure(self) -> float:
        """Its confidence, and no more than `most`."""
        return min(self.confidence, self.most)

    @property
    def is_held_back(self) -> bool:
        """Whether it found a place, and is a conflict for not being as sure as is asked for."""
        return self.placed.is_conflict and self.sure > 0.0

    def as_json(self) -> dict[str, Any]:
        """The object of one hunk."""
        return {
            "header": self.header,
            "scope": self.scope,
            "placed": str(self.placed),
            "confidence": round(self.confidence, 3),
            "sure": round(self.sure, 3),
            "raw": round(self.confidence if self.raw is None else self.raw, 3),
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
    patch: str = ""
    """The patch of the series, by name; '' where the set is one patch."""
    renames: str = ""
    """The file that this one was before the patch, which renames it; '' else."""
    compiled: FileProof | None = None
    """What a compiler said of it; None where none was asked."""

    @property
    def is_held(self) -> bool:
        """Whether the kernel has all of it already, so that nothing is done to the file."""
        return bool(self.hunks) and all(hunk.placed is Placed.UPSTREAM for hunk in self.hunks)

    @property
    def origin(self) -> str:
        """The file of the patch that these hunks are from."""
        return self.moved_from or self.path

    def as_json(self) -> dict[str, Any]:
        """The object of one file."""
        return {
            "path": self.path,
            "patch": self.patch or None,
            "moved_from": self.moved_from or None,
            "conflict": self.conflict or None,
            "compiled": self.compiled.as_json() if self.compiled else None,
            "hunks": [hunk.as_json() for hunk in self.hunks],
        }


class Fate(StrEnum):
    """What became of a patch of a series."""

    APPLIES = "applies"
    """As it is, perhaps at an offset."""
    PORTED = "ported"
    """Carried on to changed code."""
    UPSTREAM = "upstream"
    """The target has all of it: nothing would be left, and it is dropped."""
    DEVELOPED = "developed since"
    """Upstream has it and went on from there; it is dropped as well."""
    CONFLICT = "conflict"
    """It has no place that could be answered for."""
    REVERSED = "reversed"
    """It was made the wrong way round: on its own base its new lines stand already."""
    UNREAD = "unread"
    """It cannot be read, or not whole; it is left out."""
    UNTRIED = "untried"
    """It comes after a conflict, and the port was to stop there."""


@dataclass(frozen=True)
class MemberPort:
    """One patch and what became of it."""

    name: str
    fate: Fate
    files: tuple[FilePort, ...]
    data: bytes
    """The patch file as it is to be written; b'' where there is none."""
    why: str
    needs: tuple[str, ...]
    """Earlier patches whose lines it speaks of, in the series' order."""
    off_base: tuple[str, ...] = ()
    """Files of which it does not apply to its own base as known, each with the reason: they were
    carried without one."""
    strip: int = 1
    """How many parts of a file name -p takes off, as its series says."""
    notes: tuple[str, ...] = ()
    """What was put right in reading it and in writing it, as lines for people."""

    @property
    def text(self) -> str:
        """The patch as it is to be written, for readers that take one part off a file's name."""
        text = to_text(self.data)
        if self.strip == 1:
            return text
        diffs = read_patch(text, self.name, self.strip).diffs
        return "".join(str(part.parsed) for part in diffs if part.hunks)

    @property
    def confidence(self) -> float:
        """The weakest hunk's; 1.0 where there is none."""
        return min((h.confidence for f in self.files for h in f.hunks), default=1.0)

    @property
    def sure(self) -> float:
        """The same, where what was to be compiled and was not counts as UNPROVEN at most."""
        return min((h.sure for f in self.files for h in f.hunks), default=1.0)

    @property
    def goes_in(self) -> bool:
        """Whether it is a patch of the ported series."""
        return self.fate in (Fate.APPLIES, Fate.PORTED)

    @property
    def is_dropped(self) -> bool:
        """Whether upstream has it, so that there is nothing to do."""
        return self.fate in (Fate.UPSTREAM, Fate.DEVELOPED)

    def summary(self) -> dict[str, Any]:
        """The object of one patch without its files."""
        return {
            "patch": self.name,
            "state": str(self.fate),
            "confidence": round(self.confidence, 3),
            "sure": round(self.sure, 3),
            "why": self.why,
            "needs": list(self.needs),
            "off_base": list(self.off_base),
            "notes": list(self.notes),
        }

    def as_json(self) -> dict[str, Any]:
        return self.summary() | {"files": [file.as_json() for file in self.files]}


@dataclass(frozen=True)
class PortStep:
    """One patch that goes in: all of the port, where the set is no series."""

    name: str
    """In its series; '' where the set is one patch."""
    text: str
    """The patch as ported, its paths below a/ and b/; the lines of its hunks are counted in the
    files as the patches before it leave them."""
    result: Mapping[str, bytes | None]
    """The whole files after it, of those that it touches; None for one that is not there then."""


def contents_of(files: Sequence[FilePort]) -> dict[str, bytes | None]:
    """By path what the files of a port hold after it, None for one that is not there then; a file
    that two sections of a patch change as the last one leaves it."""
    found: dict[str, bytes | None] = {}
    for file in files:
        if not file.is_held:
            if file.renames:
                found[file.renames] = None
            found[file.path] = file.result
    return found


def steps_of(members: Sequence[MemberPort]) -> tuple[PortStep, ...]:
    """The patches of a series that go in, in order."""
    return tuple(
        PortStep(member.name, member.text, contents_of(member.files))
        for member in members
        if member.goes_in
    )


@dataclass(frozen=True)
class Port:
    """What came of carrying a patch, or a series, onto a kernel. All or nothing: `patch` is ''
    unless every hunk was placed."""

    version: KernelVersion
    patchset: str
    state: State
    anchor: str
    """The anchor that was the start, by name."""
    files: tuple[FilePort, ...]
    """Of a series those of all its patches, in order: a file may be there for several."""
    patch: str
    """The whole patch file with its header, as it is to be written; of a series the patches that
    go in, one after the other; '' if there is none."""
    why: str
    """The state's reason in one line."""
    members: tuple[MemberPort, ...] = ()
    """The patches of a series, in order; none where the set is one patch."""
    compiled: CompileProof | None = None
    """What a compiler said of it; None where none was asked."""

    @property
    def confidence(self) -> float:
        """The weakest hunk's; 1.0 where there is none."""
        return min((h.confidence for f in self.files for h in f.hunks), default=1.0)

    @property
    def sure(self) -> float:
        """The same, where what was to be compiled and was not counts as UNPROVEN at most."""
        return min((h.sure for f in self.files for h in f.hunks), default=1.0)

    @property
    def steps(self) -> tuple[PortStep, ...]:
        """The patches that go in, in order: one where the set is no series, none where there is
        nothing to apply."""
        if not self.patch:
            return ()
        if not self.members:
            return (PortStep("", self.patch, contents_of(self.files)),)
        return steps_of(self.members)

    def contents(self, patches: int | None = None) -> dict[str, bytes | None]:
        """By path what the files that it changes hold with all of it, None for one that is
        deleted: what a build puts in their place. With `patches` after so many of the `steps`."""
        found: dict[str, bytes | None] = {}
        for step in self.steps[:patches]:
            found |= step.result
        return found

    @property
    def dropped(self) -> tuple[str, ...]:
        """The patches of a series that the kernel has already, by name."""
        return tuple(member.name for member in self.members if member.is_dropped)

    @property
    def stuck(self) -> str:
        """The first patch of the series in conflict, by name; '' where the set is one patch."""
        return next((m.name for m in self.members if m.fate is Fate.CONFLICT), "")

    def takes(self, patch: str) -> bool:
        """Whether this patch of it found its place, whatever became of those after it."""
        return self.state.leads_on or any(m.name == patch and m.goes_in for m in self.members)

    def as_json(self) -> dict[str, Any]:
        """The object that `zpmaint port --json` prints."""
        return {
            "version": str(self.version),
            "patchset": self.patchset,
            "state": str(self.state),
            "anchor": self.anchor,
            "confidence": round(self.confidence, 3),
            "sure": round(self.sure, 3),
            "why": self.why,
            "compiled": self.compiled.as_json() if self.compiled else None,
            "patch": self.patch or None,
            "members": [member.summary() for member in self.members],
            "files": [file.as_json() for file in self.files],
        }
