"""What a strategy is given, and what it gives back."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import cached_property

from zpmaint.merge.lines import join, squeezed
from zpmaint.merge.splice import in_order, spliced
from zpmaint.port.hunks import Change, find_all
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
        for change in self.siblings:
            places = find_all(self.base.lines, change.pre)
            start = min(places, key=lambda n: abs(n - change.start), default=None)
            if start is None:
                return None
            edits.append((start, start + len(change.pre), change.post))
        if not in_order(edit[:2] for edit in edits):
            return None
        return source(join(spliced(self.base.lines, edits)), self.base.language)

    @cached_property
    def base_at(self) -> int | None:
        """Where the pre-image stands in the base: the nearest match, as the anchor was cut there
        or against a neighbour of it. None without a base or without a match."""
        if self.base is None:
            return None
        if not self.change.pre:
            return 0 if not self.base.lines else None
        places = find_all(self.base.lines, self.change.pre)
        return min(places, key=lambda n: abs(n - self.change.start), default=None)

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
