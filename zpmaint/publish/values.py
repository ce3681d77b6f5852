# SPDX-License-Identifier: GPL-2.0-only
"""What the pages are made of: the site, and in it each patch set with its rows. Pure."""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import cached_property
from urllib.parse import quote

from zpmaint.core.config import Config
from zpmaint.core.releases import UNSEEN, Outlook
from zpmaint.core.signer import Signer
from zpmaint.patchset.values import PatchSet
from zpmaint.publish.bench import Pair
from zpmaint.publish.charts import Chart, charts_of
from zpmaint.publish.kernels import Line, lines_of
from zpmaint.publish.looks import LOOKS
from zpmaint.publish.names import file_name
from zpmaint.publish.rows import Row, Standing, newest_good
from zpmaint.publish.status import holding_of, passing_of
from zpmaint.publish.texts import NoTexts, Texts
from zpmaint.timeline import values as timeline


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

    @property
    def charts(self) -> list[Chart]:
        return charts_of(self.rows)

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
    def has_memory(self) -> bool:
        """Whether a counter of memory tells on any of its kernels: a column for it then."""
        return any(row.memory for row in self.rows)

    @property
    def has_cost(self) -> bool:
        """Whether instructions were counted on any of its kernels."""
        return any(row.cost for row in self.rows)

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

    def canonical(self, address: str) -> str:
        """Where a page will stand for all; '' where nobody knows where the site will."""
        return self.base_url + quote(address) if self.base_url else ""
