# SPDX-License-Identifier: GPL-2.0-only
"""What a port may read of the two kernels: the one that a patch was cut against, and the target."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Protocol

from zpmaint.patchset.values import Anchor
from zpmaint.port.parsed import Blobs
from zpmaint.port.terms import Offer, Terms

Question = Callable[[str], bool]
"""Asked of one name."""


class Trees(Protocol):
    """A read-only view of the kernels' trees. What is costly is read when it is first asked for,
    and remembered; a port that needs none of it costs none."""

    @property
    def target(self) -> Blobs:
        """The target's files that the patch set touches."""

    def base(self, start: Anchor) -> Blobs:
        """The files that an anchor was cut against; empty where they are not to be had."""

    @property
    def exists(self) -> Question | None:
        """Whether any file of the target has a name; None where that cannot be told."""

    def gone(self, start: Anchor) -> Question | None:
        """Whether the tree that an anchor was cut against has a name and the target's no longer
        does; None where that cannot be told, or is not asked."""

    def moves(self, start: Anchor) -> tuple[Offer, ...]:
        """Other files of the target that may hold what left the anchor's own files."""


@dataclass(frozen=True)
class Given:
    """Trees of which all is given: for what has read the files already, and asks no tree."""

    bases: Mapping[str, Blobs]
    """By anchor name, as far as they can be had."""
    target: Blobs
    terms: Terms

    def base(self, start: Anchor) -> Blobs:
        return self.bases.get(start.name, {})

    @property
    def exists(self) -> Question | None:
        return self.terms.exists

    def gone(self, start: Anchor) -> Question | None:
        return self.terms.gone

    def moves(self, start: Anchor) -> tuple[Offer, ...]:
        return ()  # or they are in `terms`, to be tried at once
