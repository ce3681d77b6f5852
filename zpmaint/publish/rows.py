# SPDX-License-Identifier: GPL-2.0-only
"""The rows of the page: each kernel with its place on its timeline. Pure.

What is known of a kernel, since when it is so, and whether that is sure is the timeline's to say
(`zpmaint.timeline`). A row adds what is kept of the kernel's record, and where its files stand.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from enum import StrEnum

from zpmaint.core.config import Config
from zpmaint.core.releases import UNSEEN
from zpmaint.core.result import Tone
from zpmaint.core.series import named, numbers_of
from zpmaint.core.versions import KernelVersion
from zpmaint.ledger.values import Record
from zpmaint.publish.facts import NOTHING, Facts, Figure, Suite
from zpmaint.publish.fresh import shown
from zpmaint.publish.kernel import Kernel, Name
from zpmaint.publish.log_places import LogPlace
from zpmaint.publish.looks import FLAKY, LOOKS, PENDING
from zpmaint.publish.names import file_name, series_of, stem_of
from zpmaint.publish.offer import PATCH, Offer
from zpmaint.publish.page import made_of
from zpmaint.timeline.kernels import order_of
from zpmaint.timeline.lines import lines_of
from zpmaint.timeline.values import Attempt, Episode, Freshness, Line
from zpmaint.timeline.values import Standing as Known


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
    line: Line = field(repr=False)
    """The timeline that it is on; of two the one that kernels.toml has first."""
    change: str = ""
    """'regression', 'fixed' or '', against the line's next older kernel of which something is
    known; else against its own past."""
    compared_with: str = ""
    """That kernel; '' if there is none."""
    flaky: bool = False
    """Whether the very same inputs came out otherwise at another time."""

    @property
    def episode(self) -> Episode | None:
        """The run of kernels that it belongs to: what holds on all of them, since which one, the
        last good one before. None where nothing is known of it."""
        return self.line.episode_of(self.version)

    @property
    def freshness(self) -> Freshness | None:
        """How fresh the knowledge of its line is; None where an older kernel's stands here, or one
        that nobody tracks."""
        return self.line.freshness if self.standing is Standing.TRACKED else None

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
            (self.change, self.compared_with, self.flaky),
            (self._run, self.freshness and shown(self.freshness), self.line.name),
        )

    @property
    def _run(self) -> tuple[object, ...]:
        """What of its run of kernels may be shown with it. How far one that works goes on is not:
        each new kernel would make the pages of all the others anew."""
        if self.episode is None:
            return ()
        run = self.episode
        told = (run.kind, run.first, run.last_good, run.ended_by, run.fixed)
        return told if run.kind.is_good else (*told, run.last, len(run.versions), run.reason)

    @property
    def look(self) -> str:
        """The word for its state: a Result's, 'flaky' or 'pending'."""
        if self.flaky:
            return FLAKY
        return str(self.tried.result) if self.tried else PENDING

    @property
    def tone(self) -> Tone:
        return LOOKS[self.look].tone

    @property
    def is_good(self) -> bool:
        """Whether the patch holds as far as it was looked at, each time that it was."""
        return self.tried is not None and self.tried.result.is_good and not self.flaky

    @property
    def stem(self) -> str:
        """The file name of its page, without .html, safe whatever the ledger holds."""
        return stem_of(self.version, self.arch, self.profile)

    @property
    def folder(self) -> str:
        return file_name(self.patchset)

    @property
    def page(self) -> str:
        return f"{self.folder}/{self.stem}.html" if self.kernel else ""

    @property
    def log_folder(self) -> str:
        """Where the pages of its logs are."""
        return f"{self.folder}/{self.stem}"

    @property
    def logs(self) -> list[LogPlace]:
        """The logs, consoles and configurations that its record names."""
        return self.facts.log_places

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
    def offer(self) -> Offer:
        """What there is to take away, whether or not it is offered still."""
        return self.facts.offer

    @property
    def patch_file(self) -> str:
        """The address of the patch that is offered for it; '' where its newest verdict is not
        good, though a former patch may stand there still."""
        newest = self.offer.newest
        offered = self.is_good and newest is not None and newest.is_offered
        return self.file(PATCH) if offered else ""

    @property
    def files_page(self) -> str:
        """The address of the list of its patches, with its place there; '' where there is none."""
        if not self.offer.patches:
            return ""
        return f"{self.folder}/files/{file_name(series_of(self.version))}.html#{self.stem}"

    def file(self, ending: str) -> str:
        """The address of a file of the newest good patch (offer.PATCH, ARCHIVE, STATEMENT)."""
        return f"{self.folder}/{self.stem}{ending}"

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


def rows_of(
    config: Config,
    kernels: Iterable[Kernel],
    patchset: str,
    lines: Iterable[Line] | None = None,
) -> list[Row]:
    """The rows of one patch set, newest kernel first; the order of `kernels` does not matter.
    `lines` are the timelines of the set where they are known already; else they are made as if
    nobody had looked for newer kernels."""
    groups = {kernel.name: kernel for kernel in kernels if kernel.name[2] == patchset}
    if lines is None:
        attempts = (tried for kernel in groups.values() for tried in kernel.attempts)
        lines = lines_of(attempts, config, UNSEEN, 0.0)
    rows: dict[Name, Row] = {}
    pending: list[Row] = []
    for line in lines:
        if line.patchset != patchset:
            continue
        if not line.standings:
            pending.append(_pending(line))
        older: Known | None = None
        made: list[Row] = []
        for place, known in reversed(list(enumerate(line.standings))):
            name = (known.version, known.arch, patchset, known.profile)
            if name not in rows:  # else an earlier line of kernels.toml has it
                made.append(_row(groups[name], line, known, older, is_newest=not place))
            older = known if known.settled else older
        rows |= {row.kernel.name: row for row in made if row.kernel}
    return sorted(
        [*pending, *rows.values()],
        key=lambda r: (_order(r.version), r.arch, r.profile),
        reverse=True,
    )


def patchsets_of(config: Config, kernels: Iterable[Name]) -> list[str]:
    """The patch sets to show: the tracked ones first, then others that the ledger knows a kernel
    of."""
    names = [config.patch, *(p for line in config.kernel for p in line.patches)]
    return list(dict.fromkeys([*names, *sorted({name[2] for name in kernels})]))


def newest_good(rows: Sequence[Row]) -> list[tuple[str, str, Row | None]]:
    """For each tracked line, architecture and profile: its newest kernel that the patch holds on,
    None if there is none."""
    found: dict[tuple[str, str, str], Row | None] = {}
    for row in rows:  # newest first
        if row.tracked_as:
            name = (row.tracked_as, row.arch, row.profile)
            if found.get(name) is None:
                found[name] = row if row.is_good else None
    return [(line, arch, row) for (line, arch, _), row in found.items()]


def _row(kernel: Kernel, line: Line, known: Known, older: Known | None, *, is_newest: bool) -> Row:
    newest = Standing.TRACKED if is_newest else Standing.EARLIER
    change, compared_with = _change(known, older)
    return Row(
        version=known.version,
        arch=known.arch,
        patchset=line.patchset,
        standing=newest if line.is_tracked else Standing.UNTRACKED,
        profile=known.profile,
        tracked_as=line.tracked_as,
        note=line.note,
        kernel=kernel,
        line=line,
        change=change,
        compared_with=compared_with,
        flaky=known.flaky,
    )


def _change(known: Known, older: Known | None) -> tuple[str, str]:
    """What became of the patch since the next older kernel, or since the kernel's last result, and
    which kernel that is told of."""
    if known.settled is None:
        return "", ""
    if older is None:
        past = (one for one in known.attempts if one is not known.settled and one.result.settles)
        before = next(past, None)
        was_good = before.result.is_good if before else known.is_good
    else:
        was_good = older.is_good
    if known.is_good == was_good:
        return "", ""
    return "fixed" if known.is_good else "regression", (older or known).version


def _pending(line: Line) -> Row:
    return Row(
        version=line.tracked_as,
        arch=line.arch,
        patchset=line.patchset,
        standing=Standing.TRACKED,
        profile=line.profile,
        tracked_as=line.tracked_as,
        note=line.note,
        kernel=None,
        line=line,
    )


def _order(version: str) -> tuple[int, KernelVersion, str]:
    """Kernels as they were made; a series after all it could hold; what is no kernel first."""
    if series := named(version, "*"):
        numbers = numbers_of(series)
        width = 4 if numbers[0] < 3 else 3
        return (1, KernelVersion(numbers + (1 << 20,) * (width - len(numbers))), version)
    return order_of(version)
