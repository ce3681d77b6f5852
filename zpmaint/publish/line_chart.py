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
from math import floor

from zpmaint.patchset.panels import Panel
from zpmaint.publish.plot import ticks
from zpmaint.publish.thinning import Point, thinned
from zpmaint.publish.units import in_unit
from zpmaint.publish.words import number
from zpmaint.timeline.cost_changes import Side, order, sides, value
from zpmaint.timeline.costs import Costs
from zpmaint.timeline.kernels import parsed

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
        every: tuple[Side, ...] = ("stock", "patched", "pair")
        return tuple(side for side in every if side in found)


Figures = dict[Side, float]
FiguresOf = Callable[[Panel, Costs], Figures]


def figures_of(panel: Panel, costs: Costs) -> Figures:
    """A kernel's figures in the panel's unit, of the first counter that it has."""
    for counter in panel.counters:
        figure = costs.figure(counter, panel.phase)
        if figure is not None:
            both = {side: value(figure, side) for side in sides(counter)}
            return {
                side: in_unit(one, figure.unit, panel.unit)
                for side, one in both.items()
                if one is not None
            }
    return {}


def remembered() -> FiguresOf:
    """`figures_of` that works out each figure once, for costs that are kept as long as it is."""
    known: dict[tuple[str, int], Figures] = {}

    def figures(panel: Panel, costs: Costs) -> Figures:
        name = (panel.name, id(costs))
        found = known.get(name)
        if found is None:
            found = known[name] = figures_of(panel, costs)
        return found

    return figures


def charts_of(
    panel: Panel,
    costs: Sequence[Costs],
    marks: Mapping[tuple[str, str], int],
    figures: FiguresOf = figures_of,
) -> list[Chart]:
    """A chart of a panel for each architecture that has figures for it; `marks` are the numbers of
    the kernels (version, architecture) with a change."""
    arches = sorted({one.arch for one in costs})
    charts = []
    for arch in arches:
        mine = sorted((one for one in costs if one.arch == arch), key=order)
        shown = [(one, found) for one in mine if (found := figures(panel, one))]
        if shown:
            here = {version: n for (version, of), n in marks.items() if of == arch}
            charts.append(_chart(panel, shown, here, arch if len(arches) > 1 else ""))
    return charts


def _chart(
    panel: Panel,
    shown: Sequence[tuple[Costs, Figures]],
    numbers: Mapping[str, int],
    arch: str,
) -> Chart:
    every = [one for _, figures in shown for one in figures.values()]
    up = _scale(min(0.0, *every), max(0.0, *every))

    def height(figure: float) -> float:
        share = (figure - up[0]) / (up[-1] - up[0])
        return round(_LOW - share * (_LOW - _TOP), 1)

    across = [_across(place, len(shown)) for place in range(len(shown))]
    traces, lonely = _traces(shown, across, height)
    dotted = range(len(shown)) if len(shown) <= _DOTS else lonely
    dots = [
        Dot(side, across[at], height(figure), f"{shown[at][0].version}, {side}: {number(figure)}")
        for at in dotted
        for side, figure in shown[at][1].items()
    ]
    places = {one.version: x for (one, _), x in zip(shown, across, strict=True)}
    return Chart(
        name=f"{panel.name}-{arch}" if arch else panel.name,
        arch=arch,
        unit=panel.unit,
        kernels=len(shown),
        traces=traces,
        dots=tuple(dots),
        levels=tuple(Level(height(one), f"{one:,g}") for one in up),
        ticks=tuple(_ticks([one.version for one, _ in shown], across)),
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


def _across(place: int, count: int) -> float:
    if count == 1:
        return (_LEFT + _RIGHT) / 2
    return round(_LEFT + 1 + (_RIGHT - _LEFT - 2) * place / (count - 1), 3)


def _traces(
    shown: Sequence[tuple[Costs, Figures]],
    across: Sequence[float],
    height: Callable[[float], float],
) -> tuple[tuple[Trace, ...], list[int]]:
    """The lines of each side, and the places of figures that no line leads to."""
    runs: dict[Side, list[list[Point]]] = {}
    lonely = set()
    for places in _alike(shown):
        for side in dict.fromkeys(side for place in places for side in shown[place][1]):
            for run in _runs([(place, shown[place][1].get(side)) for place in places]):
                if len(run) == 1:
                    lonely.add(run[0][0])
                else:
                    points = [(across[place], height(figure)) for place, figure in run]
                    runs.setdefault(side, []).append(thinned(points, _STRETCHES))
    traces = [
        Trace(side, "".join("M" + "L".join(f"{x:g} {y:g}" for x, y in run) for run in mine))
        for side, mine in runs.items()
    ]
    # The solid line of the patched kernel below, the broken one of stock above: both are seen where
    # they lie on one another.
    return tuple(sorted(traces, key=lambda t: t.side != "patched")), sorted(lonely)


def _alike(shown: Sequence[tuple[Costs, Figures]]) -> Iterator[list[int]]:
    """The places of kernels whose figures were taken alike."""
    found: dict[object, list[int]] = {}
    for place, (one, _) in enumerate(shown):
        found.setdefault(one.on, []).append(place)
    yield from found.values()


def _runs(figures: Sequence[tuple[int, float | None]]) -> Iterator[list[tuple[int, float]]]:
    """Figures that follow one another, with no kernel between that has none."""
    run: list[tuple[int, float]] = []
    for place, figure in figures:
        if figure is not None:
            run.append((place, figure))
        elif run:
            yield run
            run = []
    if run:
        yield run


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


def series_of(version: str) -> str:
    """The series of a kernel; of what is no kernel its name."""
    kernel = parsed(version)
    return version if kernel is None else kernel.series


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


def _in_words(panel: Panel, shown: Sequence[tuple[Costs, Figures]], changed: Sequence[str]) -> str:
    """What who does not see the drawing has to know of it."""
    first, last = shown[0][0].version, shown[-1][0].version
    parts = [f"{panel.title}, {panel.unit}, {first} to {last}"]
    for side in ("stock", "patched", "pair"):
        found = [(f[side], one.version) for one, f in shown if side in f]
        if found:
            low, high = min(found), max(found)
            parts.append(
                f"{side} from {number(low[0])} ({low[1]}) to {number(high[0])} ({high[1]}), "
                f"newest {number(found[-1][0])}"
            )
    if changed:
        more = f" and {len(changed) - _SAID} more kernels" if len(changed) > _SAID else ""
        parts.append(f"changes at {', '.join(changed[:_SAID])}{more}")
    return "; ".join(parts)
