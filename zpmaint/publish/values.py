# SPDX-License-Identifier: GPL-2.0-only
"""What the pages are made of: the site, its patch sets, and of each set the parts that its kernels
fall into. Pure.

Pages of one kernel, line or series are made of a part alone (`Shown`); pages of the whole site of
what is known of every part at a glance (`Whole`)."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Protocol
from urllib.parse import quote

from zpmaint.core.config import Config
from zpmaint.core.releases import UNSEEN, Outlook
from zpmaint.core.signer import Signer
from zpmaint.patchset.panels import Column
from zpmaint.patchset.values import PatchSet
from zpmaint.publish.addresses import set_feed
from zpmaint.publish.bench import Pair
from zpmaint.publish.columns import Cell, cell_of
from zpmaint.publish.costs_of_set import AllCosts, SetCosts
from zpmaint.publish.glance import Glance, LineGlance, News, RowGlance, SeriesGlance
from zpmaint.publish.names import file_name
from zpmaint.publish.page import Page
from zpmaint.publish.rows import Row
from zpmaint.publish.texts import NoTexts, Texts
from zpmaint.timeline import values as timeline
from zpmaint.timeline.transitions import transitions_of


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


class Part(Protocol):
    """A part of a patch set's kernels, of which as much is made as is asked for."""

    @property
    def glance(self) -> Glance: ...

    @property
    def shown(self) -> Shown:
        """All of it, read and judged."""

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
    costs: AllCosts
    columns: tuple[Column, ...] = ()
    kept: KeptCharts = field(default_factory=NoCharts)
    order: Mapping[tuple[str, str, str], int] = field(default_factory=dict)
    """By name, architecture and profile the place of each line of kernels.toml."""

    @cached_property
    def glances(self) -> tuple[Glance, ...]:
        return tuple(part.glance for part in self.parts)

    @property
    def rows(self) -> tuple[Row, ...]:
        """Every kernel, read whole: for tests, and for who asks for all of it."""
        return tuple(row for part in self.parts for row in part.shown.rows)

    @cached_property
    def lines(self) -> list[tuple[LineGlance, str]]:
        """Its lines with what status.json says of each: those of kernels.toml in its order, then
        others, newest first."""
        found = [
            both
            for glance in self.glances
            for both in zip(glance.lines, glance.line_texts, strict=True)
        ]
        last = len(self.order)
        return sorted(
            found,
            key=lambda both: (
                self.order.get(_named(both[0]), last) if both[0].line.is_tracked else last
            ),
        )

    @cached_property
    def views(self) -> list[LineGlance]:
        """Its lines as pages have them: tracked ones first, each group with the newest kernels
        first."""
        found = [line for line, _ in self.lines]
        found.sort(key=lambda one: (one.order, one.line.arch, one.line.profile), reverse=True)
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
            for glance in self.glances
            for line, mine in zip(glance.lines, glance.news, strict=True)
            for kind, when, version, before, words, key, page in mine
        ]  # fmt: skip

    @property
    def pages(self) -> dict[tuple[str, str], str]:
        """By version and architecture the page of each kernel that was tried, seen from the set's
        folder."""
        return {
            (version, arch): page.split("/")[-1]
            for glance in self.glances
            for version, arch, page in glance.names
        }

    @property
    def costs_page(self) -> str:
        """The page of its costs; '' where it declares no panels."""
        return f"{self.folder}/costs.html" if self.costs.panels else ""

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
