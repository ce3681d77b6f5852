# SPDX-License-Identifier: GPL-2.0-only
"""Room on the disk: the cache kept within a budget, and what is least worth freed for more."""

from __future__ import annotations

import shutil
import time
from collections.abc import Collection, Iterable
from dataclasses import dataclass, field
from pathlib import Path

from zpmaint.app.cache_freeing import free
from zpmaint.app.cache_things import Known, find
from zpmaint.app.look import ruled
from zpmaint.app.session import Session
from zpmaint.core.config import Config
from zpmaint.core.errors import InfraError, UserError
from zpmaint.core.versions import KernelVersion
from zpmaint.matrix.plan import Due
from zpmaint.matrix.room.kinds import Standing, declared
from zpmaint.matrix.room.worth import Freed, Store, Thing, to_free

_LOOK_AGAIN = 30.0
"""Seconds for which a count of the cache is good, which costs up to a second: what runs meanwhile
has said what it writes."""
_TRY_AGAIN = 10.0
"""Seconds behind a freeing that did not make enough before it is tried again."""


@dataclass(frozen=True)
class Gone:
    """What was freed."""

    things: tuple[Thing, ...]
    bytes: int
    failed: tuple[str, ...] = ()
    """What could not be, and why."""


@dataclass
class Room:
    """The room of one session's cache; to be asked in one thread."""

    session: Session
    due: tuple[Due, ...] = ()
    """What is to be verified next."""
    _store: Store | None = field(default=None, repr=False)
    _looked: float = 0.0
    _failed: float = -_TRY_AGAIN

    @property
    def cache(self) -> Path:
        return self.session.places.cache

    @property
    def budget(self) -> int | None:
        """Bytes that the cache may take; None: as many as there are."""
        return self.session.config.cache.bytes

    def store(self, *, fresh: bool = True) -> Store:
        """What is in the cache; without `fresh` as it was a moment ago, if it was looked at."""
        if fresh or self._store is None or time.monotonic() - self._looked > _LOOK_AGAIN:
            self._store = find(self.cache, known_of(self.session, self.due))
            self._looked = time.monotonic()
        return self._store

    def left(self, *, fresh: bool = False) -> int:
        """Bytes that may still be written: what the disk has, and no more than the budget."""
        left = disk_free(self.cache)
        if self.budget is not None:
            left = min(left, self.budget - self.store(fresh=fresh).bytes)
        return left

    def __call__(self, wanted: int, in_use: Collection[Due], whole: bool = False) -> int:
        """See MakeRoom of app/local.py: free what is least worth until `wanted` bytes may be
        written; gives how many may be then. What it cannot free is said, and ends nothing.

        `whole`: nothing is freed where all that may go would not be enough."""
        left = self.left()
        if left >= wanted or time.monotonic() - self._failed < _TRY_AGAIN:
            return left
        if (left := self.left(fresh=True)) >= wanted:
            return left
        spared = {str(due.version) for due in in_use}
        # Who waits for others to end anyhow would have lost ccache's objects for nothing.
        if not whole or self.choose(wanted - left, spared).bytes >= wanted - left:
            self.free(wanted - left, spared=spared)
        if (left := self.left(fresh=True)) < wanted:
            self._failed = time.monotonic()
        return left

    def choose(self, wanted: int, spared: Collection[str] = ()) -> Freed:
        """What would be freed for `wanted` bytes, sparing these kernels."""
        return to_free(self.store(), wanted, declared(), time.time(), spared)

    def free(self, wanted: int, spared: Collection[str] = ()) -> Gone:
        """Free the least worthy `wanted` bytes. Where somebody began to use one of them meanwhile,
        others go in its place."""
        before = self.store().bytes
        gone: list[Thing] = []
        failed: dict[str, str] = {}
        with self.session.reporter.step(f"make room for {wanted / 1e9:.1f} GB", "B") as step:
            while (done := before - self.store().bytes) < wanted:
                step.advance(done, wanted)
                chosen = self.choose(wanted - done, {*spared})
                things = [one for one in chosen.things if one.id not in failed]
                if not things:
                    break
                for thing in things:
                    part = chosen.part if thing is chosen.things[-1] else 0
                    try:
                        if free(self.cache, thing, part=part, reporter=self.session.reporter):
                            gone.append(thing)
                            if thing.is_divisible:  # it goes by whole entries: near enough
                                failed[thing.id] = ""
                        else:
                            failed[thing.id] = f"{thing.id}: in use"
                    except InfraError as error:
                        failed[thing.id] = f"{thing.id}: {error}"
                        step.note(failed[thing.id])
        return Gone(tuple(gone), before - self.store().bytes, tuple(filter(None, failed.values())))


def known_of(session: Session, due: Iterable[Due] = ()) -> Known:
    """What the project and its ledger know of kernels; no network is asked."""
    standings: dict[str, Standing] = {}
    tracked = ruled(session).config
    for version in _newest(tracked, _cached_versions(session.places.cache)):
        standings[version] = Standing.TRACKED
    for name in {tracked.patch, *(p for row in tracked.kernel for p in row.patches)}:
        for anchor in session.patchset(name).anchors:
            if anchor.base is not None:
                standings[str(anchor.base)] = Standing.BASE
    standings |= {str(one.version): Standing.DUE for one in due}
    seconds: dict[str, dict[str, float]] = {}
    for text, _, took in session.ledger.durations():
        of = seconds.setdefault(text, {})
        for stage, value in took.items():  # what was there already took none
            of[stage] = max(of.get(stage, 0.0), value)
    return Known(standings, seconds)


def disk_free(folder: Path) -> int:
    """Bytes that the disk of `folder` has left for us."""
    there = next(place for place in (folder, *folder.parents) if place.exists())
    return shutil.disk_usage(there).free


def _cached_versions(cache: Path) -> list[KernelVersion]:
    found = set()
    for kind in declared().kinds:
        for glob in kind.of:
            found |= {kind.version(path.name) or "" for path in cache.glob(glob)}
    return [version for text in found if (version := _parsed(text)) is not None]


def _newest(config: Config, versions: Collection[KernelVersion]) -> set[str]:
    """Of each line of kernels.toml the newest kernel that there is something of."""
    newest = (
        max((one for one in versions if row.covers(one)), default=None) for row in config.kernel
    )
    return {str(one) for one in newest if one is not None}


def _parsed(text: str) -> KernelVersion | None:
    try:
        return KernelVersion.parse(text)
    except UserError:
        return None
