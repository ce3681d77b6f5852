# SPDX-License-Identifier: GPL-2.0-only
"""What a strategy is given, and what it gives back."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import cached_property, lru_cache

from zpmaint.merge.lines import join, squeezed
from zpmaint.merge.splice import in_order, spliced
from zpmaint.port.hunks import Change, nearest
from zpmaint.port.placed import Placed
from zpmaint.port.scopes import Scope, Source, source
from zpmaint.port.terms import STRICT, Terms


@dataclass(frozen=True)
class Job:
    """One hunk to be placed in one target."""

    change: Change
    target: Source
    base: Source | None
    """The file the anchor was cut against, where it can be had."""
    wrote: frozenset[str] = frozenset()
    """The lines that the patch adds to this file, in all of its hunks."""
    terms: Terms = STRICT
    siblings: tuple[Change, ...] = ()
    """All hunks of the patch in this file, this one among them."""

    @cached_property
    def after(self) -> Source | None:
        """The base with the whole patch done; None where it is not to be had."""
        if self.base is None:
            return None
        edits = []
        for change, start in zip(self.siblings, self._starts, strict=True):
            if start is None:
                return None
            edits.append((start, start + len(change.pre), change.post))
        if not in_order(edit[:2] for edit in edits):
            return None
        return source(join(spliced(self.base.lines, edits)), self.base.language)

    @cached_property
    def base_at(self) -> int | None:
        """Where the pre-image stands in the base, as the anchor was cut there or against a
        neighbour of it: the match nearest to the header's line and the offset of the hunk before,
        as patch has it. None without a base or without a match."""
        if self.base is None:
            return None
        if not self.change.pre:
            return 0 if not self.base.lines else None
        for change, start in zip(self.siblings, self._starts, strict=True):
            if change is self.change:
                return start
        return nearest(self.base.lines, self.change.pre, self.change.start + self._offset_here)

    @property
    def _starts(self) -> tuple[int | None, ...]:
        """Where each sibling stands in the base."""
        assert self.base is not None
        return _starts(self.base, self.siblings)

    @property
    def _offset_here(self) -> int:
        """The offset of the sibling that a change (a piece of one, say) stands in or behind."""
        before = [
            start - change.start
            for change, start in zip(self.siblings, self._starts, strict=True)
            if start is not None and change.start <= self.change.start
        ]
        return before[-1] if before else 0

    @cached_property
    def home(self) -> Scope | None:
        """The one scope in the anchor that all the hunk's changes stand in; None at file level
        or where it is not known."""
        if self.base is not None and self.base_at is not None:
            scopes = self.change.scopes_in(self.base, self.base_at)
            return scopes[0] if len(scopes) == 1 else None
        return self.change.own_scope

    @cached_property
    def knows_home(self) -> bool:
        """Whether the scope (file level included) is known and not only not found."""
        return self.base_at is not None or self.change.own_scope is not None


@lru_cache(maxsize=256)
def _starts(base: Source, changes: tuple[Change, ...]) -> tuple[int | None, ...]:
    """Where the hunks of one file stand, each looked for from the offset of the one before."""
    found = []
    offset = 0
    for change in changes:
        at = nearest(base.lines, change.pre, change.start + offset)
        if at is not None:
            offset = at - change.start
        found.append(at)
    return tuple(found)


@dataclass(frozen=True)
class Placement:
    """Where a hunk goes: target lines [start, end) become `lines`."""

    start: int
    end: int
    lines: tuple[str, ...]
    placed: Placed
    confidence: float
    why: str
    offset: int | None = None
    rests_on_names: bool = False
    """Whether it is less sure for a name of which only the whole tree can tell."""


@dataclass(frozen=True)
class Miss:
    """Why a strategy could not place a hunk."""

    why: str
    conflict: str = ""
    """The smallest conflict it saw, zdiff3 style."""
    weight: int = field(default=0)
    """How near it came: of several misses the one with the highest is shown."""
    done: Placed | None = None
    """UPSTREAM where the target has the hunk, GONE where upstream deleted what it changes."""
    leaves: frozenset[str] = frozenset()
    """Names that the file must be without in the end for it to be done."""
    rests_on_names: bool = False
    """Whether it was refused for a name that the target's file does not use."""


Attempt = Placement | Miss


def narrowed(start: int, before: list[str], after: list[str]) -> tuple[int, int, tuple[str, ...]]:
    """The smallest replacement that turns the lines `before`, which stand at `start`, into
    `after`."""
    head = 0
    most = min(len(before), len(after))
    while head < most and before[head] == after[head]:
        head += 1
    tail = 0
    while tail < most - head and before[-1 - tail] == after[-1 - tail]:
        tail += 1
    stop = len(before) - tail
    return start + head, start + stop, tuple(after[head : len(after) - tail])


def tidied(target: list[str], start: int, end: int, lines: Sequence[str]) -> tuple[int, int]:
    """Where a deletion would leave two empty lines in a row, take one along."""
    around = target[start - 1 : start] + target[end : end + 1]
    if not lines and start < end and len(around) == 2 and not any(map(squeezed, around)):
        return start, end + 1
    return start, end
