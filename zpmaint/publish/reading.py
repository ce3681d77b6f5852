# SPDX-License-Identifier: GPL-2.0-only
"""The kernels of a ledger, read as cheaply as can be: of each attempt a line of a table, of each
kernel whose records are not as they were the one record that stands for it."""

from __future__ import annotations

import functools
from collections.abc import Iterator
from functools import partial
from hashlib import sha256
from typing import Protocol

from zpmaint.core.errors import InfraError
from zpmaint.ledger.rows import Tried
from zpmaint.ledger.stages import PortRecord
from zpmaint.ledger.values import Record
from zpmaint.publish.facts import facts_of
from zpmaint.publish.kernel import Kernel, Name, name_of, standing_of
from zpmaint.publish.manifest import Kept
from zpmaint.publish.offer import offer_of
from zpmaint.timeline.values import Attempt

_HELD = 8  # records; each is some hundred kilobytes


class Remembers(Protocol):
    """What publishing asks of the ledger."""

    def tried(self) -> Iterator[Tried]: ...

    def at(self, key: str, turn: float) -> Record | None: ...

    def port_at(self, key: str, turn: float) -> PortRecord | None: ...


def read_kernels(ledger: Remembers, kept: Kept) -> list[Kernel]:
    """Every kernel that was ever tried. Raises InfraError where the ledger cannot be read."""
    groups: dict[Name, tuple[list[Attempt], list[str]]] = {}
    for row in ledger.tried():
        tried, digest = Attempt(*row[:9]), row[9]
        attempts, digests = groups.setdefault(name_of(tried), ([], []))
        attempts.append(tried)
        digests.append(f"{digest[:32]}{tried.turn}")
    # Of the pages of a kernel, which are made one after another, each reads the same few.
    read = functools.lru_cache(maxsize=_HELD)(partial(_record, ledger))
    ports = partial(_port, ledger)
    made = []
    for name, (attempts, digests) in groups.items():
        state = sha256(" ".join(digests).encode()).hexdigest()[:32]
        then, facts = kept.get(name, ("", None))
        if facts is None or then != state:
            offer = offer_of(attempts, ports, read)
            facts = facts_of(read(standing_of(attempts)), offer)
        made.append(Kernel(tuple(attempts), facts, read, state.__str__, ports))
    return made


def _port(ledger: Remembers, tried: Attempt) -> PortRecord | None:
    return ledger.port_at(tried.key, tried.turn)


def _record(ledger: Remembers, tried: Attempt) -> Record:
    found = ledger.at(tried.key, tried.turn)
    if found is None:
        raise InfraError(
            f"the record of {tried.version} {tried.arch} {tried.patchset} is not where it was",
            "another process merged ledgers meanwhile: publish again",
        )
    return found
