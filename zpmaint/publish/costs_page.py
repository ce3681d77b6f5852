# SPDX-License-Identifier: GPL-2.0-only
"""What the page of a set's costs shows: a part for each panel, the changes, the figures as a table.
Pure."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from zpmaint.patchset.panels import Panel
from zpmaint.publish.costs_of_set import Changed
from zpmaint.publish.line_chart import (
    Chart,
    Figures,
    FiguresOf,
    charts_of,
    figures_of,
    series_of,
)
from zpmaint.publish.units import in_unit
from zpmaint.timeline.cost_changes import CostChange, Side, order, sides
from zpmaint.timeline.costs import Conditions, Costs
from zpmaint.timeline.kernels import order_of

ALL_KERNELS = 200
"""Up to so many kernels each has a line in the table; of more, each series has."""
_NO_PAGES: Mapping[tuple[str, str], str] = {}
_FIRST = 5  # kernels with changes that are shown without being asked for


@dataclass(frozen=True)
class Moved:
    """What became of a panel's figures at a kernel."""

    panel: Panel
    changes: tuple[CostChange, ...]
    """Of stock and patched, or of the pair."""

    def shown(self, figure: float, change: CostChange) -> float:
        """In the panel's unit."""
        return in_unit(figure, change.unit, self.panel.unit)


@dataclass(frozen=True)
class Turn:
    """A kernel from which on costs are others, as page and charts name it."""

    number: int
    version: str
    arch: str
    page: str
    """The kernel's own, seen from the set's folder; '' where it has none."""
    moved: tuple[Moved, ...]

    @property
    def lasts(self) -> list[str]:
        """The kernels that it was compared with: the last ones at the former levels."""
        return list(dict.fromkeys(c.last for one in self.moved for c in one.changes))


@dataclass(frozen=True)
class Part:
    """One panel."""

    panel: Panel
    charts: tuple[Chart, ...]


@dataclass(frozen=True)
class Span:
    """A figure of one kernel, or of a series from its lowest to its highest."""

    low: float
    high: float


@dataclass(frozen=True)
class Line:
    """A line of the table."""

    name: str
    """A kernel, or the first and last of a series."""
    arch: str
    kernels: int
    cells: tuple[tuple[Span | None, ...], ...]
    """By panel, by side: stock and patched, or the pair."""
    words: tuple[str, ...]
    """By panel: what is known where there is no number."""


@dataclass(frozen=True)
class Like:
    """Kernels whose figures were taken alike."""

    on: Conditions
    first: str
    last: str
    kernels: int


@dataclass(frozen=True)
class CostsPage:
    """All of it."""

    parts: tuple[Part, ...]
    turns: tuple[Turn, ...]
    """Newest kernel first."""
    lines: tuple[Line, ...]
    """Newest kernel first."""
    by_series: bool
    likes: tuple[Like, ...]

    @property
    def first_turns(self) -> tuple[Turn, ...]:
        return self.turns[:_FIRST]

    @property
    def more_turns(self) -> tuple[Turn, ...]:
        return self.turns[_FIRST:]

    @property
    def arches(self) -> list[str]:
        return sorted({line.arch for line in self.lines})

    def sides(self, panel: Panel) -> tuple[Side, ...]:
        """Whose figures a panel has."""
        return sides(panel.counters[0])

    @property
    def panels(self) -> list[Panel]:
        return [part.panel for part in self.parts]


def page_of(
    panels: Sequence[Panel],
    costs: Sequence[Costs],
    pages: Mapping[tuple[str, str], str],
    changes: Sequence[Changed],
    figures: FiguresOf = figures_of,
) -> CostsPage:
    """The page of a set's panels; those without a figure are left out. `pages` are the kernels' own
    by version and architecture."""
    turns = turns_of(changes, pages)
    parts = parts_of(panels, costs, turns, figures)
    shown = [part.panel for part in parts]
    kernels = sorted(costs, key=order, reverse=True)
    by_series = len(kernels) > ALL_KERNELS
    groups = _by_series(kernels) if by_series else [[one] for one in kernels]
    lines = [_line(shown, group, figures) for group in groups]
    return CostsPage(
        parts=tuple(parts),
        turns=tuple(turns),
        lines=tuple(line for line in lines if any(any(cell) for cell in line.cells)),
        by_series=by_series,
        likes=tuple(_likes(kernels)),
    )


def parts_of(
    panels: Sequence[Panel],
    costs: Sequence[Costs],
    turns: Sequence[Turn],
    figures: FiguresOf = figures_of,
) -> list[Part]:
    """The panels that have figures, each with its charts and the changes marked."""
    parts = []
    for panel in panels:
        marks = {
            (turn.version, turn.arch): turn.number
            for turn in turns
            if any(one.panel.name == panel.name for one in turn.moved)
        }
        if charts := charts_of(panel, costs, marks, figures):
            parts.append(Part(panel, tuple(charts)))
    return parts


def turns_of(
    changes: Sequence[Changed], pages: Mapping[tuple[str, str], str] = _NO_PAGES
) -> list[Turn]:
    """The kernels with changes, newest first, each with its panels in their order; `pages` are the
    kernels' own by version and architecture."""
    found: dict[tuple[str, str], dict[str, list[Changed]]] = {}
    for one in changes:
        panels = found.setdefault((one.change.first, one.change.arch), {})
        panels.setdefault(one.panel.name, []).append(one)
    names = sorted(found, key=lambda name: (order_of(name[0]), name[1]), reverse=True)
    return [
        Turn(
            number,
            *name,
            page=pages.get(name, ""),
            moved=tuple(
                Moved(
                    mine[0].panel,
                    tuple(sorted((c.change for c in mine), key=lambda c: c.side, reverse=True)),
                )
                for mine in found[name].values()
            ),
        )
        for number, name in enumerate(names, 1)
    ]


def as_csv(panels: Sequence[Panel], costs: Sequence[Costs], figures: FiguresOf = figures_of) -> str:
    """Every figure of every kernel, oldest first."""
    out = io.StringIO()
    write = csv.writer(out, lineterminator="\n").writerow
    said: dict[Conditions, str] = {}
    write(["kernel", "arch", "panel", "unit", "stock", "patched", "pair", "taken on"])
    for one in sorted(costs, key=order):
        if one.on not in said:
            said[one.on] = _word("; ".join(f"{name}: {words}" for name, words in one.on.known))
        for panel in panels:
            if found := figures(panel, one):
                sides = [_plain(found.get(side)) for side in ("stock", "patched", "pair")]
                write([_word(one.version), one.arch, panel.name, panel.unit, *sides, said[one.on]])
    return out.getvalue()


def _plain(figure: float | None) -> str:
    return "" if figure is None else f"{figure:.10g}"


def _word(text: str) -> str:
    """A spreadsheet takes what begins so for a formula."""
    return f"'{text}" if text.startswith(("=", "+", "-", "@")) else text


def _by_series(kernels: Sequence[Costs]) -> list[list[Costs]]:
    """Of kernels newest first those that share series and architecture."""
    found: dict[tuple[str, str], list[Costs]] = {}
    for one in kernels:
        found.setdefault((series_of(one.version), one.arch), []).append(one)
    return list(found.values())


def _line(panels: Sequence[Panel], group: Sequence[Costs], figures: FiguresOf) -> Line:
    newest, oldest = group[0].version, group[-1].version
    found = [[figures(panel, one) for one in group] for panel in panels]
    return Line(
        name=newest if newest == oldest else f"{oldest} \N{EN DASH} {newest}",
        arch=group[0].arch,
        kernels=len(group),
        cells=tuple(tuple(_spans(panel, mine)) for panel, mine in zip(panels, found, strict=True)),
        words=tuple(_words(panel, group) for panel in panels),
    )


def _spans(panel: Panel, figures: Sequence[Figures]) -> Iterator[Span | None]:
    for side in sides(panel.counters[0]):
        found = [one[side] for one in figures if side in one]
        yield Span(min(found), max(found)) if found else None


def _words(panel: Panel, group: Sequence[Costs]) -> str:
    found = {
        figure.word
        for one in group
        for counter in panel.counters
        if (figure := one.figure(counter, panel.phase)) and figure.word
    }
    return ", ".join(sorted(found))


def _likes(kernels: Sequence[Costs]) -> Iterator[Like]:
    """Of kernels newest first."""
    found: dict[Conditions, list[str]] = {}
    for one in kernels:
        found.setdefault(one.on, []).append(one.version)
    for on, versions in found.items():
        yield Like(on, versions[-1], versions[0], len(versions))
