# SPDX-License-Identifier: GPL-2.0-only
"""What a threshold on confidence buys: fewer silent differences for fewer ports. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from zpmaint.evaluate.values import Result, Verdict
from zpmaint.evaluate.verdicts import Tally, tally

_SAME = 1e-9


@dataclass(frozen=True)
class Point:
    """What is left when ports below a confidence count as conflicts."""

    threshold: float
    equal: float
    """Percent of the cases."""
    different: float

    @property
    def clean(self) -> float:
        return self.equal + self.different


def curve(results: Sequence[Result]) -> list[Point]:
    """One point for every confidence that occurs, rising; the results of one tool."""
    total = len(results)
    clean = [row for row in results if row.verdict is not Verdict.CONFLICT]
    points: list[Point] = []
    for threshold in sorted({row.confidence for row in clean}):
        kept = [row for row in clean if row.confidence >= threshold]
        equal = sum(row.verdict is Verdict.EQUAL for row in kept)
        points.append(Point(threshold, 100 * equal / total, 100 * (len(kept) - equal) / total))
    return points


@dataclass(frozen=True)
class Equalled:
    """zpmaint held back to the coverage of another tool."""

    tool: str
    other: Tally
    point: Point | None
    """zpmaint at the lowest threshold that gives no more ports than the tool; None where even
    the highest gives more."""
    reaches: bool
    """Whether zpmaint, without a threshold, covers as much as the tool."""


def at_equal_coverage(points: Sequence[Point], tool: str, results: Sequence[Result]) -> Equalled:
    """The point of zpmaint's curve to hold against a tool's `results`."""
    other = tally(results)
    covered = other.share(other.clean)
    fitting = [point for point in points if point.clean <= covered + _SAME]
    return Equalled(
        tool,
        other,
        max(fitting, key=lambda point: point.clean, default=None),
        bool(points) and points[0].clean >= covered - _SAME,
    )
