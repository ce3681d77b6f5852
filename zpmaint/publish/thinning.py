# SPDX-License-Identifier: GPL-2.0-only
"""Fewer points of a line, and none of its extremes lost. Pure.

Of each stretch of the line its first, lowest, highest and last point are kept (M4: U. Jugel,
Z. Jerzak, G. Hackenbroich, V. Markl: M4: A Visualization-Oriented Time Series Data Aggregation,
PVLDB 7:797, 2014): drawn at the stretch's width in pixels, the line looks as all of it would.
"""

from __future__ import annotations

from collections.abc import Sequence

Point = tuple[float, float]
"""Across and up."""


def thinned(points: Sequence[Point], stretches: int) -> list[Point]:
    """`points` in order, at most four of each of `stretches` equal parts of their width."""
    if len(points) <= 4 * stretches:
        return list(points)
    low, high = points[0][0], points[-1][0]
    width = (high - low) / stretches or 1.0
    parts: dict[int, list[Point]] = {}
    for point in points:
        parts.setdefault(min(int((point[0] - low) / width), stretches - 1), []).append(point)
    kept: list[Point] = []
    for part in parts.values():
        ends = {0, len(part) - 1}
        heights = [up for _, up in part]
        ends |= {heights.index(min(heights)), heights.index(max(heights))}
        kept += [part[at] for at in sorted(ends)]
    return kept
