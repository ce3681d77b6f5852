"""How a verification ends, in one word: the same in tables, JSON, JUnit, pages and badges."""

from __future__ import annotations

from enum import StrEnum

from zpmaint.core import errors


class Result(StrEnum):
    """The word of a verdict. INFRA says nothing about the kernel and is tried again."""

    PASS = "pass"
    """All as expected, and at least one case showed the patch's effect."""
    NO_REGRESSION = "no regression"
    """All as on stock; no case has shown the patch's effect."""
    NOT_COMPILED = "not compiled"
    """A part of the change is in no object that was built: nothing was shown of it."""
    FAIL = "fail"
    """Booted, and a case, a counter or the console was not as expected (a hang included)."""
    CONFLICT = "conflict"
    """The patch could not be ported."""
    BUILD = "build-failed"
    """A kernel of the pair did not compile or link."""
    INFRA = "infrastructure"
    """Network, disk, a missing program: not the kernel's fault."""

    @property
    def is_good(self) -> bool:
        """Whether the patch holds as far as it was looked at."""
        return self in (Result.PASS, Result.NO_REGRESSION)

    @property
    def settles(self) -> bool:
        """Whether it says something about the kernel, so that the same inputs need no new try."""
        return self is not Result.INFRA

    @property
    def exit_status(self) -> int:
        if self.is_good:
            return errors.EXIT_OK
        return errors.EXIT_INFRA if self is Result.INFRA else errors.EXIT_KERNEL
