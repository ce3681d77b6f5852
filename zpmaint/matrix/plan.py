# SPDX-License-Identifier: GPL-2.0-only
"""What is due: each tracked kernel, architecture and patch set, and what is known of it."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from itertools import product
from typing import Any, Protocol

from zpmaint.core.config import Config, KernelTable
from zpmaint.core.errors import ZpmaintError
from zpmaint.core.result import Result
from zpmaint.core.track_table import first
from zpmaint.core.versions import KernelVersion
from zpmaint.ledger.values import Summary
from zpmaint.matrix.again import Act, Trouble, decide
from zpmaint.matrix.policy import Missing

Inputs = dict[str, str]
"""By part of a verification's inputs its hash."""

_NAMED = 4
"""So many changed parts are named."""


@dataclass(frozen=True)
class Due:
    """One verification that the matrix asks for."""

    version: KernelVersion
    arch: str
    patchset: str
    sources: tuple[str, ...]
    """Names in kernels.toml, in the order to be asked."""
    profile: str = ""
    """The build profile; empty: the one that fits the tree."""
    known: Summary | None = None
    """The settled record with the very same inputs; None: it is to be run."""
    why: str = ""
    """Why it is to be run, or need not be."""
    not_before: float = 0.0
    """It is tried again, but not before then: seconds since the epoch. 0.0: at once."""
    trouble: Trouble | None = None
    """What came of these inputs before and settled nothing, or came out both ways."""
    last: Result | None = None
    """What its last try came to, with whatever inputs; None: it was never tried."""
    turn: float = 0.0
    """Where the newest try of these inputs stands in the ledger's order: what is recorded with a
    larger turn came after this was planned. 0.0: never tried."""

    @property
    def is_open(self) -> bool:
        """Whether it is to be run now."""
        return self.known is None and not self.not_before

    @property
    def name(self) -> str:
        """What it is, for people."""
        parts = (str(self.version), self.arch, self.patchset, self.profile)
        return " ".join(part for part in parts if part)


@dataclass(frozen=True)
class Unresolved:
    """A tracked series of which no newest kernel could be named."""

    series: str
    """As kernels.toml writes it: "6.12.*"."""
    error: ZpmaintError


@dataclass(frozen=True)
class Plan:
    """The whole matrix, newest kernel first; nothing that is tracked is missing from it."""

    dues: tuple[Due, ...]
    unresolved: tuple[Unresolved, ...] = ()

    @property
    def open(self) -> tuple[Due, ...]:
        """What is to be run now."""
        return tuple(due for due in self.dues if due.is_open)

    @property
    def waiting(self) -> tuple[Due, ...]:
        """What is to be run later."""
        return tuple(due for due in self.dues if due.not_before)

    def as_json(self) -> dict[str, Any]:
        """The object that `zpmaint matrix plan --json` prints; `matrix job plan` reads it."""
        return {
            "schema": 1,
            "dues": [
                {
                    "version": str(due.version),
                    "series": due.version.series,
                    "arch": due.arch,
                    "patchset": due.patchset,
                    "profile": due.profile,
                    "sources": list(due.sources),
                    "known": str(due.known.result) if due.known else None,
                    "why": due.why,
                    "trouble": due.trouble and str(due.trouble),
                    "not_before": due.not_before or None,
                }
                for due in self.dues
            ],
            "unresolved": [
                {"series": one.series, "kind": one.error.kind, "why": str(one.error)}
                for one in self.unresolved
            ],
        }


class Remembers(Protocol):
    """What planning asks of the ledger."""

    def tries(self, key: str) -> Sequence[Summary]: ...

    def known_summary(self, key: str) -> Summary | None: ...

    def latest_summary(
        self, version: str, arch: str, patchset: str, profile: str | None = None
    ) -> Summary | None: ...


Releases = Callable[[str, tuple[str, ...]], list[KernelVersion]]


def plan(
    config: Config,
    newest: Callable[[str, tuple[str, ...]], KernelVersion],
    ledger: Remembers,
    inputs_of: Callable[[Due], Inputs],
    key_of: Callable[[Inputs], str],
    *,
    releases: Releases | None = None,
    missing: Iterable[Missing] = (),
    now: float = math.inf,
) -> Plan:
    """What kernels.toml asks for `now`, in seconds since the epoch: what is tried again after a
    wait has to wait until then (see again.py).

    `newest(series, sources)` names a series' newest kernel among those sources and may raise a
    ZpmaintError: that series is then unresolved, the others are planned; so does `releases`, which
    names all of a series, newest first, where a line asks for more than the newest. `missing` is
    what the rules of kernels.toml ask for and nobody has. `inputs_of` gives the
    inputs of a verification, part by part, and `key_of` the hash over them that the ledger is asked
    for."""
    dues: dict[tuple[KernelVersion, str, str, str], Due] = {}
    unresolved = [Unresolved(one.what, one.error) for one in missing]
    for line in config.kernel:
        try:
            versions = _versions(line, newest, releases)
        except ZpmaintError as error:
            unresolved.append(Unresolved(line.version, error))
            continue
        asked = product(versions, line.arch, line.patches or (config.patch,))
        for version, arch, patchset in asked:
            # "7.*" and "7.2.*" may name the same kernel: it is verified once.
            dues.setdefault(
                (version, arch, patchset, line.profile),
                Due(version, arch, patchset, line.sources, line.profile),
            )
    ordered = sorted(dues.values(), key=lambda due: due.version, reverse=True)
    dues_now = tuple(_looked_up(due, ledger, inputs_of(due), key_of, now) for due in ordered)
    return Plan(dues_now, tuple(unresolved))


def _versions(
    line: KernelTable,
    newest: Callable[[str, tuple[str, ...]], KernelVersion],
    releases: Releases | None,
) -> list[KernelVersion]:
    """The kernels of a line."""
    if not line.series:
        return [KernelVersion.parse(line.version)]
    if line.points == "newest" or releases is None:
        return [newest(line.series, line.sources)]
    return first(line.points, releases(line.series, line.sources))


def _looked_up(
    due: Due, ledger: Remembers, inputs: Inputs, key_of: Callable[[Inputs], str], now: float
) -> Due:
    key = key_of(inputs)
    tries = ledger.tries(key)
    if tries:
        made = decide(tries, now)
        return replace(
            due,
            known=ledger.known_summary(key) if made.act is Act.KNOWN else None,
            why=made.why,
            not_before=made.not_before,
            trouble=made.trouble,
            last=tries[0].result,
            turn=tries[0].turn,
        )
    last = ledger.latest_summary(str(due.version), due.arch, due.patchset, due.profile)
    if last is None:
        why = "never verified"
    elif not last.result.settles:
        why = f"the last try gave no result: {last.why}"
    else:
        why = f"inputs changed since the last result ({last.result}){_named(last.inputs, inputs)}"
    return replace(due, why=why, last=last.result if last else None)


def _named(before: Inputs, now: Inputs) -> str:
    """': patch, tools', the parts that differ; '' where the record does not know its parts."""
    if not before:
        return ""
    parts = [name for name in sorted(before | now) if before.get(name) != now.get(name)]
    more = f" and {len(parts) - _NAMED} more" if len(parts) > _NAMED else ""
    return f": {', '.join(parts[:_NAMED])}{more}"
