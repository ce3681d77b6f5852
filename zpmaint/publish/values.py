# SPDX-License-Identifier: GPL-2.0-only
"""What the pages are made of: the site, its patch sets, and of each set the parts that its kernels
fall into. Pure.

Pages of one kernel, line or series are made of a part alone (`Shown`); pages of the whole site of
what is known of every part at a glance (`Whole`)."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from functools import cached_property
from typing import Any, Protocol, TypeVar
from urllib.parse import quote

from zpmaint.core.config import Config
from zpmaint.core.releases import UNSEEN, Outlook
from zpmaint.core.signer import Signer
from zpmaint.patchset.panels import Column, Panel
from zpmaint.patchset.values import PatchSet
from zpmaint.publish.addresses import set_feed
from zpmaint.publish.bench import Pair
from zpmaint.publish.columns import Cell, cell_of
from zpmaint.publish.costs_of_set import (
    Changed,
    SetCosts,
    kept_changes,
    merged,
    told_changes,
)
from zpmaint.publish.figures import Figures, joined
from zpmaint.publish.glance import Glance, LineGlance, News, RowGlance, SeriesGlance
from zpmaint.publish.names import file_name
from zpmaint.publish.page import Page, made_of
from zpmaint.publish.rows import Row
from zpmaint.publish.texts import NoTexts, Texts
from zpmaint.timeline import values as timeline
from zpmaint.timeline.transitions import transitions_of

Item = TypeVar("Item")


@dataclass(frozen=True)
class Older:
    """The newest kernel of the parts before one of which something is known."""

    version: str
    state: str
    """A digest of all that a comparison shows of it."""
    row: Callable[[], Row] = field(compare=False)


@dataclass(frozen=True)
class Shown:
    """A part of a patch set's kernels with all that its pages show."""

    name: str
    title: str
    info: PatchSet | None
    """What patches/ says of it; None: only the ledger knows it."""
    rows: tuple[Row, ...]
    """Its kernels, newest first."""
    benchmarks: tuple[Pair, ...]
    """The full benchmarks of its kernels, oldest first."""
    timelines: tuple[timeline.Line, ...] = ()
    """Its lines, those that kernels.toml tracks first."""
    costs: SetCosts = field(default_factory=SetCosts)
    columns: tuple[Column, ...] = ()
    """Those of the set's columns that any kernel of the set has a figure for."""
    older: Mapping[tuple[str, str], Older] = field(default_factory=dict)
    """By architecture and profile what is known of the kernels before these."""

    def benchmark(self, row: Row) -> Pair | None:
        """The full benchmark of a kernel."""
        names = (row.version, row.arch)
        return next((p for p in self.benchmarks if (p[0].version, p[0].arch) == names), None)

    def before(self, row: Row) -> Row | None:
        """The next older kernel of the part of which something is known, of the same architecture
        and profile: of its line where that has one, else of any."""
        return self._older.get((row.version, row.arch, row.profile))

    @cached_property
    def _older(self) -> dict[tuple[str, str, str], Row | None]:
        found: dict[tuple[str, str, str], Row | None] = {}
        known: dict[tuple[str, str, str], Row] = {}
        for row in reversed(self.rows):
            in_line, at_all = (row.line.name, row.arch, row.profile), ("", row.arch, row.profile)
            found[row.version, row.arch, row.profile] = known.get(in_line) or known.get(at_all)
            if row.kernel and row.kernel.settled:
                known[in_line] = known[at_all] = row
        return found

    def cells(self, row: Row) -> list[Cell | None]:
        """A kernel's figures in `columns`."""
        costs = self.costs.of(row.kernel) if row.kernel else None
        return [cell_of(column, costs) if costs else None for column in self.columns]

    @property
    def news(self) -> list[timeline.Transition]:
        """What became otherwise on any of its lines, newest first. Of a kernel that two lines cover
        each has its own."""
        return transitions_of(self.timelines)

    @property
    def folder(self) -> str:
        """Where its pages are."""
        return file_name(self.name)


class Piece(StrEnum):
    """What is large of a part. Pages of the whole site are made of digests of pieces, and a piece
    is read where one of them is made of it."""

    LINES = "lines"
    """Its lines as status.json has them, each in two, before and after when somebody looked."""
    KERNELS = "kernels"
    """Its kernels as status.json has them, newest first, but for what is around them."""
    NEWS = "news"
    """By line what `News.told` gives, newest first."""
    VERDICTS = "verdicts"
    """The fields of each Verdict."""
    SUMS = "sums"
    """Lines of SHA256SUMS."""
    RUNS = "runs"
    """What there is to compare: the items of a list of JSON."""
    NAMES = "names"
    """Version, architecture and page of each kernel that was tried, newest first."""
    FIGURES = "figures"
    """What `Figures.as_json` gives."""
    CHANGES = "changes"
    """Those of costs within a series, as `told_changes` tells them."""
    CSV = "csv"
    """The figures as lines of costs.csv."""
    ANSWERS = "answers"
    """By measure of the set's claims what `Told.as_json` gives."""
    PASSES = "passes"
    """Version, architecture and `Facts.passes` of each kernel that was tried."""
    PAGES = "pages"
    """Address and inputs of each of its own pages."""
    HTML = "html"
    """The addresses of those that are for people, a line each."""


class Part(Protocol):
    """A part of a patch set's kernels, of which as much is made as is asked for."""

    @property
    def file(self) -> str:
        """What it is known by among all parts; fit for a file's name."""

    @property
    def glance(self) -> Glance: ...

    @property
    def shown(self) -> Shown:
        """All of it, read and judged."""

    @property
    def told(self) -> str:
        """A digest of all that its own pages are made of."""

    def digest(self, piece: Piece) -> str: ...

    def piece(self, piece: Piece) -> bytes: ...

    def pages(self) -> Sequence[Page]:
        """Its own pages."""


class KeptCharts(Protocol):
    """Drawings of all kernels that were kept."""

    def charts(self, name: str, of: str) -> str | None:
        """What was made of the same; None where nothing was."""

    def keep_charts(self, name: str, of: str, text: str) -> None:
        """Keep it for the next time."""


class NoCharts:
    """Nothing is kept."""

    def charts(self, name: str, of: str) -> str | None:
        return None

    def keep_charts(self, name: str, of: str, text: str) -> None:
        return


@dataclass(frozen=True)
class Whole:
    """One patch set with what its pages of many kernels show."""

    name: str
    title: str
    info: PatchSet | None
    parts: tuple[Part, ...]
    """Those with the newest kernels first."""
    benchmarks: tuple[Pair, ...]
    between: Sequence[Changed] = ()
    """The changes of costs from one series to the next."""
    columns: tuple[Column, ...] = ()
    kept: KeptCharts = field(default_factory=NoCharts)
    order: Mapping[tuple[str, str, str], int] = field(default_factory=dict)
    """By name, architecture and profile the place of each line of kernels.toml."""

    @cached_property
    def glances(self) -> tuple[Glance, ...]:
        return tuple(part.glance for part in self.parts)

    def digests(self, *pieces: Piece) -> list[str]:
        """Another list where any of these pieces of any part is another one."""
        return [part.digest(piece) for part in self.parts for piece in pieces]

    def pieces(self, piece: Piece) -> Iterator[bytes]:
        """That of each part."""
        return (part.piece(piece) for part in self.parts)

    def read(self, piece: Piece) -> Iterator[Any]:
        """The same, of pieces that are JSON."""
        return map(json.loads, self.pieces(piece))

    @property
    def panels(self) -> tuple[Panel, ...]:
        """What its figures are shown by."""
        return self.info.panels if self.info else ()

    @cached_property
    def changes(self) -> Sequence[Changed]:
        """Every change of costs that a panel declares to be one, by profile and panel the oldest
        kernel first."""
        within = [one for told in self.read(Piece.CHANGES) for one in kept_changes(self.info, told)]
        return merged(self.info, [*within, *self.between])

    @cached_property
    def costs_told(self) -> str:
        """A digest of all that is shown of its costs: panels, figures, changes."""
        pieces = self.digests(Piece.FIGURES, Piece.CHANGES)
        return made_of(self.panels, pieces, told_changes(self.between))

    @cached_property
    def figures(self) -> Figures:
        """What its panels show, of all kernels."""
        return joined(map(Figures.kept, reversed(list(self.read(Piece.FIGURES)))))

    @property
    def rows(self) -> tuple[Row, ...]:
        """Every kernel, read whole: for tests, and for who asks for all of it."""
        return tuple(row for part in self.parts for row in part.shown.rows)

    @cached_property
    def lines(self) -> list[LineGlance]:
        """Its lines: those of kernels.toml in its order, then others, newest first."""
        return self.in_order([line for glance in self.glances for line in glance.lines])

    def in_order(self, items: Sequence[Item]) -> list[Item]:
        """What is said of its lines part by part, in the order of `lines`."""
        return [items[place] for place in self._order]

    @cached_property
    def _order(self) -> list[int]:
        lines = [line for glance in self.glances for line in glance.lines]
        last = len(self.order)
        return sorted(
            range(len(lines)),
            key=lambda place: (
                self.order.get(_named(lines[place]), last) if lines[place].line.is_tracked else last
            ),
        )

    @cached_property
    def views(self) -> list[LineGlance]:
        """Its lines as pages have them: tracked ones first, each group with the newest kernels
        first."""
        found = sorted(
            self.lines, key=lambda one: (one.order, one.line.arch, one.line.profile), reverse=True
        )
        return sorted(found, key=lambda one: not one.line.is_tracked)

    @property
    def tracked(self) -> list[RowGlance]:
        """The newest kernel of each tracked line, newest first."""
        return [row for glance in self.glances for row in glance.tracked]

    @property
    def series(self) -> list[SeriesGlance]:
        """Its series, newest first."""
        return [one for glance in self.glances for one in glance.series]

    @cached_property
    def news(self) -> list[News]:
        """What became otherwise on any line, the newest of each."""
        return [
            News(
                timeline.TransitionKind(kind), when, version, before, words, key, page,
                line.line.patchset, line.line.name,
                line.line.arch, line.line.profile, line.address,
            )
            for glance, told in zip(self.glances, self.read(Piece.NEWS), strict=True)
            for line, mine in zip(glance.lines, told, strict=True)
            for kind, when, version, before, words, key, page in mine
        ]  # fmt: skip

    @cached_property
    def names(self) -> list[tuple[str, str, str]]:
        """Version, architecture and page of each kernel that was tried, newest first."""
        return [tuple(one) for told in self.read(Piece.NAMES) for one in told]

    @property
    def pages(self) -> dict[tuple[str, str], str]:
        """By version and architecture the page of each kernel that was tried, seen from the set's
        folder."""
        return {(version, arch): page.split("/")[-1] for version, arch, page in self.names}

    @property
    def costs_page(self) -> str:
        """The page of its costs; '' where it declares no panels."""
        return f"{self.folder}/costs.html" if self.panels else ""

    @property
    def bench_picture(self) -> str:
        """All full benchmarks in one picture; '' where there is none."""
        return f"{self.folder}/bench.svg" if self.benchmarks else ""

    def cells(self, row: RowGlance) -> Sequence[Cell | None]:
        """A kernel's figures in `columns`."""
        return row.cells

    @property
    def passing(self) -> tuple[int, int]:
        """How many of the tracked kernels pass, the effect shown, and how many there are."""
        return sum(row.look == "pass" for row in self.tracked), len(self.tracked)

    @property
    def holding(self) -> int:
        """On how many of the tracked kernels nothing that worked is broken, the effect untested."""
        return sum(row.look == "no regression" for row in self.tracked)

    @property
    def has_files(self) -> bool:
        """Whether there is a patch to take away of any of its kernels."""
        return any(glance.files for glance in self.glances)

    @property
    def folder(self) -> str:
        return file_name(self.name)

    @property
    def badge(self) -> str:
        return f"{self.folder}/badge.svg"

    @property
    def feed(self) -> str:
        """The feed of its news."""
        return set_feed(self.name)


@dataclass(frozen=True)
class Frame:
    """What pages of all kinds may show."""

    config: Config
    generated: float
    """Seconds since the epoch. For few pages: what shows it is made anew each time."""
    base_url: str = ""
    """Where the site will stand, with a slash at its end; '' where that is not known."""
    outlook: Outlook = UNSEEN
    """What is remembered of looking for new kernels."""
    texts: Texts = field(default_factory=NoTexts)
    """Where whole logs are read from."""
    signer: Signer | None = None
    """Who signs the list of files; None: it is not signed."""

    def canonical(self, address: str) -> str:
        """Where a page will stand for all; '' where nobody knows where the site will."""
        return self.base_url + quote(address) if self.base_url else ""


@dataclass(frozen=True)
class Site(Frame):
    """All that the site shows."""

    sets: tuple[Whole, ...] = ()
    """The tracked ones first."""
    lasting: tuple[str, ...] = ()
    """The addresses of the former site that are named by their content and stay."""


def _named(line: LineGlance) -> tuple[str, str, str]:
    return line.line.tracked_as, line.line.arch, line.line.profile
