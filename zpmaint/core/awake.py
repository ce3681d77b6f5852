# SPDX-License-Identifier: GPL-2.0-only
"""How long something has run, without the time in which this machine stood still.

A suspended laptop, a paused container, a process that was stopped: the clock on the wall goes on
and nothing else does. A deadline that counted that would call whoever is waited for hung.
"""

from __future__ import annotations

import time

GAP = 2.0
"""Seconds between two looks, beyond what was meant to be, from which on we stood still ourselves.
A host that is that slow to wake a process is no measure of others, either."""


def now() -> float:
    """Seconds on a clock that goes on while the machine is suspended; clock_gettime(2)."""
    return time.clock_gettime(time.CLOCK_BOOTTIME)


class AwakeClock:
    """Looked at every `every` seconds by whoever waits for something."""

    def __init__(self, every: float) -> None:
        self._every = every
        self._began = self._last = now()
        self.stood_still = 0.0
        """Seconds so far in which we did, or what we wait for was kept from running."""

    def look(self, *, is_held: bool = False) -> float:
        """Seconds since the beginning, less those of standing still. `is_held`: what is waited for
        was kept from running since the last look, whatever we were."""
        at = now()
        since, self._last = at - self._last, at
        if is_held:
            self.stood_still += since
        elif since > self._every + GAP:
            self.stood_still += since - self._every
        return at - self._began - self.stood_still
