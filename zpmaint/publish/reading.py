# SPDX-License-Identifier: GPL-2.0-only
"""The kernels of a ledger, read as cheaply as can be: of all of them what tells whether anything
is new; of those that are asked for a line of each attempt, and of those whose records are not as
they were the one record that stands for the kernel."""

from __future__ import annotations

import functools
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from functools import cached_property, partial
from hashlib import sha256
from typing import Protocol

from zpmaint.core.errors import InfraError
from zpmaint.ledger.rows import State, Tried
from zpmaint.ledger.stages import PortRecord
from zpmaint.ledger.values import Record
from zpmaint.publish.facts import Facts, facts_of
from zpmaint.publish.kernel import Kernel, Name, name_of, standing_of
from zpmaint.publish.offer import offer_of
from zpmaint.timeline.values import Attempt

_HELD = 8  # records; each is some hundred kilobytes

Kept = Mapping[Name, tuple[str, Facts]]
"""By kernel what was kept of it, and the state of its records that this was taken from."""


class Remembers(Protocol):
    """What publishing asks of the ledger."""

    def states(self) -> Iterator[State]: ...

    def tried(
        self, patchset: str | None = None, versions: Sequence[str] = ()
    ) -> Iterator[Tried]: ...

    def at(self, key: str, turn: float) -> Record | None: ...

    def port_at(self, key: str, turn: float) -> PortRecord | None: ...


class Kernels(Protocol):
    """Where kernels come from."""

    @property
    def states(self) -> Mapping[Name, str]:
        """Every kernel that was ever tried, with a digest of all its records."""

    def of(self, names: Collection[Name], kept: Kept) -> list[Kernel]:
        """Those of these kernels, which are of one patch set."""


class InHand:
    """Kernels that were read already."""

    def __init__(self, kernels: Iterable[Kernel]) -> None:
        self._kernels = {kernel.name: kernel for kernel in kernels}

    @cached_property
    def states(self) -> dict[Name, str]:
        return {name: kernel.state for name, kernel in self._kernels.items()}

    def of(self, names: Collection[Name], kept: Kept) -> list[Kernel]:
        return [self._kernels[name] for name in names]


class InLedger:
    """Kernels that are read when they are asked for. Every method may raise InfraError: the ledger
    cannot be read."""

    def __init__(self, ledger: Remembers) -> None:
        self._ledger = ledger
        # Of the pages of a kernel, which are made one after another, each reads the same few.
        self._read = functools.lru_cache(maxsize=_HELD)(partial(_record, ledger))
        self._port = partial(_port, ledger)

    @cached_property
    def states(self) -> dict[Name, str]:
        return {
            (version, arch, patchset, profile): sha256(text.encode()).hexdigest()[:32]
            for version, arch, patchset, profile, text in self._ledger.states()
        }

    def of(self, names: Collection[Name], kept: Kept) -> list[Kernel]:
        groups: dict[Name, list[Attempt]] = {name: [] for name in names}
        patchsets = {name[2] for name in names}
        versions = sorted({name[0] for name in names})
        for patchset in patchsets:
            for row in self._ledger.tried(patchset, versions):
                tried = Attempt(*row[:9])
                if (group := groups.get(name_of(tried))) is not None:
                    group.append(tried)
        return [self._kernel(name, group, kept) for name, group in groups.items()]

    def _kernel(self, name: Name, attempts: Sequence[Attempt], kept: Kept) -> Kernel:
        if not attempts:
            raise _moved(name)
        state = self.states[name]
        then, facts = kept.get(name, ("", None))
        if facts is None or then != state:
            offer = offer_of(attempts, self._port, self._read)
            facts = facts_of(self._read(standing_of(attempts)), offer)
        return Kernel(tuple(attempts), facts, self._read, state.__str__, self._port)


def read_kernels(ledger: Remembers, kept: Kept) -> list[Kernel]:
    """Every kernel that was ever tried. Raises InfraError where the ledger cannot be read."""
    kernels = InLedger(ledger)
    by_set: dict[str, list[Name]] = {}
    for name in kernels.states:
        by_set.setdefault(name[2], []).append(name)
    return [found for names in by_set.values() for found in kernels.of(names, kept)]


def _port(ledger: Remembers, tried: Attempt) -> PortRecord | None:
    return ledger.port_at(tried.key, tried.turn)


def _record(ledger: Remembers, tried: Attempt) -> Record:
    found = ledger.at(tried.key, tried.turn)
    if found is None:
        raise _moved(name_of(tried))
    return found


def _moved(name: Name) -> InfraError:
    return InfraError(
        f"the record of {' '.join(name[:3])} is not where it was",
        "another process merged ledgers meanwhile: publish again",
    )
