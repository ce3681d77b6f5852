# SPDX-License-Identifier: GPL-2.0-only
"""Files of a kernel that may hold what upstream moved out of the files of a patch.

Asked for only where a port comes to a conflict because a file or a function is not there any more.
What makes a file worth an offer is in port/move_offers.py; besides, git may have found that the
patch's file became it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TypeVar

from zpmaint.app.base import of_base
from zpmaint.app.session import Session
from zpmaint.core.errors import InfraError, UserError
from zpmaint.core.versions import KernelVersion
from zpmaint.patchset.values import Anchor
from zpmaint.port.file_moves import away
from zpmaint.port.move_offers import offers
from zpmaint.port.parsed import Blobs
from zpmaint.port.terms import Moves, Offer
from zpmaint.sources.chain import Chain
from zpmaint.sources.source import HasHistory

Got = TypeVar("Got")


@dataclass(frozen=True)
class _Kernel:
    """A kernel's files, as move_offers asks for them."""

    version: KernelVersion
    chain: Chain
    session: Session | None = None
    """Where its sources are to be asked that were not named, too."""

    def blobs(self, paths: Iterable[str]) -> Mapping[str, bytes | None]:
        wanted = list(paths)
        return self._ask(lambda chain: chain.blobs(self.version, wanted))

    def speaking_of(self, name: str) -> Sequence[str] | None:
        return self._ask(lambda chain: chain.speaking_of(self.version, name))

    def files_called(self, name: str) -> Sequence[str]:
        return self._ask(lambda chain: chain.files_called(self.version, name))

    def _ask(self, ask: Callable[[Chain], Got]) -> Got:
        return ask(self.chain) if self.session is None else of_base(self.session, self.chain, ask)


def candidates(
    start: Anchor, version: KernelVersion, base: Blobs, target: Blobs, chain: Chain
) -> Iterator[Offer]:
    """The files worth an offer to a single patch. None from a clone that would have to fetch the
    whole kernel for it. May raise UserError or InfraError where a source fails."""
    if not start.is_single:
        return  # a patch of a series names files as those before it leave them
    served = chain.served_by(version)
    if isinstance(served, HasHistory) and not served.is_here:
        return
    left = away(start.patch, base, target)
    missing = [path for path in left if target.get(path) is None]
    renamed = _renamed(chain, start.base, version, missing)
    for new, why in renamed.values():
        if (data := chain.blobs(version, [new])[new]) is not None:
            yield Offer(new, data, why)
    before, now = _Kernel(start.base, chain), _Kernel(version, chain)
    for path, names in left.items():
        if path not in renamed:
            yield from _since(start.base, offers(path, names, before, now))


def moves(session: Session, chain: Chain, base: KernelVersion, version: KernelVersion) -> Moves:
    """The question of a series' port; a source that fails has nothing to offer, and the conflict
    stays."""
    before, now = _Kernel(base, chain, session), _Kernel(version, chain)

    def asked(path: str, names: tuple[str, ...]) -> Sequence[Offer]:
        served = chain.served_by(version)
        if isinstance(served, HasHistory) and not served.is_here:
            return ()
        try:
            renamed = _renamed(chain, base, version, [path])
            if path in renamed:
                new, why = renamed[path]
                data = chain.blobs(version, [new])[new]
                return () if data is None else (Offer(new, data, why),)
            return tuple(_since(base, offers(path, names, before, now)))
        except (UserError, InfraError):
            return ()

    return asked


def _renamed(
    chain: Chain, base: KernelVersion, version: KernelVersion, paths: Sequence[str]
) -> dict[str, tuple[str, str]]:
    """What git finds of those of `paths` that are gone: by old name the new one, and why."""
    git = chain.history_of(base, version) if paths else None
    found = git.renamed(base, version, paths) if git else {}
    return {
        old: (new, f"upstream renamed the file, {alike}% alike")
        for old, (new, alike) in found.items()
    }


def _since(base: KernelVersion, found: Iterable[Offer]) -> Iterator[Offer]:
    for offer in found:
        yield replace(offer, why=f"{offer.why} since {base}")
