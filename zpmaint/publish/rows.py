# SPDX-License-Identifier: GPL-2.0-only
"""From records to the rows of the page: what each tracked kernel's state is. Pure.

The state of a kernel is its newest settled record. An attempt that settled nothing, as the
infrastructure failed or nobody knows what did, says nothing about the kernel and is shown beside
that state, or alone where there is no other.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from enum import StrEnum

from zpmaint.core.config import Config, KernelTable
from zpmaint.core.errors import UserError
from zpmaint.core.result import Tone
from zpmaint.core.versions import KernelVersion
from zpmaint.ledger.values import Record
from zpmaint.publish.facts import NOTHING, Facts, Figure, Suite
from zpmaint.publish.kernel import Kernel, Name
from zpmaint.publish.looks import LOOKS, PENDING
from zpmaint.publish.page import made_of
from zpmaint.timeline.values import Attempt


class Standing(StrEnum):
    """Why a row is on the page."""

    TRACKED = "tracked"
    """The newest verified kernel of a line of kernels.toml, or the line itself if none is."""
    EARLIER = "earlier"
    """An older kernel of a tracked series."""
    UNTRACKED = "untracked"
    """Verified, and on no line of kernels.toml."""


@dataclass(frozen=True)
class Row:
    """One kernel, architecture and patch set, as the page shows it."""

    version: str
    """The kernel, or the tracked series as it is written ("6.12.*") where none was verified."""
    arch: str
    patchset: str
    standing: Standing
    profile: str
    """The build profile that was asked for; '' the one that fits the tree."""
    tracked_as: str
    """The line of kernels.toml that covers it; '' if none does."""
    note: str
    """That line's note."""
    kernel: Kernel | None
    """What was tried on it; None: it was never verified."""
    change: str
    """'regression', 'fixed' or '', against the series' previous settled kernel."""
    compared_with: str
    """That kernel; '' if there is none."""

    @property
    def record(self) -> Record | None:
        """The record that stands for it, whole: its newest settled one, or the newest at all. It
        is read from the ledger each time: for pages of one kernel only."""
        return self.kernel.record if self.kernel else None

    @property
    def facts(self) -> Facts:
        """What is kept of that record, for pages of many kernels."""
        return self.kernel.facts if self.kernel else NOTHING

    @property
    def history(self) -> Sequence[Attempt]:
        """Every attempt, newest first."""
        return self.kernel.attempts if self.kernel else ()

    @property
    def tried(self) -> Attempt | None:
        """The attempt that its state is from; None: never verified."""
        return self.kernel.standing if self.kernel else None

    @property
    def attempt(self) -> Attempt | None:
        """A later attempt that settled nothing."""
        newest = self.kernel.attempts[0] if self.kernel else None
        return None if newest is self.tried else newest

    @property
    def why(self) -> str:
        return self.tried.why if self.tried else ""

    @property
    def verified(self) -> float | None:
        """When that attempt ended; seconds since the epoch."""
        return self.tried.finished if self.tried else None

    @property
    def inputs(self) -> str:
        """A digest of all that is shown of it, less what its patch set says."""
        return made_of(
            self.kernel.state if self.kernel else "",
            (self.version, self.arch, self.patchset, self.profile),
            (self.standing, self.tracked_as, self.note),
            (self.change, self.compared_with),
        )

    @property
    def look(self) -> str:
        """The word for its state: a Result's, or 'pending'."""
        return str(self.tried.result) if self.tried else PENDING

    @property
    def tone(self) -> Tone:
        return LOOKS[self.look].tone

    @property
    def is_good(self) -> bool:
        return self.tried is not None and self.tried.result.is_good

    @property
    def stem(self) -> str:
        """The file name of its page, without .html, safe whatever the ledger holds."""
        parts = (self.version, self.arch, self.profile)
        return file_name("-".join(part for part in parts if part))

    @property
    def folder(self) -> str:
        return file_name(self.patchset)

    @property
    def page(self) -> str:
        return f"{self.folder}/{self.stem}.html" if self.kernel else ""

    @property
    def bench_picture(self) -> str:
        """Its full benchmark's break-even, where it has one."""
        return f"{self.folder}/{self.stem}-bench.svg"

    @property
    def patch(self) -> str:
        """The patch as it is to be applied to this kernel, from its record; '' where there is
        none to offer."""
        port = self.record.port if self.record and self.facts.has_patch else None
        return (port.patch or "") if port else ""

    @property
    def patch_file(self) -> str:
        return f"{self.folder}/{file_name(self.version)}.patch" if self.facts.has_patch else ""

    @property
    def suite(self) -> Suite | None:
        """All cases counted, whatever suite they are of; None where none was run."""
        return self.facts.suite

    @property
    def memory(self) -> Figure | None:
        """The first counter of memory that tells here, after the read pass, in kB."""
        return self.facts.memory

    @property
    def rss(self) -> Figure | None:
        """VmRSS after the read pass, whether it tells or not."""
        return self.facts.rss

    def read(self, counter: str) -> Figure | None:
        """A counter of facts.READ after the read pass, whether it tells or not."""
        return self.facts.read(counter)

    @property
    def rss_is_silent(self) -> bool:
        """Whether the patch shows in memory here, and VmRSS is not where."""
        return self.facts.rss_is_silent

    @property
    def cost(self) -> Figure | None:
        """Instructions for each page of the read pass."""
        return self.facts.cost


def rows_of(config: Config, kernels: Iterable[Kernel], patchset: str) -> list[Row]:
    """The rows of one patch set, newest kernel first; the order of `kernels` does not matter."""
    groups = {kernel.name: kernel for kernel in kernels if kernel.name[2] == patchset}
    ordered = sorted(groups, key=lambda g: _order(g[0]), reverse=True)
    rows: dict[Name, Row] = {}
    pending: list[Row] = []
    for line, arch in _lines(config, patchset):
        mine = [
            name
            for name in ordered
            if (name[1], name[3]) == (arch, line.profile) and _covers(line, name[0])
        ]
        if not mine:
            pending.append(_pending(line, arch, patchset))
        for place, name in enumerate(mine):
            if name in rows:
                continue  # an earlier line of kernels.toml has it
            standing = Standing.EARLIER if place else Standing.TRACKED
            older = [groups[n] for n in mine[place + 1 :]]
            rows[name] = _row(groups[name], standing, line, older)
    for name, kernel in groups.items():
        if name not in rows:
            rows[name] = _row(kernel, Standing.UNTRACKED, None, [])
    return sorted(
        [*pending, *rows.values()],
        key=lambda r: (_order(r.version), r.arch, r.profile),
        reverse=True,
    )


def patchsets_of(config: Config, kernels: Iterable[Kernel]) -> list[str]:
    """The patch sets to show: the tracked ones first, then others that the ledger knows."""
    names = [config.patch, *(p for line in config.kernel for p in line.patches)]
    return list(dict.fromkeys([*names, *sorted({kernel.name[2] for kernel in kernels})]))


def newest_good(rows: Sequence[Row]) -> list[tuple[str, str, Row | None]]:
    """For each tracked line and architecture: its newest kernel that the patch holds on, None if
    there is none."""
    found: dict[tuple[str, str], Row | None] = {}
    for row in rows:  # newest first
        if row.tracked_as:
            name = (row.tracked_as, row.arch)
            if found.get(name) is None:
                found[name] = row if row.is_good else None
    return [(line, arch, row) for (line, arch), row in found.items()]


def file_name(text: str) -> str:
    """`text` as a file name: itself where that is safe, else made so and told apart by a hash."""
    safe = re.sub(r"[^A-Za-z0-9._~+-]", "_", text)[:80]
    if text and safe == text and not text.startswith((".", "-")):
        return text
    return f"_{safe.strip('.')}-{hashlib.sha256(text.encode('utf-8', 'replace')).hexdigest()[:8]}"


def _lines(config: Config, patchset: str) -> list[tuple[KernelTable, str]]:
    return [
        (line, arch)
        for line in config.kernel
        if patchset in (line.patches or (config.patch,))
        for arch in line.arch
    ]


def _row(kernel: Kernel, standing: Standing, line: KernelTable | None, older: list[Kernel]) -> Row:
    settled = kernel.settled
    before = next((one.settled for one in older if one.settled), None)
    if before is None:
        others = (one for one in kernel.attempts if one is not settled and one.result.settles)
        before = next(others, None)
    change = ""
    if settled and before and settled.result.is_good != before.result.is_good:
        change = "fixed" if settled.result.is_good else "regression"
    version, arch, patchset, profile = kernel.name
    return Row(
        version=version,
        arch=arch,
        patchset=patchset,
        standing=standing,
        profile=profile,
        tracked_as=line.version if line else "",
        note=line.note if line else "",
        kernel=kernel,
        change=change,
        compared_with=before.version if before and change else "",
    )


def _pending(line: KernelTable, arch: str, patchset: str) -> Row:
    return Row(
        version=line.version,
        arch=arch,
        patchset=patchset,
        standing=Standing.TRACKED,
        profile=line.profile,
        tracked_as=line.version,
        note=line.note,
        kernel=None,
        change="",
        compared_with="",
    )


def _parsed(text: str) -> KernelVersion | None:
    try:
        return KernelVersion.parse(text)
    except UserError:
        return None


def _covers(line: KernelTable, version: str) -> bool:
    parsed = _parsed(version)
    return parsed is not None and line.covers(parsed)


def _order(version: str) -> tuple[int, KernelVersion, str]:
    """Kernels as they were made; a series after all it could hold; what is no kernel first."""
    if parsed := _parsed(version):
        return (1, parsed, version)
    if version.endswith(".*"):
        numbers = tuple(map(int, version[:-2].split(".")))
        width = 4 if numbers[0] < 3 else 3
        return (1, KernelVersion(numbers + (1 << 20,) * (width - len(numbers))), version)
    return (0, KernelVersion((0, 0, 0)), version)
