# SPDX-License-Identifier: GPL-2.0-only
"""Where the names of points go in a picture, so that none covers another, a point or a line. Pure.

The width of a text is only known where it is drawn; a generous guess keeps them apart anywhere.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise
from math import ceil, hypot

_LETTER = 7.0
"""Pixels that a letter of the 12 pixel font takes at most, on the average."""
_ASCENT, _DESCENT = 10.0, 3.0
_DOT = 5.0
_ROW = 14.0
_ROWS = 6
"""How many rows up and down are looked at for a free place."""

Spot = tuple[float, float]


@dataclass(frozen=True)
class Label:
    """A name, and the start, middle or end of its base line."""

    text: str
    x: float
    y: float
    anchor: str

    @property
    def box(self) -> tuple[float, float, float, float]:
        """Left, top, right, bottom."""
        wide = _LETTER * len(self.text)
        left = self.x - {"start": 0.0, "middle": wide / 2, "end": wide}[self.anchor]
        return left, self.y - _ASCENT, left + wide, self.y + _DESCENT


def placed(
    points: Sequence[tuple[str, Spot]],
    line: Sequence[Spot],
    within: tuple[float, float, float, float],
) -> list[Label]:
    """A label for each of the named points, the nearest free place for each in its turn: beside
    it, else above or below. Where all is taken it goes to the right of its point."""
    full = [(x - _DOT, y - _DOT, x + _DOT, y + _DOT) for _, (x, y) in points]
    full += [(x - 1, y - 1, x + 1, y + 1) for x, y in _along(line)]
    labels: list[Label] = []
    for name, at in points:
        offered = list(_places(name, at))
        free = (
            label
            for label in offered
            if _inside(label.box, within) and not any(_meet(label.box, other) for other in full)
        )
        labels.append(next(free, offered[0]))
        full.append(labels[-1].box)
    return labels


def _places(name: str, at: Spot) -> Iterator[Label]:
    x, y = at
    yield Label(name, x + 7, y + 4, "start")
    yield Label(name, x - 7, y + 4, "end")
    for row in range(_ROWS):
        for down in (y + _DOT + _ASCENT + row * _ROW, y - _DOT - _DESCENT - row * _ROW):
            yield Label(name, x, down, "middle")
            yield Label(name, x, down, "start")
            yield Label(name, x, down, "end")


def _along(line: Sequence[Spot]) -> Iterator[Spot]:
    """A line as spots that no label fits between."""
    for (a, b), (c, d) in pairwise(line):
        steps = max(1, ceil(hypot(c - a, d - b) / 4))
        for n in range(steps + 1):
            yield a + (c - a) * n / steps, b + (d - b) * n / steps


def _meet(one: tuple[float, ...], other: tuple[float, ...]) -> bool:
    return one[0] < other[2] and other[0] < one[2] and one[1] < other[3] and other[1] < one[3]


def _inside(one: tuple[float, ...], other: tuple[float, ...]) -> bool:
    return other[0] <= one[0] and other[1] <= one[1] and one[2] <= other[2] and one[3] <= other[3]
