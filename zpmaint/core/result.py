# SPDX-License-Identifier: GPL-2.0-only
"""How a verification ends, in one word: the same in tables, JSON, JUnit, pages and badges."""

from __future__ import annotations

from collections.abc import Iterable
from enum import StrEnum

from zpmaint.core import errors


class Tone(StrEnum):
    """What a result means for whoever looks: which colour it has, and whether it needs a look."""

    GOOD = "good"
    CALM = "calm"
    """Nothing is wrong, and nothing was shown."""
    BAD = "bad"
    OPEN = "open"
    """Nothing is known of the kernel."""


class Result(StrEnum):
    """The word of a verdict. INFRA and INDETERMINATE say nothing about the kernel and are tried
    again."""

    PASS = "pass"
    """All as expected, and at least one case showed the patch's effect."""
    NO_REGRESSION = "no regression"
    """All as on stock; no case has shown the patch's effect."""
    NOT_COMPILED = "not compiled"
    """A part of the change is in no object that was built: nothing was shown of it."""
    NOT_EXECUTED = "not executed"
    """Less of the change ran in the guest than the patch set asks for."""
    FAIL = "fail"
    """Booted, and a case, a counter or the console was not as expected (a hang included)."""
    CONFLICT = "conflict"
    """The patch could not be ported."""
    BUILD = "build-failed"
    """A kernel of the pair did not compile or link."""
    INFRA = "infrastructure"
    """Network, disk, a missing program: not the kernel's fault."""
    INDETERMINATE = "indeterminate"
    """A failure of which nothing shows whose it is, or that did not come again."""

    @property
    def is_good(self) -> bool:
        """Whether the patch holds as far as it was looked at."""
        return self in (Result.PASS, Result.NO_REGRESSION)

    @property
    def settles(self) -> bool:
        """Whether it says something about the kernel, so that the same inputs need no new try."""
        return self not in (Result.INFRA, Result.INDETERMINATE)

    @property
    def exit_status(self) -> int:
        if self.is_good:
            return errors.EXIT_OK
        return errors.EXIT_KERNEL if self.settles else errors.EXIT_INFRA

    @property
    def tone(self) -> Tone:
        if self is Result.PASS:
            return Tone.GOOD
        if self is Result.NO_REGRESSION:
            return Tone.CALM
        return Tone.BAD if self.settles else Tone.OPEN


CAME_OUT_OTHERWISE = (
    "not the same in two boots: ",
    "not the same when built again: ",
    "did not build the same way twice: ",
)
"""How the reason of an INDETERMINATE result tells that the very same thing was tried twice within
one verification and came out otherwise."""


def is_both_ways(result: Result, why: str) -> bool:
    """Whether a verification says by itself that its inputs come out now so, now otherwise."""
    return result is Result.INDETERMINATE and any(mark in why for mark in CAME_OUT_OTHERWISE)


_WORST_FIRST = (errors.EXIT_KERNEL, errors.EXIT_USER, errors.EXIT_INFRA)
"""What was found about a kernel outweighs a mistake in the input, and that what a later run may
cure by itself."""


def worst(statuses: Iterable[int]) -> int:
    """The exit status of a command that did several things, of the status of each."""
    seen = set(statuses)
    return next((s for s in _WORST_FIRST if s in seen), max(seen, default=errors.EXIT_OK))
