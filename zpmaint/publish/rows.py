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

from zpmaint.build.evidence import Evidence, FileEvidence
from zpmaint.core.config import Config, KernelTable
from zpmaint.core.errors import UserError
from zpmaint.core.result import Tone
from zpmaint.core.versions import KernelVersion
from zpmaint.ledger.stages import CaseRecord, DeltaRecord, FileRecord, VerdictRecord
from zpmaint.ledger.values import Record
from zpmaint.publish.looks import LOOKS, PENDING
from zpmaint.publish.page import made_of

_PAGE_KB = 4  # on x86


class Standing(StrEnum):
    """Why a row is on the page."""

    TRACKED = "tracked"
    """The newest verified kernel of a line of kernels.toml, or the line itself if none is."""
    EARLIER = "earlier"
    """An older kernel of a tracked series."""
    UNTRACKED = "untracked"
    """Verified, and on no line of kernels.toml."""


@dataclass(frozen=True)
class Suite:
    """How many cases came out how. A case that either kernel had to skip is no pass."""

    passed: int
    skipped: int
    failed: int

    @classmethod
    def of(cls, cases: Sequence[CaseRecord]) -> Suite:
        results = [case.results.values() for case in cases]
        failed = sum(any(r.is_bad for r in both) for both in results)
        skipped = sum(
            any(r.mark == "skip" for r in both) and not any(r.is_bad for r in both)
            for both in results
        )
        return cls(len(results) - failed - skipped, skipped, failed)

    @property
    def total(self) -> int:
        return self.passed + self.skipped + self.failed


@dataclass(frozen=True)
class Figure:
    """One counter of a pair: what it is called, and what each kernel showed."""

    counter: str
    unit: str
    stock: float
    patched: float | None

    @property
    def difference(self) -> float | None:
        return None if self.patched is None else self.patched - self.stock


@dataclass(frozen=True)
class Row:
    """One kernel, architecture and patch set, as the page shows it."""

    version: str
    """The kernel, or the tracked series as it is written ("6.12.*") where none was verified."""
    arch: str
    patchset: str
    standing: Standing
    tracked_as: str
    """The line of kernels.toml that covers it; '' if none does."""
    note: str
    """That line's note."""
    record: Record | None
    """The newest settled record; the newest at all if none settled it; None: never verified."""
    attempt: Record | None
    """A later attempt that settled nothing."""
    change: str
    """'regression', 'fixed' or '', against the series' previous settled kernel."""
    compared_with: str
    """That kernel; '' if there is none."""
    history: tuple[Record, ...]
    """Every record of it, newest first."""

    @property
    def inputs(self) -> str:
        """A digest of all that is shown of it, less what its patch set says."""
        return made_of(
            [(r.turn, r.key, r.result, r.why, r.started, r.finished) for r in self.history],
            (self.version, self.arch, self.patchset, self.standing, self.tracked_as, self.note),
            (self.change, self.compared_with, self.attempt is not None),
        )

    @property
    def look(self) -> str:
        """The word for its state: a Result's, or 'pending'."""
        return str(self.record.result) if self.record else PENDING

    @property
    def tone(self) -> Tone:
        return LOOKS[self.look].tone

    @property
    def is_good(self) -> bool:
        return self.record is not None and self.record.result.is_good

    @property
    def stem(self) -> str:
        """The file name of its page, without .html, safe whatever the ledger holds."""
        return file_name(f"{self.version}-{self.arch}")

    @property
    def folder(self) -> str:
        return file_name(self.patchset)

    @property
    def page(self) -> str:
        return f"{self.folder}/{self.stem}.html" if self.record else ""

    @property
    def bench_picture(self) -> str:
        """Its full benchmark's break-even, where it has one."""
        return f"{self.folder}/{self.stem}-bench.svg"

    @property
    def patch(self) -> str:
        """The patch as it is to be applied to this kernel; '' where there is none to offer."""
        port = self.record.port if self.record else None
        return (port.patch or "") if port else ""

    @property
    def patch_file(self) -> str:
        return f"{self.folder}/{file_name(self.version)}.patch" if self.patch else ""

    @property
    def suite(self) -> Suite | None:
        """All cases counted, whatever suite they are of; None where none was run."""
        return Suite.of(self._verdict.cases) if self._verdict and self._verdict.cases else None

    @property
    def suites(self) -> list[tuple[str, Suite, tuple[CaseRecord, ...]]]:
        """By suite: its name, the count, the cases."""
        found = self._verdict.suites if self._verdict else {}
        return [(name, Suite.of(cases), cases) for name, cases in found.items()]

    @property
    def evidence(self) -> Evidence | None:
        """What was compiled of the change; None where that is not known."""
        build = self.record.build if self.record else None
        return build.evidence if build else None

    def compiled(self, file: FileRecord) -> FileEvidence | None:
        """What was compiled of a file of the port."""
        files = self.evidence.files if self.evidence else ()
        names = (file.path, file.patch)
        return next((found for found in files if (found.path, found.patch) == names), None)

    @property
    def memory(self) -> Figure | None:
        """The first counter of memory that tells here, after the read pass, in kB."""
        telling = [d for d in self.deltas if d.telling and d.phase == "read"]
        for delta in telling:
            if delta.unit == "kB":
                return _figure(delta)
        for delta in telling:
            if delta.unit == "pages":
                patched = delta.patched
                return Figure(
                    delta.counter,
                    "kB",
                    delta.stock * _PAGE_KB,
                    None if patched is None else patched * _PAGE_KB,
                )
        return None

    @property
    def rss(self) -> Figure | None:
        """VmRSS after the read pass, whether it tells or not."""
        return self.read("VmRSS")

    def read(self, counter: str) -> Figure | None:
        """A counter after the read pass, whether it tells or not; None where it was not taken."""
        for delta in self.deltas:
            if delta.counter == counter and delta.phase == "read":
                return _figure(delta)
        return None

    @property
    def rss_is_silent(self) -> bool:
        """Whether the patch shows in memory here, and VmRSS is not where."""
        shown = self.memory is not None and self.memory.patched is not None
        return shown and any(
            d.counter == "VmRSS" and d.phase == "read" and not d.telling for d in self.deltas
        )

    @property
    def cost(self) -> Figure | None:
        """Instructions for each page of the read pass."""
        for delta in self.deltas:
            if delta.unit == "instructions/page" and delta.phase == "read":
                return _figure(delta)
        return None

    @property
    def deltas(self) -> tuple[DeltaRecord, ...]:
        return self._verdict.deltas if self._verdict else ()

    @property
    def main_deltas(self) -> list[DeltaRecord]:
        """What is to be read first: what tells, what misleads, and what it costs."""
        return [d for d in self.deltas if _is_main(d)]

    @property
    def other_deltas(self) -> list[DeltaRecord]:
        return [d for d in self.deltas if not _is_main(d)]

    @property
    def _verdict(self) -> VerdictRecord | None:
        return self.record.verdict if self.record else None


def rows_of(config: Config, records: Iterable[Record], patchset: str) -> list[Row]:
    """The rows of one patch set, newest kernel first; the order of `records` does not matter."""
    kept = sorted(
        (r for r in records if r.patchset == patchset),
        key=lambda r: (r.order, r.started, r.key, r.result, r.why),
        reverse=True,
    )
    groups: dict[tuple[str, str], list[Record]] = {}
    for record in kept:
        groups.setdefault((record.version, record.arch), []).append(record)
    rows: list[Row] = []
    for line, arch in _lines(config, patchset):
        mine = [
            name
            for name in sorted(groups, key=lambda g: _order(g[0]), reverse=True)
            if name[1] == arch and _covers(line, name[0])
        ]
        if not mine:
            rows.append(_pending(line, arch, patchset))
        for place, name in enumerate(mine):
            if any((r.version, r.arch) == name for r in rows):
                continue  # an earlier line of kernels.toml has it
            standing = Standing.EARLIER if place else Standing.TRACKED
            older = [groups[n] for n in mine[place + 1 :]]
            rows.append(_row(groups[name], standing, line, older))
    seen = {(r.version, r.arch) for r in rows}
    rows += [_row(g, Standing.UNTRACKED, None, []) for n, g in groups.items() if n not in seen]
    return sorted(rows, key=lambda r: (_order(r.version), r.arch), reverse=True)


def patchsets_of(config: Config, records: Iterable[Record]) -> list[str]:
    """The patch sets to show: the tracked ones first, then others that the ledger knows."""
    names = [config.patch, *(p for line in config.kernel for p in line.patches)]
    return list(dict.fromkeys([*names, *sorted({r.patchset for r in records})]))


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


def _row(
    group: list[Record], standing: Standing, line: KernelTable | None, older: list[list[Record]]
) -> Row:
    settled = next((r for r in group if r.result.settles), None)
    shown = settled or group[0]
    before = [r for g in older for r in g if r.result.settles][:1]
    before = before or [r for r in group if r is not settled and r.result.settles][:1]
    change = ""
    if settled and before and settled.result.is_good != before[0].result.is_good:
        change = "fixed" if settled.result.is_good else "regression"
    return Row(
        version=shown.version,
        arch=shown.arch,
        patchset=shown.patchset,
        standing=standing,
        tracked_as=line.version if line else "",
        note=line.note if line else "",
        record=shown,
        attempt=group[0] if group[0] is not shown else None,
        change=change,
        compared_with=before[0].version if change else "",
        history=tuple(group),
    )


def _pending(line: KernelTable, arch: str, patchset: str) -> Row:
    return Row(
        line.version, arch, patchset, Standing.TRACKED, line.version, line.note,
        None, None, "", "", (),
    )  # fmt: skip


def _is_main(delta: DeltaRecord) -> bool:
    misleads = delta.counter == "VmRSS" and delta.phase == "read"
    return delta.telling or misleads or delta.unit.endswith("/page")


def _figure(delta: DeltaRecord) -> Figure:
    return Figure(delta.counter, delta.unit, delta.stock, delta.patched)


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
