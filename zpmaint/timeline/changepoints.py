# SPDX-License-Identifier: GPL-2.0-only
"""Where the level of a series of figures changes. Pure arithmetic; nothing of kernels in it.

Figures that repeat exactly (instructions counted, memory held) have no noise: every move is real,
and all that is to be said is which moves count. That is `moves`: a figure counts that lies farther
than a declared bound from where the level stood at the last change, so that small steps in one
direction add up to one.

Figures that are measured (times) have noise, and `levels` tells a change from it: seeded binary
segmentation (S. Kovacs, P. Buehlmann, H. Li, A. Munk: Seeded binary segmentation, Biometrika
110:249, 2023), the largest CUSUM first, on fixed intervals, so that the same series gives the same
answer. The noise is the median absolute deviation of first differences; the threshold grows with
sqrt(2 log n) (P. Fryzlewicz: Wild binary segmentation, Annals of Statistics 42:2243, 2014).

Logarithms are taken, since the noise of times is relative. What lies farther than three deviations
from the median of its seven neighbours is taken at three: one odd run is no change. All of this
needs that the noise of one figure tells nothing of the next one's: a host that slows down for a
while is a change to it.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import accumulate, pairwise
from math import ceil, log, sqrt
from statistics import median

FEWEST = 10
"""Of measured figures; of fewer nothing is said."""
SHORTEST = 3
"""Measured figures on either side of a change: fewer are odd runs."""
THRESHOLD = 1.5
"""Times sqrt(2 log n) standard deviations; found by trying on noise, see the tests."""
_SMALL = 10.0
"""Short series, whose noise is known less well, have to show more: times 1 + _SMALL / n."""
_SHRINK = 1 / sqrt(2)
_LEAST_NOISE = 0.001  # of the figure: what rounding makes of times
_TO_DEVIATION = 1 / (0.6745 * sqrt(2))  # from the median of differences of two normal figures


@dataclass(frozen=True)
class Step:
    """A change of level between figure `at - 1` and figure `at`."""

    at: int
    before: float
    """The level before: the figure at the last change, or the median of measured figures."""
    after: float
    since: int
    """Where the level before began."""
    creeping: bool = False
    """Whether many small moves came to this, none of them beyond the bound."""


def moves(figures: Sequence[float], share: float, floor: float = 0.0) -> list[Step]:
    """The changes of exact figures: more than `share` of the level (0.05 is 5 %) and than `floor`
    in the figures' own unit."""
    found: list[Step] = []
    since = 0
    for at in range(1, len(figures)):
        level, figure = figures[since], figures[at]
        if _is_beyond(level, figure, share, floor):
            creeping = not _is_beyond(figures[at - 1], figure, share, floor)
            found.append(Step(at, level, figure, since, creeping))
            since = at
    return found


def levels(figures: Sequence[float], share: float, floor: float = 0.0) -> list[Step]:
    """The changes of measured figures that noise does not explain and that are beyond the bound,
    as in `moves`; none in a series that is shorter than FEWEST."""
    if len(figures) < FEWEST:
        return []
    values = [log(one) for one in figures] if min(figures) > 0 else list(figures)
    noise = _noise(values, figures)
    tame = _without_odd_ones(values, noise)
    places = sorted(_segmented(tame, noise * _threshold(len(tame))))
    return list(_beyond(figures, places, share, floor))


def _is_beyond(level: float, figure: float, share: float, floor: float) -> bool:
    # The last factor: a figure that lies on the bound is within, whatever binary fractions make it.
    moved = abs(figure - level)
    return moved > floor and moved > share * abs(level) * (1 + 1e-9)


def _threshold(count: int) -> float:
    return THRESHOLD * sqrt(2 * log(count)) * (1 + _SMALL / count)


def _noise(values: Sequence[float], figures: Sequence[float]) -> float:
    steps = [abs(two - one) for one, two in pairwise(values)]
    least = _LEAST_NOISE if values != list(figures) else _LEAST_NOISE * max(map(abs, figures))
    return max(median(steps) * _TO_DEVIATION, least) or 1.0


def _without_odd_ones(values: Sequence[float], noise: float) -> list[float]:
    tame = []
    for at, value in enumerate(values):
        low = max(0, min(at - 3, len(values) - 7))
        middle = median(values[low : low + 7])
        tame.append(min(max(value, middle - 3 * noise), middle + 3 * noise))
    return tame


def _segmented(values: Sequence[float], threshold: float) -> list[int]:
    """Where changes are, the clearest first; no two in an interval that showed one."""
    sums = [0.0, *accumulate(values)]
    found = []
    for low, high in _intervals(len(values)):
        height, at = _cusum(sums, low, high)
        if height > threshold:
            found.append((height, low, high, at))
    chosen: list[int] = []
    for _, low, high, at in sorted(found, key=lambda one: (-one[0], one[1:])):
        if not any(low < place < high for place in chosen):
            chosen.append(at)
    return chosen


def _intervals(count: int) -> Iterator[tuple[int, int]]:
    """Half-open, from the whole down to the shortest that holds a change; each layer's overlap."""
    length, many = float(count), 1.0
    while length >= 2 * SHORTEST:
        number = 2 * ceil(many) - 1
        whole = ceil(length)
        shift = (count - whole) / (number - 1) if number > 1 else 0.0
        for place in range(number):
            low = int(place * shift)
            yield low, min(low + whole, count)
        length, many = length * _SHRINK, many / _SHRINK


def _cusum(sums: Sequence[float], low: int, high: int) -> tuple[float, int]:
    """The largest contrast of the mean left and right of a place, in figures of one deviation, and
    the place."""
    best, where = 0.0, low
    for at in range(low + SHORTEST, high - SHORTEST + 1):
        left, right = at - low, high - at
        contrast = (sums[at] - sums[low]) / left - (sums[high] - sums[at]) / right
        height = abs(contrast) * sqrt(left * right / (left + right))
        if height > best:
            best, where = height, at
    return best, where


def _beyond(
    figures: Sequence[float], places: list[int], share: float, floor: float
) -> Iterator[Step]:
    """The changes that are large enough; what is not joins its neighbour."""
    since = 0
    for number, at in enumerate(places):
        end = places[number + 1] if number + 1 < len(places) else len(figures)
        before, after = median(figures[since:at]), median(figures[at:end])
        if _is_beyond(before, after, share, floor):
            yield Step(at, before, after, since)
            since = at
