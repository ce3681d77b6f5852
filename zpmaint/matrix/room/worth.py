# SPDX-License-Identifier: GPL-2.0-only
"""What is freed first: what costs least to have again, by how likely it is wanted, per byte."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass

from zpmaint.matrix.room.kinds import Kind, Rows, Standing

_GB = 1e9
_DAY = 86400.0


@dataclass(frozen=True)
class Thing:
    """One thing of the cache that is freed as a whole, or, of ccache, in part."""

    id: str
    """Its place below the cache, with its kind where a place has two."""
    kind: Kind
    version: str
    """Its kernel's; "" where it has none."""
    own: int
    """Bytes that go with it, whatever else stays."""
    size: int
    """Bytes of what would have to be had again: of a tree all of it, which others may share."""
    used: float
    """When it was used last, in seconds since the epoch."""
    standing: Standing
    learned: float | None = None
    """Seconds that the stage of its kind took of such a kernel; None: no experience."""
    is_in_use: bool = False
    is_divisible: bool = False
    """Whether as many bytes of it can go as are wanted."""

    @property
    def seconds(self) -> float:
        """What it costs to have it again."""
        # Where all was there already it took no time: that says nothing.
        by_itself = max(self.kind.seconds, (self.learned or 0.0) * self.kind.share)
        return by_itself + self.kind.per_gb * self.size / _GB


@dataclass(frozen=True)
class Shared:
    """Bytes with several names: they are free once all their holders are."""

    bytes: int
    holders: frozenset[str]
    """The ids of things."""


@dataclass(frozen=True)
class Store:
    """All that is in a cache."""

    things: tuple[Thing, ...]
    shared: tuple[Shared, ...] = ()
    rest: int = 0
    """Bytes of what is of no kind."""

    @property
    def bytes(self) -> int:
        """What all of it takes."""
        return (
            sum(one.own for one in self.things) + sum(one.bytes for one in self.shared) + self.rest
        )

    def bytes_of(self, thing: Thing) -> int:
        """What it takes, its part of what it shares included."""
        parts = (one.bytes // len(one.holders) for one in self.shared if thing.id in one.holders)
        return thing.own + sum(parts)


@dataclass(frozen=True)
class Freed:
    """What goes, in this order, and how much of it."""

    things: tuple[Thing, ...]
    bytes: int
    """What is free then."""
    part: int = 0
    """Of the last thing only so many bytes go; 0: all of it."""


def worth(store: Store, thing: Thing, rows: Rows, now: float) -> float:
    """Seconds saved per gigabyte, in the mean, by keeping a thing."""
    chance = rows.chances[thing.standing].after((now - thing.used) / _DAY)
    return thing.seconds * chance / max(store.bytes_of(thing) / _GB, 1e-6)


def by_worth(store: Store, rows: Rows, now: float) -> list[Thing]:
    """All things, those first that are worth least; of equals what was used longest ago. What is
    never freed is last."""

    def order(one: Thing) -> tuple[bool, float, float, str]:
        return not one.kind.is_freed, worth(store, one, rows, now), one.used, one.id

    return sorted(store.things, key=order)


def to_free(
    store: Store, wanted: int, rows: Rows, now: float, spared: Collection[str] = ()
) -> Freed:
    """The least worthy things that make `wanted` bytes free; all that may go where those are less.

    What is in use stays, what is never freed, and the things of the kernels `spared`."""
    gone: set[str] = set()
    chosen: list[Thing] = []
    free = 0
    for thing in by_worth(store, rows, now):
        if free >= wanted:
            break
        if thing.is_in_use or not thing.kind.is_freed or thing.version in spared:
            continue
        if thing.is_divisible and thing.own > wanted - free:
            return Freed((*chosen, thing), wanted, part=wanted - free)
        gone.add(thing.id)
        chosen.append(thing)
        free += thing.own + sum(
            one.bytes for one in store.shared if thing.id in one.holders and one.holders <= gone
        )
    kept = _needed(chosen, store, wanted)
    return Freed(tuple(kept), _sum(kept, store))


def _needed(chosen: Sequence[Thing], store: Store, wanted: int) -> list[Thing]:
    """Those without which it would be too little: what came early may be no more needed once
    something large had to go; the worthiest is tried first."""
    kept = list(chosen)
    if _sum(kept, store) < wanted:
        return kept
    for thing in reversed(chosen):
        without = [one for one in kept if one is not thing]
        if _sum(without, store) >= wanted:
            kept = without
    return kept


def _sum(things: Sequence[Thing], store: Store) -> int:
    ids = {one.id for one in things}
    shared = sum(one.bytes for one in store.shared if one.holders <= ids)
    return sum(one.own for one in things) + shared
