# SPDX-License-Identifier: GPL-2.0-only
"""What a kernel's configuration has beyond the profile because a patch needs it, and why."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any

from zpmaint.core.wishes import Fragment, Wish

NAME = "what the patch needs"
"""What the derived fragment is called, behind the profile's name."""


@dataclass(frozen=True)
class Switched:
    """A symbol that is set for the patch."""

    symbol: str
    value: str
    """y, m, or n for one that is switched off."""
    why: str
    """Who asks for it: a file, a line under a conditional, `for SYMBOL` that depends on it."""

    def __str__(self) -> str:
        off = " off" if self.value == "n" else " as a module" if self.value == "m" else ""
        return f"{self.symbol}{off} ({self.why})"


@dataclass(frozen=True)
class StaysOff:
    """What the patch asks for and cannot have."""

    what: str
    """A symbol, or an expression of symbols as Kconfig writes it."""
    asked: str
    """Who asks for it, as Switched.why."""
    why: str

    def __str__(self) -> str:
        return f"{self.what} (for {self.asked}): {self.why}"


@dataclass(frozen=True)
class Derived:
    """The configuration that follows the patch."""

    switched: tuple[Switched, ...] = ()
    stays_off: tuple[StaysOff, ...] = ()

    @property
    def fragment(self) -> Fragment | None:
        """What goes on top of the profile and the set's own fragments; None where nothing does."""
        wishes = tuple(Wish(s.symbol, s.value, False, s.why) for s in self.switched)
        return Fragment(NAME, wishes) if wishes else None

    @property
    def words(self) -> str:
        """In one line, for people; '' where there is nothing to say."""
        return "; ".join(filter(None, (self.on, self.off)))

    @property
    def on(self) -> str:
        """What is set, in one line; '' where nothing is."""
        names = ", ".join(map(str, self.switched))
        return f"switched on for the patch: {names}" if names else ""

    @property
    def off(self) -> str:
        """What cannot be had, in one line; '' where nothing is missing."""
        return f"stays off: {'; '.join(map(str, self.stays_off))}" if self.stays_off else ""

    def as_json(self) -> dict[str, Any]:
        """JSON's own types; `from_json` reads it."""
        return asdict(self)


NOTHING = Derived()


def from_json(value: Mapping[str, Any]) -> Derived:
    """The Derived that `as_json` wrote. Raises KeyError or TypeError for anything else."""
    return Derived(
        tuple(Switched(**row) for row in value["switched"]),
        tuple(StaysOff(**row) for row in value["stays_off"]),
    )
