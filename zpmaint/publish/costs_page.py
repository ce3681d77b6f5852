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
from zpmaint.publish.figures import SIDES, Figures, series_of
from zpmaint.publish.line_chart import Chart, charts_of
from zpmaint.publish.units import in_unit
from zpmaint.timeline.cost_changes import CostChange, Side, sides
from zpmaint.timeline.costs import Conditions
from zpmaint.timeline.kernels import order_of

ALL_KERNELS = 200
"""Up to so many kernels each has a line in the table; of more, each series has."""
_NO_PAGES: Mapping[tuple[str, str], str] = {}
_FIRST = 5  # kernels with changes that are shown without being asked for
LISTED = 200
"""So many kernels with changes are listed and marked, the newest; all are on their lines' pages."""


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
    """Newest kernel first, LISTED at most."""
    left_out: int
    """How many kernels with changes are not listed."""
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
    figures: Figures,
    pages: Mapping[tuple[str, str], str],
    changes: Sequence[Changed],
) -> CostsPage:
    """The page of a set's panels; those without a figure are left out. `pages` are the kernels' own
    by version and architecture."""
    turns = turns_of(changes, pages)
    parts = parts_of(panels, figures, turns)
    shown = [part.panel for part in parts]
    newest_first = range(len(figures.kernels) - 1, -1, -1)
    by_series = len(figures.kernels) > ALL_KERNELS
    groups = _by_series(figures) if by_series else [[place] for place in newest_first]
    lines = [_line(shown, figures, group) for group in groups]
    return CostsPage(
        parts=tuple(parts),
        turns=tuple(turns),
        left_out=changed_in(changes) - len(turns),
        lines=tuple(line for line in lines if any(any(cell) for cell in line.cells)),
        by_series=by_series,
        likes=tuple(_likes(figures)),
    )


def parts_of(panels: Sequence[Panel], figures: Figures, turns: Sequence[Turn]) -> list[Part]:
    """The panels that have figures, each with its charts and the changes marked."""
    parts = []
    for panel in panels:
        marks = {
            (turn.version, turn.arch): turn.number
            for turn in turns
            if any(one.panel.name == panel.name for one in turn.moved)
        }
        if charts := charts_of(panel, figures, marks):
            parts.append(Part(panel, tuple(charts)))
    return parts


def turns_of(
    changes: Sequence[Changed], pages: Mapping[tuple[str, str], str] = _NO_PAGES
) -> list[Turn]:
    """The kernels with changes, newest first, each with its panels in their order; `pages` are the
    kernels' own by version and architecture. LISTED of them at most."""
    found: dict[tuple[str, str], dict[str, list[Changed]]] = {}
    for one in changes:
        panels = found.setdefault((one.change.first, one.change.arch), {})
        panels.setdefault(one.panel.name, []).append(one)
    names = sorted(found, key=lambda name: (order_of(name[0]), name[1]), reverse=True)[:LISTED]
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


def changed_in(changes: Sequence[Changed]) -> int:
    """How many kernels have changes."""
    return len({(one.change.first, one.change.arch) for one in changes})


CSV_HEAD = "kernel,arch,panel,unit,stock,patched,pair,taken on\n"


def as_csv(panels: Sequence[Panel], figures: Figures) -> str:
    """Every figure of every kernel, oldest first, without CSV_HEAD."""
    out = io.StringIO()
    write = csv.writer(out, lineterminator="\n").writerow
    said = [_word("; ".join(f"{name}: {words}" for name, words in on.known)) for on in figures.on]
    columns = [
        (panel, [figures.panels[panel.name].get(side) for side in SIDES])
        for panel in panels
        if panel.name in figures.panels
    ]
    for place, one in enumerate(figures.kernels):
        for panel, mine in columns:
            found = [None if column is None else column[place] for column in mine]
            if any(figure is not None for figure in found):
                shown = map(_plain, found)
                write([_word(one.version), one.arch, panel.name, panel.unit, *shown, said[one.on]])
    return out.getvalue()


def _plain(figure: float | None) -> str:
    return "" if figure is None else f"{figure:.10g}"


def _word(text: str) -> str:
    """A spreadsheet takes what begins so for a formula."""
    return f"'{text}" if text.startswith(("=", "+", "-", "@")) else text


def _by_series(figures: Figures) -> list[list[int]]:
    """The places of kernels that share series and architecture, newest first."""
    found: dict[tuple[str, str], list[int]] = {}
    for place in range(len(figures.kernels) - 1, -1, -1):
        one = figures.kernels[place]
        found.setdefault((series_of(one.version), one.arch), []).append(place)
    return list(found.values())


def _line(panels: Sequence[Panel], figures: Figures, group: Sequence[int]) -> Line:
    kernels = figures.kernels
    newest, oldest = kernels[group[0]].version, kernels[group[-1]].version
    return Line(
        name=newest if newest == oldest else f"{oldest} \N{EN DASH} {newest}",
        arch=kernels[group[0]].arch,
        kernels=len(group),
        cells=tuple(tuple(_spans(panel, figures, group)) for panel in panels),
        words=tuple(_words(panel, figures, group) for panel in panels),
    )


def _spans(panel: Panel, figures: Figures, group: Sequence[int]) -> Iterator[Span | None]:
    columns = figures.panels[panel.name]
    for side in sides(panel.counters[0]):
        column = columns.get(side)
        found = [v for at in group if (v := column[at]) is not None] if column else []
        yield Span(min(found), max(found)) if found else None


def _words(panel: Panel, figures: Figures, group: Sequence[int]) -> str:
    said = figures.words.get(panel.name)
    return ", ".join(sorted({said[at] for at in group if at in said})) if said else ""


def _likes(figures: Figures) -> Iterator[Like]:
    """The newest first."""
    found: dict[int, list[str]] = {}
    for one in reversed(figures.kernels):
        found.setdefault(one.on, []).append(one.version)
    for on, versions in found.items():
        yield Like(figures.on[on], versions[-1], versions[0], len(versions))
