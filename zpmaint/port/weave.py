# SPDX-License-Identifier: GPL-2.0-only
"""A file with a series woven in: every line that it ever had, with the patch that brought it and
the one that took it away. Pure.

From it comes the file's text with any of the patches and without the others. The states one after
the other do not give that: a patch in the middle can be left out though later ones stand on it.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass, field

from zpmaint.merge.align import gaps
from zpmaint.port.hunks import Change

BASE = -1
"""The owner of a line that the kernel itself has."""


@dataclass(eq=False)
class Line:
    """A line of a file at some time."""

    text: str
    owner: int
    """The number of the patch that brought it, or BASE."""
    taker: int | None = None
    """The number of the patch that took it away."""

    def is_in(self, patches: Collection[int]) -> bool:
        """Whether it stands where of the series just these patches are in."""
        return (self.owner == BASE or self.owner in patches) and self.taker not in patches


@dataclass(frozen=True)
class Woof:
    """What a hunk does."""

    brings: tuple[Line, ...]
    takes: tuple[Line, ...]


@dataclass(eq=False)
class Woven:
    """A file through all its states."""

    first: str
    """Its name before the series, or the one that it was created by."""
    lines: list[Line] = field(default_factory=list)
    names: list[tuple[int, str]] = field(default_factory=list)
    """The patches that renamed it, each with the new name."""

    def path(self, patches: Collection[int]) -> str:
        """Its name with these patches in."""
        return next((name for n, name in reversed(self.names) if n in patches), self.first)

    def with_(self, patches: Collection[int]) -> list[Line]:
        """Its lines with these patches in."""
        return [line for line in self.lines if line.is_in(patches)]

    def change(self, places: Iterable[tuple[Change, int]], patch: int) -> tuple[Woof, ...]:
        """Do a patch's hunks at their places: rising lines of what the file is now."""
        now = [n for n, line in enumerate(self.lines) if line.taker is None]
        done: list[Woof] = []
        woven: list[Line] = []
        taken_up = 0  # so many of the lines are in `woven`
        for change, at in places:
            brings: list[Line] = []
            takes: list[Line] = []
            place = at
            for kind, text in change.lines:
                if kind == "+":
                    upto = now[place - 1] + 1 if place else 0
                    if upto > taken_up:
                        woven += self.lines[taken_up:upto]
                        taken_up = upto
                    brings.append(Line(text, patch))
                    woven.append(brings[-1])
                    continue
                if kind == "-":
                    self.lines[now[place]].taker = patch
                    takes.append(self.lines[now[place]])
                place += 1
            done.append(Woof(tuple(brings), tuple(takes)))
        self.lines = woven + self.lines[taken_up:]
        return tuple(done)

    def become(self, texts: Sequence[str], name: str, patch: int) -> Woof:
        """Be another file from here on, of which some lines are this one's: what a patch does that
        deletes a file and creates one like it."""
        now = [line for line in self.lines if line.taker is None]
        place = {id(line): n for n, line in enumerate(self.lines)}
        woven: list[Line] = []
        brings: list[Line] = []
        takes: list[Line] = []
        taken_up = 0
        for a, b, c, d in gaps([line.text for line in now], list(texts)):
            new = [Line(text, patch) for text in texts[c:d]]
            for line in now[a:b]:
                line.taker = patch
            upto = place[id(now[b - 1])] + 1 if b else 0
            woven += [*self.lines[taken_up:upto], *new]
            taken_up = max(taken_up, upto)
            brings += new
            takes += now[a:b]
        self.lines = woven + self.lines[taken_up:]
        self.names.append((patch, name))
        return Woof(tuple(brings), tuple(takes))
