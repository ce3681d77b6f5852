# SPDX-License-Identifier: GPL-2.0-only
"""A run of the matrix as it goes on: a table on a terminal, a line now and then elsewhere."""

from __future__ import annotations

import time
from collections.abc import Callable

from rich import box
from rich.table import Table

from zpmaint.cli.progress import Live, Plain
from zpmaint.core.progress import Reporter
from zpmaint.matrix.snapshot import OnChange, Snapshot

_EVERY = 60.0
"""Seconds between two lines where there is no terminal."""
_NEXT = 5
"""So many of what is next are named."""


def view(reporter: Reporter) -> OnChange | None:
    """What shows a run beside the reporter's own steps; None where nobody looks."""
    if isinstance(reporter, Live):
        return lambda snapshot: reporter.above(table(snapshot))
    if isinstance(reporter, Plain):
        return _Lines(reporter.line)
    return None


class _Lines:
    def __init__(self, line: Callable[[str], None]) -> None:
        self._line = line
        self._said = time.monotonic()

    def __call__(self, snapshot: Snapshot) -> None:
        if time.monotonic() - self._said >= _EVERY:
            self._said = time.monotonic()
            self._line(line(snapshot))


def line(snapshot: Snapshot) -> str:
    """All of it in one line."""
    under_way = ", ".join(
        f"{one.due.name}: {one.step or 'begins'}"
        + (f" for {duration(snapshot.at - one.since)}" if one.is_running else " (waits)")
        for one in snapshot.under_way
    )
    parts = [standing(snapshot), under_way or "nothing runs", following(snapshot)]
    return "; ".join(part for part in parts if part)


def table(snapshot: Snapshot) -> Table:
    """What runs, where, since when; what is next and how long it takes in the title and below."""
    made = Table(
        box=box.SIMPLE_HEAD,
        title=standing(snapshot),
        title_justify="left",
        caption=following(snapshot) or None,
        caption_justify="left",
    )
    for title in ("kernel", "step", "where", "since"):
        made.add_column(title)
    for one in snapshot.under_way:
        step = one.step or "begins"
        since = duration(snapshot.at - one.since)
        style = None if one.is_running else "dim"
        made.add_row(
            one.due.name, step if one.is_running else f"waits: {step}", one.where, since,
            style=style,
        )  # fmt: skip
    return made


def standing(snapshot: Snapshot) -> str:
    left = snapshot.seconds_left
    about = "" if left is None else f", about {duration(left)} left"
    return f"{snapshot.ended} of {snapshot.total} ended{about}"


def following(snapshot: Snapshot) -> str:
    """What has not begun."""
    if not snapshot.next:
        return ""
    named = ", ".join(due.name for due in snapshot.next[:_NEXT])
    more = len(snapshot.next) - _NEXT
    return f"next: {named}" + (f" and {more} more" if more > 0 else "")


def duration(seconds: float) -> str:
    """45 s, 12 min, 3 h 05 min."""
    whole = max(0, round(seconds))
    if whole < 90:
        return f"{whole} s"
    hours, minutes = divmod(round(whole / 60), 60)
    return f"{hours} h {minutes:02} min" if hours else f"{minutes} min"
