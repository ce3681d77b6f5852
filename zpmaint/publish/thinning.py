# SPDX-License-Identifier: GPL-2.0-only
"""Fewer points of a line, and none of its extremes lost. Pure.

Of each stretch of the line its first, lowest, highest and last point are kept (M4: U. Jugel,
Z. Jerzak, G. Hackenbroich, V. Markl: M4: A Visualization-Oriented Time Series Data Aggregation,
PVLDB 7:797, 2014): drawn at the stretch's width in pixels, the line looks as all of it would.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Sequence

Point = tuple[float, float]
"""Across and up."""


def thinned(points: Sequence[Point], stretches: int) -> list[Point]:
    """`points` in order, at most four of each of `stretches` equal parts of their width."""
    across, up = [x for x, _ in points], [y for _, y in points]
    return [points[at] for at in kept(across, up, stretches)]


def kept(across: Sequence[float], up: Sequence[float], stretches: int) -> list[int]:
    """The places of those points; `across` grows."""
    count = len(across)
    if count <= 4 * stretches:
        return list(range(count))
    low = across[0]
    width = (across[-1] - low) / stretches or 1.0

    def stretch(x: float) -> int:
        return min(int((x - low) / width), stretches - 1)

    places: list[int] = []
    first = 0
    while first < count:
        end = bisect_left(across, stretch(across[first]) + 1, lo=first, key=stretch)
        part = up[first:end]
        ends = {first, first + part.index(min(part)), first + part.index(max(part)), end - 1}
        places += sorted(ends)
        first = end
    return places
