# SPDX-License-Identifier: GPL-2.0-only
"""A figure over kernels as a line chart: where everything stands. The template draws it. Pure.

Across is in percent of the drawing and up in pixels, so that lines take any width and texts keep
their size on a phone. Kernels stand in the order of their versions, each as far from the next: an
axis of time would crowd what is maintained in parallel. Figures that were taken on other conditions
are not joined by a line.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from math import floor

from zpmaint.patchset.panels import Panel
from zpmaint.publish.figures import SIDES, Column, Figures, series_of
from zpmaint.publish.plot import ticks
from zpmaint.publish.thinning import kept
from zpmaint.publish.words import number
from zpmaint.timeline.cost_changes import Side

HEIGHT = 220
_TOP, _LOW = 26.0, 190.0
_LEFT, _RIGHT = 9.0, 98.0  # percent
_STRETCHES = 150
_DOTS = 60
"""Up to so many kernels each figure has a dot."""
_SAID = 8
"""Changes that are told in the words."""
_MARKS_APART = 4.0  # percent
_APART = 13.0  # percent between the names of two series


@dataclass(frozen=True)
class Trace:
    """One line, or several of one look, as an SVG path: 100 wide, HEIGHT high."""

    side: Side
    path: str


@dataclass(frozen=True)
class Dot:
    side: Side
    x: float
    y: float
    says: str


@dataclass(frozen=True)
class Level:
    """A line of the grid."""

    y: float
    says: str


@dataclass(frozen=True)
class Tick:
    """Where a series of kernels begins."""

    x: float
    says: str
    """'' where there is no room for its name."""


@dataclass(frozen=True)
class Mark:
    """The number of a change in the page's list, or of several that stand close."""

    x: float
    says: str


@dataclass(frozen=True)
class Chart:
    """A drawing of HEIGHT pixels and any width."""

    name: str
    """Its anchor."""
    arch: str
    """'' where all kernels of the set are of one architecture."""
    unit: str
    kernels: int
    traces: tuple[Trace, ...]
    dots: tuple[Dot, ...]
    levels: tuple[Level, ...]
    ticks: tuple[Tick, ...]
    changes: tuple[float, ...]
    """Where kernels with a change stand."""
    marks: tuple[Mark, ...]
    says: str
    """The chart in words."""
    height: int = HEIGHT
    low: float = _LOW

    @property
    def sides(self) -> tuple[Side, ...]:
        """Whose figures are drawn."""
        found = {one.side for one in self.traces} | {one.side for one in self.dots}
        return tuple(side for side in SIDES if side in found)


@dataclass(frozen=True)
class _Curve:
    """What a chart draws: the kernels that have figures, in order."""

    versions: Sequence[str]
    on: Sequence[int]
    sides: Mapping[Side, Column]

    def at(self, place: int) -> Iterator[tuple[Side, float]]:
        """A kernel's figures."""
        for side, column in self.sides.items():
            if (figure := column[place]) is not None:
                yield side, figure


def charts_of(panel: Panel, figures: Figures, marks: Mapping[tuple[str, str], int]) -> list[Chart]:
    """A chart of a panel for each architecture that has figures for it; `marks` are the numbers of
    the kernels (version, architecture) with a change."""
    arches = sorted({one.arch for one in figures.kernels})
    having = figures.having(panel.name) if panel.name in figures.panels else []
    charts = []
    for arch in arches:
        places = [place for place in having if figures.kernels[place].arch == arch]
        if places:
            here = {version: n for (version, of), n in marks.items() if of == arch}
            curve = _curve(figures, panel.name, places)
            charts.append(_chart(panel, curve, here, arch if len(arches) > 1 else ""))
    return charts


def _curve(figures: Figures, name: str, places: Sequence[int]) -> _Curve:
    kernels = [figures.kernels[place] for place in places]
    columns = {
        side: [column[place] for place in places] for side, column in figures.panels[name].items()
    }
    return _Curve(
        [one.version for one in kernels],
        [one.on for one in kernels],
        {side: column for side, column in columns.items() if any(v is not None for v in column)},
    )


def _chart(panel: Panel, shown: _Curve, numbers: Mapping[str, int], arch: str) -> Chart:
    every = [v for column in shown.sides.values() for v in column if v is not None]
    up = _scale(min(0.0, *every), max(0.0, *every))

    def height(figure: float) -> float:
        share = (figure - up[0]) / (up[-1] - up[0])
        return round(_LOW - share * (_LOW - _TOP), 1)

    count = len(shown.versions)
    across = _across(count)
    traces, lonely = _traces(shown, across, height)
    dots = [
        Dot(side, across[at], height(v), f"{shown.versions[at]}, {side}: {number(v)}")
        for at in (range(count) if count <= _DOTS else lonely)
        for side, v in shown.at(at)
    ]
    places = dict(zip(shown.versions, across, strict=True))
    return Chart(
        name=f"{panel.name}-{arch}" if arch else panel.name,
        arch=arch,
        unit=panel.unit,
        kernels=count,
        traces=traces,
        dots=tuple(dots),
        levels=tuple(Level(height(one), f"{one:,g}") for one in up),
        ticks=tuple(_ticks(shown.versions, across)),
        changes=tuple(places[version] for version in numbers if version in places),
        marks=tuple(_marks(numbers, places)),
        says=_in_words(panel, shown, [v for v in numbers if v in places]),
    )


def _scale(low: float, high: float) -> list[float]:
    if low == high:
        return [0.0, 1.0]
    if low >= 0:
        return ticks(high, 4)
    step = ticks(high - low, 4)[1]
    first = floor(low / step)
    return [step * n for n in range(first, first + len(ticks(high - first * step, 4)) + 1)]


@lru_cache(maxsize=8)
def _across(count: int) -> tuple[float, ...]:
    """Where so many kernels stand; the same for all charts of them."""
    if count == 1:
        return ((_LEFT + _RIGHT) / 2,)
    each = (_RIGHT - _LEFT - 2) / (count - 1)
    return tuple(round(_LEFT + 1 + each * place, 3) for place in range(count))


def _traces(
    shown: _Curve, across: Sequence[float], height: Callable[[float], float]
) -> tuple[tuple[Trace, ...], list[int]]:
    """The lines of each side, and the places of figures that no line leads to."""
    paths: dict[Side, list[str]] = {}
    lonely = set()
    for places in _alike(shown.on):
        for side, column in shown.sides.items():
            for run, figures in _runs(places, column):
                if len(run) == 1:
                    lonely.add(run[0])
                    continue
                at = [across[place] for place in run]
                few = kept(at, figures, _STRETCHES)
                points = (f"{at[n]:g} {height(figures[n]):g}" for n in few)
                paths.setdefault(side, []).append("M" + "L".join(points))
    traces = [Trace(side, "".join(mine)) for side, mine in paths.items()]
    # The solid line of the patched kernel below, the broken one of stock above: both are seen where
    # they lie on one another.
    return tuple(sorted(traces, key=lambda t: t.side != "patched")), sorted(lonely)


def _alike(on: Sequence[int]) -> list[Sequence[int]]:
    """The places of kernels whose figures were taken alike."""
    if len(set(on)) == 1:
        return [range(len(on))]
    found: dict[int, list[int]] = {}
    for place, one in enumerate(on):
        found.setdefault(one, []).append(place)
    return list(found.values())


def _runs(places: Sequence[int], column: Column) -> Iterator[tuple[Sequence[int], Sequence[float]]]:
    """Places and figures that follow one another, with no kernel between that has none."""
    run: list[int] = []
    figures: list[float] = []
    for place in places:
        if (figure := column[place]) is not None:
            run.append(place)
            figures.append(figure)
        elif run:
            yield run, figures
            run, figures = [], []
    if run:
        yield run, figures


def _ticks(versions: Sequence[str], across: Sequence[float]) -> Iterator[Tick]:
    """A tick at the first kernel of each series; names as far as there is room."""
    last_series, last_name = "", -_APART
    for version, x in zip(versions, across, strict=True):
        series = series_of(version)
        if series != last_series:
            room = x - last_name >= _APART
            yield Tick(x, series if room else "")
            last_name = x if room else last_name
            last_series = series


def _marks(numbers: Mapping[str, int], places: Mapping[str, float]) -> Iterator[Mark]:
    """From left to right; numbers that would lie on one another are one mark."""
    there = sorted((places[version], n) for version, n in numbers.items() if version in places)
    groups: list[list[tuple[float, int]]] = []
    for x, n in there:
        if groups and x - groups[-1][-1][0] < _MARKS_APART:
            groups[-1].append((x, n))
        else:
            groups.append([(x, n)])
    for group in groups:
        middle = round((group[0][0] + group[-1][0]) / 2, 3)
        ends = sorted({group[0][1], group[-1][1]})
        yield Mark(middle, "\N{EN DASH}".join(map(str, ends)))


def _in_words(panel: Panel, shown: _Curve, changed: Sequence[str]) -> str:
    """What who does not see the drawing has to know of it."""
    first, last = shown.versions[0], shown.versions[-1]
    parts = [f"{panel.title}, {panel.unit}, {first} to {last}"]
    for side, column in shown.sides.items():
        found = [
            (figure, version)
            for figure, version in zip(column, shown.versions, strict=True)
            if figure is not None
        ]
        low, high = min(found), max(found)
        parts.append(
            f"{side} from {number(low[0])} ({low[1]}) to {number(high[0])} ({high[1]}), "
            f"newest {number(found[-1][0])}"
        )
    if changed:
        more = f" and {len(changed) - _SAID} more kernels" if len(changed) > _SAID else ""
        parts.append(f"changes at {', '.join(changed[:_SAID])}{more}")
    return "; ".join(parts)
