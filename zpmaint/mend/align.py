# SPDX-License-Identifier: GPL-2.0-only
"""Laying a damaged hunk over the base: which posted line is which line of the file.

The base says what the context and the removed lines are, byte for byte; the posting only has to
be recognised. Every way to read the hunk that agrees with the base and with the counts of its
header is weighed; two equally good ways that would change different things are an error.
"""

from __future__ import annotations

import heapq
import itertools
from collections.abc import Sequence
from dataclasses import dataclass, replace
from enum import Enum

from zpmaint.diffs.grammar import NO_NEWLINE
from zpmaint.mend.addresses import agrees, hides, shown
from zpmaint.mend.characters import plain
from zpmaint.mend.posting import Posted, PostedHunk

_WRAPS_AT = 50  # characters; no mailer breaks a line that is shorter
_JOINS = 3  # a mailer that breaks a line breaks it at most this often

# What each reading costs. Only the order matters: plain reading, damage known to be common,
# damage that is rare.
_LENIENT = 1
_JOIN = 4
_BLANK_LOST = 6
_BLANK_EXTRA = 6
_MARK_AS_TEXT = 5


class Kind(Enum):
    """What a line of a hunk is."""

    KEPT = " "
    REMOVED = "-"
    ADDED = "+"


@dataclass(frozen=True)
class Line:
    """One line of a hunk as it was recognised."""

    kind: Kind
    base: int | None
    """Its index in the base; None for an added line."""
    posted: tuple[Posted, ...]
    """The posted lines it was read from: several if it was wrapped, none if it was lost."""
    at_end: bool = False
    """Whether '\\ No newline at end of file' follows."""

    @property
    def text(self) -> str:
        """What was posted behind the mark, wrapped parts joined by the blank they broke at."""
        first, *rest = (p.text for p in self.posted)
        body = first[1:] if self.kind is not Kind.KEPT or first.startswith(" ") else first
        return " ".join([body.rstrip(), *(part.strip() for part in rest)]) if rest else body


@dataclass(frozen=True)
class Aligned:
    """A hunk laid over the base."""

    start: int
    """Index of its first line in the base."""
    lines: tuple[Line, ...]
    extra_blanks: int
    """Blank lines of the posting that belong to nothing."""
    tail: tuple[Posted, ...]
    """What follows the hunk's last line: prose, a signature."""
    unclear: Posted | None
    """A line that can be read in two ways with two different results."""

    @property
    def is_plain(self) -> bool:
        """Whether no line had to be lost, broken or left over for this reading."""
        return not self.extra_blanks and all(len(line.posted) == 1 for line in self.lines)


@dataclass(frozen=True)
class Unread:
    """How far a reading came: the posted line nothing fits, or None where lines are missing."""

    at: int
    line: Posted | None
    wanted: int
    """Index in the base of the line that was expected there."""


@dataclass(frozen=True)
class _Way:
    """A way to read the hunk up to a point, as a chain; `effect` identifies what it changes."""

    cost: int
    effect: int
    line: Line | None
    before: _Way | None
    extra_blanks: int = 0
    unclear: Posted | None = None

    def then(self, cost: int, line: Line, effect: object) -> _Way:
        return _Way(
            self.cost + cost,
            hash((self.effect, effect)) if effect is not None else self.effect,
            line,
            self,
            self.extra_blanks,
            self.unclear,
        )

    def lines(self) -> tuple[Line, ...]:
        out: list[Line] = []
        way: _Way | None = self
        while way is not None:
            if way.line is not None:
                out.append(way.line)
            way = way.before
        return tuple(reversed(out))


def key(text: str) -> str:
    """What of a line survives the damage to blanks: its other characters. Latin-1 bytes of a
    source compare equal to the characters a page shows for them, curly quotes to plain ones."""
    return "".join(c for c in plain(text) if not c.isspace())


def align(hunk: PostedHunk, keys: Sequence[str], start: int) -> Aligned | Unread:
    """Read `hunk` with its first line at index `start` of the base whose line keys are `keys`."""
    reader = _Reader(hunk, keys[start : start + hunk.old_count])
    return reader.read(start)


def _rest(parts: Sequence[Posted]) -> str:
    return "".join(f" {part.text.strip()}" for part in parts[1:])


class _Reader:
    """The cheapest way through posted lines x base lines x lines of the result."""

    def __init__(self, hunk: PostedHunk, wanted: Sequence[str]) -> None:
        self.hunk = hunk
        self.body = hunk.body
        self.wanted = wanted
        self.goal = (hunk.old_count, hunk.new_count)
        # ways[p][(old, new)]: the best way that has read p posted lines, `old` lines of the
        # base and made `new` lines of the result.
        self.ways: list[dict[tuple[int, int], _Way]] = [{} for _ in range(len(self.body) + 1)]

    def read(self, start: int) -> Aligned | Unread:
        if len(self.wanted) < self.hunk.old_count:
            return Unread(0, self.body[0] if self.body else None, start)
        self.ways[0][(0, 0)] = _Way(0, 0, None, None)
        ends: list[tuple[bool, int, int, _Way]] = []
        reached, wanted = 0, 0
        for at in range(len(self.body) + 1):
            ways = self.ways[at]
            todo = sorted(ways)
            while todo:  # a lost blank line adds a later state of the same `at`
                old, new = heapq.heappop(todo)
                way = ways[(old, new)]
                if (old, new) == self.goal:
                    ends.append((self._loose_after(at) is not None, way.cost, at, way))
                before = set(ways)
                self._steps(at, old, new, way, start)
                for state in ways.keys() - before:
                    heapq.heappush(todo, state)
                reached, wanted = max((reached, wanted), (at, old))
        if not ends:
            line = self.body[reached] if reached < len(self.body) else None
            return Unread(reached, line, start + wanted)
        loose, cost, at, way = min(ends, key=lambda end: end[:3])
        if loose:
            after = self._loose_after(at)
            assert after is not None
            return Unread(after, self.body[after], start + self.hunk.old_count)
        unclear = way.unclear
        for also_loose, other_cost, _, other in ends:
            if not also_loose and other_cost == cost and other.effect != way.effect:
                unclear = unclear or self._first_difference(way, other)
        return Aligned(start, way.lines(), way.extra_blanks, self.body[at:], unclear)

    def _first_difference(self, one: _Way, other: _Way) -> Posted:
        for a, b in zip(one.lines(), other.lines(), strict=False):
            if a != b:
                return next(iter(a.posted + b.posted), self.hunk.header)
        return self.hunk.header

    def _loose_after(self, at: int) -> int | None:
        """The first line from `at` on that looks like one of the hunk."""
        return next((i for i in range(at, len(self.body)) if self._is_loose(i)), None)

    def _is_loose(self, at: int) -> bool:
        """A line behind the hunk's end that looks like one of it: nothing is dropped silently."""
        text = self.body[at].text
        if NO_NEWLINE.match(text):
            return True
        return text[:1] in ("+", "-") and text.rstrip() not in ("--", "---")

    def _put(self, at: int, old: int, new: int, way: _Way) -> None:
        ways = self.ways[at]
        there = ways.get((old, new))
        if there is None or way.cost < there.cost:
            ways[(old, new)] = way
        elif way.cost == there.cost and there.unclear is None:
            unclear = way.unclear
            if unclear is None and way.effect != there.effect:
                unclear = self.body[min(at, len(self.body) - 1)]
            ways[(old, new)] = replace(there, unclear=unclear)

    def _steps(self, at: int, old: int, new: int, way: _Way, start: int) -> None:
        old_left = old < self.hunk.old_count
        new_left = new < self.hunk.new_count
        if old_left and new_left and not self.wanted[old]:
            lost = Line(Kind.KEPT, start + old, ())
            self._put(at, old + 1, new + 1, way.then(_BLANK_LOST, lost, old))
        if at == len(self.body):
            return
        text = self.body[at].text
        if not text.strip():
            extra = _Way(
                way.cost + _BLANK_EXTRA,
                way.effect,
                None,
                way,
                way.extra_blanks + 1,
                way.unclear,
            )
            self._put(at + 1, old, new, extra)
        if NO_NEWLINE.match(text) and way.line is not None:
            ended = Line(way.line.kind, way.line.base, way.line.posted, at_end=True)
            assert way.before is not None
            self._put(
                at + 1,
                old,
                new,
                _Way(
                    way.cost,
                    hash((way.effect, "end")),
                    ended,
                    way.before,
                    way.extra_blanks,
                    way.unclear,
                ),
            )
            return
        if old_left and new_left:
            for parts, cost in self._matches(at, text, self.wanted[old]):
                marked = _MARK_AS_TEXT if text[:1] in ("+", "-") else 0
                kept = Line(Kind.KEPT, start + old, parts)
                self._put(at + len(parts), old + 1, new + 1, way.then(cost + marked, kept, old))
        if old_left and text.startswith("-"):
            for parts, cost in self._matches(at, text[1:], self.wanted[old]):
                removed = Line(Kind.REMOVED, start + old, parts)
                self._put(at + len(parts), old + 1, new, way.then(cost, removed, None))
        if new_left and text.startswith("+"):
            for parts in self._joined(at):
                if not self._is_wrap(parts):
                    break
                added = Line(Kind.ADDED, None, parts)
                cost = _JOIN * (len(parts) - 1)
                self._put(at + len(parts), old, new + 1, way.then(cost, added, key(added.text)))

    def _joined(self, at: int) -> list[tuple[Posted, ...]]:
        """The line alone, and with one or more lines after it as its wrapped rest."""
        out: list[tuple[Posted, ...]] = [(self.body[at],)]
        if not self.body[at].text[1:].strip():
            return out
        for following in self.body[at + 1 : at + 1 + _JOINS]:
            if not following.text.strip() or NO_NEWLINE.match(following.text):
                break
            out.append((*out[-1], following))
        return out

    def _is_wrap(self, parts: tuple[Posted, ...]) -> bool:
        """Whether an added line can have been broken into `parts`: no base confirms it, so a
        rest must look like one. A mailer breaks long lines only, and leaves no blank in front."""
        return all(
            len(before.text) + len(rest.text.split()[0]) >= _WRAPS_AT
            and rest.text[0] not in " \t+-"
            and key(rest.text) not in self.wanted
            for before, rest in itertools.pairwise(parts)
        )

    def _matches(self, at: int, first: str, wanted: str) -> list[tuple[tuple[Posted, ...], int]]:
        """The ways to read `wanted` from the line at `at`, whose text is `first`, on."""
        out: list[tuple[tuple[Posted, ...], int]] = []
        if not wanted:
            return [((self.body[at],), 0)] if not first.strip() else []
        for parts in self._joined(at) if first.strip() else []:
            text = key(first + "".join(part.text for part in parts[1:]))
            if text == wanted or (
                hides(first) and agrees(key(shown(first + _rest(parts))), wanted)
            ):
                out.append((parts, _LENIENT + _JOIN * (len(parts) - 1) + self._marks(parts)))
            if len(text) >= len(wanted) and not hides(first):
                break
        return out

    def _marks(self, parts: tuple[Posted, ...]) -> int:
        """A wrapped rest that begins with a mark is more likely a line of its own."""
        return sum(_MARK_AS_TEXT for part in parts[1:] if part.text[:1] in ("+", "-"))
