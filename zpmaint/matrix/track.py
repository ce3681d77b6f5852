# SPDX-License-Identifier: GPL-2.0-only
"""What is new: the kernels that the sources list, beside what is tracked and verified. Pure."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum
from itertools import product
from typing import Any

from zpmaint.core.config import Config, KernelTable
from zpmaint.core.errors import UserError
from zpmaint.core.versions import KernelVersion
from zpmaint.ledger.values import Record, Summary
from zpmaint.timeline.kernels import Coverage


@dataclass(frozen=True)
class Listing:
    """One kernel as one source lists it."""

    source: str
    version: KernelVersion
    moniker: str = ""
    """mainline, stable, longterm or linux-next, where the source says so."""
    eol: bool = False
    """Whether the source says that its series has ended."""
    released: float | None = None
    """The day that it gives for the kernel (midnight, UTC), in seconds since the epoch."""
    is_served: bool = True
    """Whether the source can give it, and not only tells of it."""
    is_head: bool = True
    """Whether the source tells of it by itself; False: it was asked for all of a kind, and that it
    has old ones says nothing of what is maintained."""


class Novelty(StrEnum):
    """How a series' newest kernel stands to what is tracked and known."""

    NEW = "new"
    """Tracked, and not verified on all its architectures and patch sets."""
    VERIFIED = "verified"
    """Tracked, and settled on all of them, whatever the results."""
    UNTRACKED = "untracked"
    """No line of kernels.toml covers it."""


@dataclass(frozen=True)
class News:
    """The newest listed kernel of one series (or of one line of kernels.toml)."""

    version: KernelVersion
    series: str
    """The line of kernels.toml ("6.12.*", "2.6.21"), or the series where none covers it."""
    novelty: Novelty
    sources: tuple[str, ...]
    """Who lists it, in the order asked."""
    moniker: str
    eol: bool
    before: KernelVersion | None
    """The series' newest settled kernel before this one."""

    def as_json(self) -> dict[str, Any]:
        """One row of what `zpmaint track --json` prints."""
        return {
            "version": str(self.version),
            "series": self.series,
            "novelty": str(self.novelty),
            "sources": list(self.sources),
            "moniker": self.moniker or None,
            "eol": self.eol,
            "before": str(self.before) if self.before else None,
        }


def whats_new(
    listings: Iterable[Listing], config: Config, records: Iterable[Record | Summary]
) -> list[News]:
    """One row for each tracked line that a source lists a kernel of, and each untracked series;
    newest first. A line of a series counts releases alone, as its newest kernel is one."""
    listed: dict[KernelVersion, list[Listing]] = {}
    for listing in listings:
        listed.setdefault(listing.version, []).append(listing)
    settled = _settled(records)
    coverage = Coverage(config.kernel)
    listed_of: dict[_Line, list[KernelVersion]] = {}
    untracked: dict[str, KernelVersion] = {}
    # A series' newest release stands for it; a candidate or -rt kernel where there is none.
    for version in sorted(listed, key=lambda one: (one.is_release, one)):
        mine = [line for line in coverage.of(version) if version.is_release or line.series is None]
        for line in mine:
            listed_of.setdefault(_name(line), []).append(version)
        if not mine:
            untracked[version.series] = version
    done_of: dict[_Line, list[KernelVersion]] = {}
    for version in {version for version, _, _ in settled}:
        for line in coverage.of(version):
            done_of.setdefault(_name(line), []).append(version)
    rows: list[News] = []
    for line in config.kernel:
        if _name(line) not in listed_of:
            continue
        newest = max(listed_of[_name(line)])
        asked = product([newest], line.arch, line.patches or (config.patch,))
        novelty = Novelty.VERIFIED if settled.issuperset(asked) else Novelty.NEW
        before = [v for v in done_of.get(_name(line), ()) if v < newest]
        rows.append(_news(newest, line.version, novelty, listed[newest], before))
    for series, version in untracked.items():
        before = [v for v, _, _ in settled if v < version and v.series == series]
        rows.append(_news(version, series, Novelty.UNTRACKED, listed[version], before))
    return sorted(rows, key=lambda row: (row.version, row.series), reverse=True)


_Line = tuple[str, str]
"""A line of kernels.toml: no two have the same version and profile."""


def _name(line: KernelTable) -> _Line:
    return (line.version, line.profile)


def _news(
    version: KernelVersion,
    series: str,
    novelty: Novelty,
    listings: list[Listing],
    before: list[KernelVersion],
) -> News:
    return News(
        version,
        series,
        novelty,
        sources=tuple(dict.fromkeys(listing.source for listing in listings)),
        moniker=next((listing.moniker for listing in listings if listing.moniker), ""),
        eol=any(listing.eol for listing in listings),
        before=max(before, default=None),
    )


def _settled(records: Iterable[Record | Summary]) -> set[tuple[KernelVersion, str, str]]:
    found = set()
    for record in records:
        if record.result.settles:
            try:
                version = KernelVersion.parse(record.version)
            except UserError:
                continue  # not a kernel that any source could list
            found.add((version, record.arch, record.patchset))
    return found
