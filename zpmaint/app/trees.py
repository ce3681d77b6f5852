# SPDX-License-Identifier: GPL-2.0-only
"""The trees of a port as the sources have them: each thing read when the engine asks for it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from contextlib import suppress

from zpmaint.app.base import base_blobs, of_base
from zpmaint.app.move_candidates import candidates
from zpmaint.app.session import Session
from zpmaint.core.errors import InfraError, UserError
from zpmaint.core.versions import KernelVersion
from zpmaint.patchset.values import Anchor
from zpmaint.port.parsed import Blobs
from zpmaint.port.terms import Offer
from zpmaint.port.trees import Question
from zpmaint.sources.chain import Chain


class KernelTrees:
    """See port/trees.py."""

    def __init__(
        self,
        session: Session,
        chain: Chain,
        version: KernelVersion,
        target: Blobs,
        *,
        bases: Mapping[str, Blobs] | None = None,
        looks_for_lost: bool = True,
    ) -> None:
        """`bases` holds, by anchor name, what has been read of them already. With `looks_for_lost`
        both trees are asked for the names that a patch brings."""
        self._session = session
        self._chain = chain
        self._version = version
        self._target = target
        self._bases = dict(bases or {})
        self._looks_for_lost = looks_for_lost

    @property
    def target(self) -> Blobs:
        return self._target

    def base(self, start: Anchor) -> Blobs:
        if start.name not in self._bases:
            here = start.base == self._version
            self._bases[start.name] = (
                self._target if here else base_blobs(self._session, start, self._chain)
            )
        return self._bases[start.name]

    @property
    def exists(self) -> Question | None:
        return lambda name: self._chain.speaks_of(self._version, name)

    def gone(self, start: Anchor) -> Question | None:
        if not self._looks_for_lost:
            return None
        return lost_names(self._session, self._chain, self._version, start.base)

    def moves(self, start: Anchor) -> tuple[Offer, ...]:
        base = self.base(start)
        with suppress(UserError, InfraError):  # nothing to offer then, and the conflict stays
            return tuple(candidates(start, self._version, base, self._target, self._chain))
        return ()


def lost_names(
    session: Session, chain: Chain, version: KernelVersion, base: KernelVersion | None
) -> Question | None:
    """Whether the tree of `base` has a name and that of `version` no longer does; None where the
    two are one. A base that no source serves tells nothing: then no name counts as lost."""
    if base is None or base == version:
        return None
    was = _had(session, chain, base)
    return lambda name: not chain.speaks_of(version, name) and was(name)


def _had(session: Session, chain: Chain, base: KernelVersion) -> Callable[[str], bool]:
    known = True  # until no source has it: then it is not asked for again

    def had(name: str) -> bool:
        nonlocal known
        if not known:
            return False
        try:
            return of_base(session, chain, lambda source: source.speaks_of(base, name))
        except (UserError, InfraError):
            known = False
            return False

    return had
