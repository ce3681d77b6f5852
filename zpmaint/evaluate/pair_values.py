# SPDX-License-Identifier: GPL-2.0-only
"""What a measurement over stable pairs is made of."""

from __future__ import annotations

from collections import Counter
from dataclasses import asdict, dataclass
from enum import StrEnum
from typing import Any

from zpmaint.evaluate.diffs import changed, split
from zpmaint.evaluate.pair_store import StoredPair
from zpmaint.evaluate.values import Verdict


class Adaptation(StrEnum):
    """What the maintainers had to do to a patch: PortGPT's types (arXiv 2510.22396)."""

    NONE = "I"
    """The target has the very files that the patch was made for."""
    PLACE = "II"
    """The same lines come and go, in other places or between other lines."""
    LINES = "III/IV"
    """The lines that come or go are others."""


@dataclass(frozen=True)
class HunkFigure:
    """How a hunk was placed."""

    path: str
    placed: str
    raw: float
    """How sure the strategy is by itself."""
    confidence: float
    """How often ports as sure as that were equal."""
    why: str


@dataclass(frozen=True)
class PairResult:
    """One tool on one pair, the whole patch."""

    set: str
    mainline: str
    stable: str
    subject: str
    adaptation: Adaptation
    hard: bool
    """Whether patch -F0 refuses it."""
    extra: tuple[str, ...]
    """Files that only the backport changes; what the tool left of them is not judged."""
    tool: str
    verdict: Verdict
    confidence: float
    why: str
    hunks: tuple[HunkFigure, ...]
    """zpmaint's."""
    seconds: float
    """Of processor time."""
    bad: tuple[str, ...] = ()
    """Where it is different: the files that are."""
    result: str = ""
    """Where it is different: what zpmaint made of them, by twelve digits of a sha256."""
    difference: str = ""
    """For zpmaint, where it is different: the diff from the backport's files to its."""

    @property
    def weakest(self) -> HunkFigure | None:
        """The hunk that the whole is as sure as."""
        return min(self.hunks, key=lambda hunk: hunk.confidence, default=None)

    def as_json(self) -> dict[str, Any]:
        return asdict(self)


def adaptation(pair: StoredPair) -> Adaptation:
    """What stands between a mainline commit and its backport."""
    own = [file for file in pair.files if not file.offered]
    if all(_sha(file.base) == _sha(file.target) for file in own):
        return Adaptation.NONE
    same = _changed(pair.patch.data) == _changed(pair.theirs.data)
    return Adaptation.PLACE if same else Adaptation.LINES


def extra(pair: StoredPair) -> tuple[str, ...]:
    """The files that only the backport changes."""
    known = {file.path for file in pair.files}
    return tuple(sorted({p for d in split(pair.theirs.data) for p in d.paths} - known))


def _sha(blob: Any) -> str | None:
    return None if blob is None else blob.sha256


def _changed(patch: bytes) -> dict[str, Counter[bytes]]:
    """By file the lines that come and go, whatever stands between them."""
    found: dict[str, Counter[bytes]] = {}
    for part in split(patch):
        found.setdefault(part.path, Counter()).update(changed(part))
    return found
