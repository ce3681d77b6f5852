# SPDX-License-Identifier: GPL-2.0-only
"""One thing that was looked at to tell whether something is what it is said to be. Plain values."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from zpmaint.core import errors


class State(StrEnum):
    """How a check came out."""

    GOOD = "good"
    """It is what was published."""
    BAD = "bad"
    """It is not what was published."""
    UNKNOWN = "unknown"
    """It cannot be told: no key, no list, a program that is missing."""

    @property
    def exit_status(self) -> int:
        return {
            State.GOOD: errors.EXIT_OK,
            State.BAD: errors.EXIT_KERNEL,
            State.UNKNOWN: errors.EXIT_INFRA,
        }[self]


@dataclass(frozen=True)
class Check:
    """One thing that was looked at."""

    what: str
    """digest, signature, statement, applies."""
    state: State
    words: str
    """In one line."""
    hint: str = ""
    """The next step, where it cannot be told."""

    def as_json(self) -> dict[str, str]:
        return {"what": self.what, "state": str(self.state), "words": self.words, "hint": self.hint}
