"""How a port came about: each hunk's fate, the upstream commits that turned it, the interdiff."""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial
from typing import Any

from zpmaint.app.hunk_history import Search, Turn
from zpmaint.app.port import base_blobs, port_onto
from zpmaint.app.session import Session
from zpmaint.core.versions import KernelVersion
from zpmaint.patchset.values import PatchSet
from zpmaint.port.engine import paths
from zpmaint.port.hunk_outcomes import fates
from zpmaint.port.interdiff import Interdiff, interdiff
from zpmaint.port.values import Port
from zpmaint.sources.chain import Chain


@dataclass(frozen=True)
class HunkStory:
    """One hunk of the anchor and how it came to its place."""

    path: str
    header: str
    scope: str
    placed: str
    """The strategy; 'conflict' or 'upstream' where there is no place."""
    confidence: float | None
    """None where the port did not look at the hunk: its anchor is superseded."""
    why: str
    turns: tuple[Turn, ...]
    """The commits that turned it; see Turns."""
    note: str

    def as_json(self) -> dict[str, Any]:
        return {
            "path": self.path,
            "header": self.header,
            "scope": self.scope,
            "placed": self.placed,
            "confidence": None if self.confidence is None else round(self.confidence, 3),
            "why": self.why,
            "turns": [turn.as_json() for turn in self.turns],
            "note": self.note or None,
        }


@dataclass(frozen=True)
class Explanation:
    """How one port came about."""

    port: Port
    base: KernelVersion
    """The kernel whose files the anchor was cut against."""
    hunks: tuple[HunkStory, ...]
    interdiff: Interdiff | None
    """What changed from the anchor to the port; None where there is no ported patch."""

    def as_json(self) -> dict[str, Any]:
        """The object that `zpmaint explain --json` prints."""
        return {
            "version": str(self.port.version),
            "patchset": self.port.patchset,
            "state": str(self.port.state),
            "anchor": self.port.anchor,
            "base": str(self.base),
            "why": self.port.why,
            "confidence": round(self.port.confidence, 3) if self.port.files else None,
            "hunks": [hunk.as_json() for hunk in self.hunks],
            "interdiff": None if self.interdiff is None else self.interdiff.as_json(),
        }


def explain(
    session: Session,
    patchset: PatchSet,
    version: KernelVersion,
    chain: Chain,
    *,
    anchor: str | None = None,
) -> Explanation:
    """Port `patchset` onto `version` and tell how that came about.

    Commits are named where one git repository of `chain` (or of the project) has both the
    anchor's base and `version`; elsewhere the notes say that none has."""
    done = port_onto(session, patchset, version, chain, anchor=anchor)
    start = next(a for a in patchset.anchors if a.name == done.anchor)
    touched = paths(start.patch)
    base = base_blobs(session, start, chain)
    look = partial(fates, patchset, start, base)
    now = look(chain.blobs(version, touched))
    placed = {(file.origin, h.header): h for file in done.files for h in file.hunks}
    turned = Search(session, chain, start, version, look).turns(base, now)
    stories = [
        HunkStory(
            fate.path,
            fate.header,
            hunk.scope if hunk else fate.scope,
            hunk.placed if hunk else fate.word,
            hunk.confidence if hunk else None,
            hunk.why if hunk else fate.why,
            found.turns,
            found.note,
        )
        for fate, found in zip(now, turned, strict=True)
        for hunk in [placed.get((fate.path, fate.header))]
    ]
    compared = interdiff(start.patch, done.patch) if done.patch else None
    return Explanation(done, start.base, tuple(stories), compared)
