# SPDX-License-Identifier: GPL-2.0-only
"""What a port may know and do beyond the anchor and the two kernels' files."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from zpmaint.port.beside import Beside


@dataclass(frozen=True)
class Offer:
    """A file of the target that may hold what left the patch's own file."""

    path: str
    data: bytes
    why: str
    """What speaks for it, for people to read."""


Moves = Callable[[str, tuple[str, ...]], Sequence[Offer]]
"""Asked of a file that a patch changes, by its path, and of those functions (and other scopes) of
it that the target's file of that path does not have: the files of the target that may hold them.
Where there is no such file in the target, all that the patch changes in it is asked for."""


@dataclass(frozen=True)
class Terms:
    """The terms on which a patch is carried; the defaults are those of a patch set with intent."""

    yields: bool = False
    """Whether a hunk that upstream has, or whose file or function upstream deleted, is dropped, as
    the maintainers of a queue of foreign patches drop it. Without it that is a conflict: a patch
    set is for something, and what is left of it may mean nothing."""
    exists: Callable[[str], bool] | None = None
    """Whether the target's whole tree defines a name. Without it names are held against the two
    files alone, and a port that rests on less says so."""
    gone: Callable[[str], bool] | None = None
    """Whether the tree that the patch was cut against speaks of a name and the target's no longer
    does. Asked of names that only the patch's own lines bring to a file: upstream may have taken
    away what they call."""
    brings: frozenset[str] = frozenset()
    """Names that the patch itself defines: no tree is asked for them."""
    beside: tuple[Beside, ...] = ()
    """The files of C that the patch touches, as far as both kernels have them: what they define
    is known."""
    offers: tuple[Offer, ...] = ()
    """Other files of the target: where the patch's own file, or the function, is not there any
    more."""


STRICT = Terms()
"""Nothing is given up, nothing known of the tree."""
YIELDING = Terms(yields=True)
"""For patches of a queue, whose intent is what they remove and add."""
