# SPDX-License-Identifier: GPL-2.0-only
"""A kernel as the pages know it: what was tried on it, the facts of the record that stands for it,
and a way to that record as a whole. Pure but for that way."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Protocol

from zpmaint.core.result import Result
from zpmaint.ledger.rows import to_row
from zpmaint.ledger.values import Record
from zpmaint.publish.facts import Facts, facts_of
from zpmaint.publish.page import made_of

Name = tuple[str, str, str]
"""Version, architecture and patch set."""


class Tried(Protocol):
    """One verification, light: tens of thousands are held at once."""

    @property
    def version(self) -> str: ...
    @property
    def arch(self) -> str: ...
    @property
    def patchset(self) -> str: ...
    @property
    def result(self) -> Result: ...
    @property
    def why(self) -> str: ...
    @property
    def key(self) -> str: ...
    @property
    def finished(self) -> float: ...
    @property
    def turn(self) -> float: ...


@dataclass(frozen=True)
class Kernel:
    """One kernel, architecture and patch set."""

    attempts: Sequence[Tried]
    """Newest first; never empty."""
    facts: Facts
    """Of the record that stands for it."""
    read: Callable[[], Record] = field(compare=False)
    """Reads that record, whole: for a page of this kernel alone."""
    state_of: Callable[[], str] = field(compare=False)

    @cached_property
    def state(self) -> str:
        """A digest of all its records: another one as soon as one comes, goes or changes."""
        return self.state_of()

    @property
    def name(self) -> Name:
        return name_of(self.attempts[0])

    @property
    def settled(self) -> Tried | None:
        """The newest attempt that says something about the kernel."""
        return next((tried for tried in self.attempts if tried.result.settles), None)

    @property
    def standing(self) -> Tried:
        """The attempt that stands for it: that one, or the newest where none says anything."""
        return self.settled or self.attempts[0]


def name_of(tried: Tried) -> Name:
    """The kernel that was tried."""
    return tried.version, tried.arch, tried.patchset


def standing_of(records: Sequence[Record]) -> Record:
    """Of a kernel's records, newest first, the one that stands for it, as `Kernel.standing`."""
    return next((record for record in records if record.result.settles), records[0])


def kernels_of(records: Iterable[Record]) -> list[Kernel]:
    """The kernels of records that are at hand, in any order."""
    groups: dict[Name, list[Record]] = {}
    for record in sorted(
        records, key=lambda r: (r.order, r.started, r.key, r.result, r.why), reverse=True
    ):
        groups.setdefault(name_of(record), []).append(record)
    return [_kernel(group) for group in groups.values()]


def _kernel(group: list[Record]) -> Kernel:
    record = standing_of(group)
    return Kernel(
        attempts=group,
        facts=facts_of(record),
        read=lambda: record,
        state_of=lambda: made_of([(one.turn, to_row(one).digest) for one in group]),
    )
