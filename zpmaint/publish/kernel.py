# SPDX-License-Identifier: GPL-2.0-only
"""A kernel as the pages know it: what was tried on it, the facts of the record that stands for it,
and a way to its records as a whole. Pure but for that way."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from functools import cached_property

from zpmaint.ledger.rows import to_row
from zpmaint.ledger.stages import PortRecord
from zpmaint.ledger.values import Record
from zpmaint.publish.facts import Facts, facts_of
from zpmaint.publish.offer import offer_of
from zpmaint.publish.page import made_of
from zpmaint.publish.shipping import ReadPort
from zpmaint.timeline.values import Attempt

Name = tuple[str, str, str, str]
"""Version, architecture, patch set and profile."""


@dataclass(frozen=True)
class Kernel:
    """One kernel, architecture, patch set and build profile."""

    attempts: Sequence[Attempt]
    """Newest first; never empty."""
    facts: Facts
    """Of the record that stands for it."""
    read: Callable[[Attempt], Record] = field(compare=False)
    """Reads an attempt's record, whole: for pages of this kernel alone."""
    state_of: Callable[[], str] = field(compare=False)
    read_port: ReadPort = field(compare=False)
    """Reads an attempt's port alone."""

    @cached_property
    def state(self) -> str:
        """A digest of all its records: another one as soon as one comes, goes or changes."""
        return self.state_of()

    @cached_property
    def name(self) -> Name:
        return name_of(self.attempts[0])

    @cached_property
    def settled(self) -> Attempt | None:
        """The newest attempt that says something about the kernel."""
        return next((tried for tried in self.attempts if tried.result.settles), None)

    @cached_property
    def standing(self) -> Attempt:
        """The attempt that stands for it: that one, or the newest where none says anything."""
        return standing_of(self.attempts)

    @property
    def record(self) -> Record:
        """That attempt's record, read whole each time."""
        return self.read(self.standing)


def name_of(tried: Attempt) -> Name:
    """The kernel that was tried."""
    return tried.version, tried.arch, tried.patchset, tried.profile


def standing_of(attempts: Sequence[Attempt]) -> Attempt:
    """Of a kernel's attempts, newest first, the one that stands for it."""
    return next((tried for tried in attempts if tried.result.settles), attempts[0])


def kernels_of(records: Iterable[Record]) -> list[Kernel]:
    """The kernels of records that are at hand, in any order."""
    groups: dict[Name, dict[Attempt, Record]] = {}
    for record in sorted(
        records, key=lambda r: (r.order, r.started, r.key, r.result, r.why), reverse=True
    ):
        tried = Attempt.of(record)
        groups.setdefault(name_of(tried), {})[tried] = record
    return [_kernel(group) for group in groups.values()]


def _kernel(group: dict[Attempt, Record]) -> Kernel:
    attempts = tuple(group)

    def port(tried: Attempt) -> PortRecord | None:
        return group[tried].port

    offer = offer_of(attempts, port, group.__getitem__)
    return Kernel(
        attempts=attempts,
        facts=facts_of(group[standing_of(attempts)], offer),
        read=group.__getitem__,
        state_of=lambda: made_of([(t.turn, to_row(r).digest) for t, r in group.items()]),
        read_port=port,
    )
