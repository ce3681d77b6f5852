# SPDX-License-Identifier: GPL-2.0-only
"""How a port came about: what became of each hunk, the commits behind that, the interdiff."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, replace
from functools import partial
from typing import Any

from zpmaint.app.hunk_history import Search, Turn
from zpmaint.app.port import base_blobs, port_onto
from zpmaint.app.session import Session
from zpmaint.core.provenance import Provenance
from zpmaint.core.versions import KernelVersion
from zpmaint.diffs.series import Member
from zpmaint.patchset.values import Anchor, PatchSet
from zpmaint.port.engine import touched_by
from zpmaint.port.hunk_outcomes import hunk_outcomes
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
    patch: str = ""
    """The patch of the series; '' where the set is one patch."""

    def as_json(self) -> dict[str, Any]:
        return {
            "path": self.path,
            "patch": self.patch or None,
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
    interdiffs: Mapping[str, Interdiff]
    """What changed from the anchor to the port, by patch of the series ('' where the set is one);
    of those that went in."""
    provenance: Provenance | None = None
    """What vouches for the kernel's bytes."""

    @property
    def interdiff(self) -> Interdiff | None:
        """That of a set of one patch; None where there is no ported patch."""
        return self.interdiffs.get("")

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
            "provenance": self.provenance and asdict(self.provenance),
            "hunks": [hunk.as_json() for hunk in self.hunks],
            "members": [member.summary() for member in self.port.members],
            "interdiff": None if self.interdiff is None else self.interdiff.as_json(),
            "interdiffs": {
                patch: change.as_json() for patch, change in self.interdiffs.items() if patch
            },
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
    touched = touched_by(start)
    base = base_blobs(session, start, chain)
    look = partial(hunk_outcomes, patchset, start, base)
    now = look(chain.blobs(version, touched))
    placed = {(file.patch, file.origin, h.header): h for file in done.files for h in file.hunks}
    turned = Search(session, chain, start, version, look).turns(base, now)
    stories = [
        HunkStory(
            outcome.path,
            outcome.header,
            hunk.scope if hunk else outcome.scope,
            hunk.placed if hunk else outcome.word,
            hunk.confidence if hunk else None,
            hunk.why if hunk else outcome.why,
            found.turns,
            found.note,
            outcome.patch,
        )
        for outcome, found in zip(now, turned, strict=True)
        for hunk in [placed.get((outcome.patch, outcome.path, outcome.header))]
    ]
    proven = chain.provenance(version)
    return Explanation(done, start.base, tuple(stories), _interdiffs(start, done), proven)


def _interdiffs(start: Anchor, done: Port) -> dict[str, Interdiff]:
    if start.is_single:
        return {"": interdiff(start.patch, done.patch)} if done.patch else {}
    return {
        member.name: interdiff(_diffs(member), _diffs(replace(member, data=port.data)))
        for member, port in zip(start.series.members, done.members, strict=True)
        if port.goes_in
    }


def _diffs(member: Member) -> str:
    """The changed lines of a patch, without the mail around them."""
    return "".join(str(part.parsed) for part in member.patch.diffs if part.hunks)
