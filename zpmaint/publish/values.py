# SPDX-License-Identifier: GPL-2.0-only
"""What the pages are made of: the site, and in it each patch set with its rows. Pure."""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import cached_property
from urllib.parse import quote

from zpmaint.core.config import Config
from zpmaint.core.releases import UNSEEN, Outlook
from zpmaint.core.signer import Signer
from zpmaint.patchset.panels import Column
from zpmaint.patchset.values import PatchSet
from zpmaint.publish.addresses import set_feed
from zpmaint.publish.bench import Pair
from zpmaint.publish.columns import Cell, cell_of, columns_of
from zpmaint.publish.costs_of_set import SetCosts
from zpmaint.publish.kernels import Line, lines_of
from zpmaint.publish.looks import LOOKS
from zpmaint.publish.names import file_name
from zpmaint.publish.rows import Row, Standing, holding_of, newest_good, passing_of
from zpmaint.publish.texts import NoTexts, Texts
from zpmaint.timeline import values as timeline
from zpmaint.timeline.transitions import transitions_of


@dataclass(frozen=True)
class Shown:
    """One patch set with all that its pages show."""

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

    @property
    def costs_page(self) -> str:
        """The page of its costs; '' where it declares no panels."""
        return f"{self.folder}/costs.html" if self.costs.panels else ""

    @property
    def columns(self) -> list[Column]:
        """Those of its columns that any kernel has a figure for."""
        return columns_of(self.costs)

    @property
    def lines(self) -> list[Line]:
        """Its kernels side by side, where they were measured."""
        verified = [(row.version, row.arch, row.facts) for row in self.rows if row.kernel]
        return lines_of(self.benchmarks, verified)

    @property
    def bench_picture(self) -> str:
        """All of them in one picture; '' where there is no full benchmark."""
        return f"{self.folder}/bench.svg" if self.benchmarks else ""

    def benchmark(self, row: Row) -> Pair | None:
        """The full benchmark of a kernel."""
        names = (row.version, row.arch)
        return next((p for p in self.benchmarks if (p[0].version, p[0].arch) == names), None)

    def before(self, row: Row) -> Row | None:
        """The next older kernel of which something is known, of the same architecture and profile:
        of its line where that has one, else of any."""
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

    @property
    def passing(self) -> tuple[int, int]:
        return passing_of(self.rows)

    @property
    def holding(self) -> int:
        return holding_of(self.rows)

    @property
    def has_files(self) -> bool:
        """Whether there is a patch to take away of any of its kernels."""
        return any(row.offer.patches for row in self.rows)

    def cells(self, row: Row) -> list[Cell | None]:
        """A kernel's figures in `columns`."""
        costs = self.costs.of(row.kernel) if row.kernel else None
        return [cell_of(column, costs) if costs else None for column in self.columns]

    @property
    def tracked(self) -> list[Row]:
        return [row for row in self.rows if row.standing is Standing.TRACKED]

    @property
    def others(self) -> list[Row]:
        return [row for row in self.rows if row.standing is not Standing.TRACKED]

    @property
    def counts(self) -> list[tuple[str, int]]:
        looks = [row.look for row in self.tracked]
        return [(look, looks.count(look)) for look in LOOKS if look in looks]

    @property
    def good(self) -> list[tuple[str, str, Row | None]]:
        return newest_good(self.rows)

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
class Site:
    """All that the pages are made of."""

    config: Config
    sets: tuple[Shown, ...]
    """The tracked ones first."""
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
    lasting: tuple[str, ...] = ()
    """The addresses of the former site that are named by their content and stay."""

    @cached_property
    def news(self) -> list[timeline.Transition]:
        """What became otherwise on any line, newest first. Of a kernel that two lines cover each
        has its own."""
        return transitions_of(line for one in self.sets for line in one.timelines)

    def canonical(self, address: str) -> str:
        """Where a page will stand for all; '' where nobody knows where the site will."""
        return self.base_url + quote(address) if self.base_url else ""
