# SPDX-License-Identifier: GPL-2.0-only
"""What becomes of a queue's patch at a new kernel, in one word. Pure."""

from __future__ import annotations

from enum import StrEnum

from zpmaint.port.placed import Placed
from zpmaint.port.values import Fate, MemberPort


class Word(StrEnum):
    """What becomes of a patch; in the order in which a maintainer has to look at them."""

    CONFLICT = "conflict"
    """It has no place that could be answered for."""
    REVERSED = "reversed"
    """It was made the wrong way round: on its own base its new lines stand already."""
    UNREADABLE = "unreadable"
    """It cannot be read, or not whole."""
    PARTLY = "partly upstream"
    """Some of its hunks are in the kernel, the others go in."""
    PORTED = "ported"
    """Carried on to changed code."""
    APPLIES = "applies"
    """As it is, perhaps at an offset."""
    DEVELOPED = "developed since"
    """Upstream has it, and went on from there."""
    UPSTREAM = "upstream"
    """The kernel has all of it."""

    @property
    def needs_hands(self) -> bool:
        """Whether somebody has to do something before the queue is whole."""
        return self in (Word.CONFLICT, Word.REVERSED, Word.UNREADABLE)


_WORDS = {
    Fate.CONFLICT: Word.CONFLICT,
    Fate.UNTRIED: Word.CONFLICT,
    Fate.REVERSED: Word.REVERSED,
    Fate.UNREAD: Word.UNREADABLE,
    Fate.PORTED: Word.PORTED,
    Fate.APPLIES: Word.APPLIES,
    Fate.DEVELOPED: Word.DEVELOPED,
    Fate.UPSTREAM: Word.UPSTREAM,
}


def word_of(port: MemberPort) -> Word:
    """The word for a patch that was carried with all others of its series."""
    if port.goes_in and held_of(port)[0]:
        return Word.PARTLY
    return _WORDS[port.fate]


def held_of(port: MemberPort) -> tuple[int, int]:
    """How many of its hunks the kernel has, of how many."""
    hunks = [hunk for file in port.files for hunk in file.hunks]
    return sum(hunk.placed is Placed.UPSTREAM for hunk in hunks), len(hunks)
