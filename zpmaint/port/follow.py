# SPDX-License-Identifier: GPL-2.0-only
"""Where the base's lines went in the target, and how well one can tell.

The whole of a region (a scope, or the file where there is none) is followed at once; a line that
upstream edited is followed to what it became.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property, lru_cache

from zpmaint.merge.align import align, gaps
from zpmaint.merge.lines import squeezed
from zpmaint.merge.renames import pair_edited, substitutions
from zpmaint.merge.tokens import identifiers
from zpmaint.port.scopes import Source

_EDITED_NEAR = 60
"""Runs longer than this are not searched for edited lines: too much is new in them."""


@dataclass(frozen=True)
class Region:
    """Lines [start, end) of a source."""

    source: Source
    start: int
    end: int

    @cached_property
    def plain(self) -> list[str]:
        """Its lines squeezed."""
        return [squeezed(line) for line in self.source.lines[self.start : self.end]]

    def plain_at(self, line: int) -> str:
        """A line by the source's numbers, squeezed: of the region, or the empty ones after it that
        a change of its last line takes along."""
        if self.start <= line < self.end:
            return self.plain[line - self.start]
        return squeezed(self.source.lines[line])

    @cached_property
    def counts(self) -> Counter[str]:
        """How often each squeezed line stands in it."""
        return Counter(self.plain)


class Followed:
    """The fates of a region's lines. Line numbers are the sources' own."""

    def __init__(self, base: Region, target: Region) -> None:
        self.base = base
        self.target = target
        self.same, self.edited = _fates(tuple(base.plain), tuple(target.plain))

    def kept(self, line: int) -> int | None:
        """Where a base line stands unchanged (but for white space)."""
        to = self.same.get(line - self.base.start)
        return None if to is None else to + self.target.start

    def went(self, line: int) -> int | None:
        """Where a base line stands, edited or not."""
        to = self.same.get(line - self.base.start, self.edited.get(line - self.base.start))
        return None if to is None else to + self.target.start

    def is_unique(self, line: int) -> bool:
        """Whether a base line is code that stands once in both regions."""
        n = line - self.base.start
        if not 0 <= n < len(self.base.plain):
            return False
        text = self.base.plain[n]
        return (
            self.base.counts[text] == 1 == self.target.counts[text] and len(identifiers(text)) > 0
        )

    def by_text(self, line: int) -> int | None:
        """Where a line stands that is unique in both, though upstream moved it out of order."""
        if not self.is_unique(line):
            return None
        return self.target.plain.index(self.base.plain_at(line)) + self.target.start

    def chain(self, line: int, step: int) -> list[int]:
        """Base lines from `line` on, in steps of 1 or -1, that stand in a row in the target."""
        found: list[int] = []
        at = self.kept(line)
        while at is not None and len(found) < 8:
            found.append(line)
            line += step
            after = self.kept(line)
            if after != at + step:
                break
            at = after
        return found


@lru_cache(maxsize=256)
def _fates(one: tuple[str, ...], other: tuple[str, ...]) -> tuple[dict[int, int], dict[int, int]]:
    same = dict(align(one, other))
    edited: dict[int, int] = {}
    for a, b, c, d in gaps(one, other, sorted(same.items())):
        if 0 < b - a <= _EDITED_NEAR and 0 < d - c <= _EDITED_NEAR:
            edited.update((a + i, c + j) for i, j in pair_edited(one[a:b], other[c:d]))
    return same, edited


@lru_cache(maxsize=64)
def replaced(base: Source, target: Source) -> frozenset[str]:
    """The names that upstream put another name in the stead of, in lines that are else the same."""
    return frozenset(substitutions(base.lines, target.lines))


@lru_cache(maxsize=64)
def successors(base: Source, target: Source) -> dict[str, str]:
    """Names that the base's file defines, with those that the target's file defines in their
    stead: in lines that are else the same upstream put one for the other, and no third."""
    found = {}
    for old, votes in substitutions(base.lines, target.lines).items():
        new = next(iter(votes))
        lost = old in base.defines and old not in target.names
        came = new in target.defines and new not in base.names
        if len(votes) == 1 and lost and came:
            found[old] = new
    taken = Counter(found.values())
    return {old: new for old, new in found.items() if taken[new] == 1}


def code_lines(lines: Sequence[str]) -> int:
    """How many of some lines say anything: names, not only braces and blanks."""
    return sum(bool(identifiers(line)) for line in lines)
