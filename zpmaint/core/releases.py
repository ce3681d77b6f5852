# SPDX-License-Identifier: GPL-2.0-only
"""What is out there, as it was last seen: the kernels that sources offered, and when somebody
looked. `zpmaint track` and the matrix leave it behind, pages are made of it without a network."""

from __future__ import annotations

import re
from dataclasses import dataclass, field

_UNSAID = 3 * 86_400.0
"""Seconds without a look that are silence where no schedule was said: a matrix by night, on a host
that may be away over a week-end."""
_INTERVALS = 2.0
_A_LOOK = 3600.0
"""Seconds: the longest that a look may take, with all that is tried again."""
_OTHERS = re.compile(r"^next-|-r[ct]\d")
"""In the names of what is no release."""


@dataclass(frozen=True)
class Release:
    """One kernel that a source offered. Times are seconds since the epoch."""

    version: str
    series: str
    """What its point releases share: 6.12 of 6.12.107."""
    moniker: str = ""
    """mainline, stable, longterm or linux-next; '' where no source said it."""
    released: float | None = None
    """The day that a source gives for it (midnight, UTC); None: not known."""
    eol: bool = False
    """Whether its series is known to have ended."""
    seen: float = 0.0
    """When a source last offered it as its series' newest."""
    first_seen: float = 0.0
    """When one did so first."""
    sources: tuple[str, ...] = ()
    """Who offered it."""
    served: bool = False
    """Whether one of them can give it, where it is no release: kernel.org tells of candidates."""
    withdrawn: bool = False
    """Whether who had offered it offers only older kernels of its series now."""

    @property
    def is_had(self) -> bool:
        """Whether a source has it: of releases whoever tells of one can give it."""
        return self.served or not _OTHERS.search(self.version)

    @property
    def out_since(self) -> float:
        """When it came out, or was first seen where no source gives a day."""
        return self.first_seen if self.released is None else self.released


@dataclass(frozen=True)
class Outlook:
    """All that is remembered of looking."""

    releases: tuple[Release, ...] = ()
    looked: float | None = None
    """When a source last answered; None: nobody looked yet."""
    confirmed: dict[str, float] = field(default_factory=dict)
    """By the key of a verification's inputs when they were last found to be those of now."""
    within: float | None = None
    """Seconds after which, at the latest, somebody looks again, as who looked on a schedule said;
    None: nobody said."""

    @property
    def next_look(self) -> float | None:
        """When the next look is due, at the latest; None: nobody said, or looked."""
        if self.looked is None or self.within is None:
            return None
        return self.looked + self.within

    @property
    def patience(self) -> float:
        """Seconds after a look from which on it is silence that no other came: one may fail and be
        tried again, as /health has it."""
        return _UNSAID if self.within is None else _INTERVALS * self.within + _A_LOOK


UNSEEN = Outlook()
"""Nobody looked yet."""
