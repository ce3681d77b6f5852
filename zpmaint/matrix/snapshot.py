# SPDX-License-Identifier: GPL-2.0-only
"""How a run of the matrix stands at a moment, for who looks at it: tables, metrics, a page."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from zpmaint.matrix.plan import Due


@dataclass(frozen=True)
class UnderWay:
    """One due verification that has begun."""

    due: Due
    step: str
    """fetch, unpack, port, build, boot or judge; "" before the first."""
    is_running: bool
    """False: it waits for what the step needs."""
    since: float
    """Since when it runs or waits, in seconds since the epoch."""
    where: str
    """Who works on it, in people's words."""

    def as_json(self) -> dict[str, Any]:
        return {
            "kernel": self.due.name,
            "step": self.step,
            "running": self.is_running,
            "since": self.since,
            "where": self.where,
        }


@dataclass(frozen=True)
class Snapshot:
    """All that is known of a run at `at`."""

    at: float
    """Seconds since the epoch."""
    under_way: tuple[UnderWay, ...]
    next: tuple[Due, ...]
    """What has not begun, in the order in which it will."""
    ended: int
    """How many of the run's dues have ended, known ones included."""
    total: int
    seconds_left: float | None
    """By the ledger's experience; None where it has none."""

    def as_json(self) -> dict[str, Any]:
        """JSON's own types."""
        return {
            "at": self.at,
            "under_way": [one.as_json() for one in self.under_way],
            "next": [due.name for due in self.next],
            "ended": self.ended,
            "total": self.total,
            "seconds_left": self.seconds_left,
        }


OnChange = Callable[[Snapshot], None]
"""Called in the run's own thread whenever something began, ended or waits, and every few seconds;
what it raises ends the run."""
