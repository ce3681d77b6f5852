# SPDX-License-Identifier: GPL-2.0-only
"""How far a line's newest good kernel is behind the newest one that is known of. Pure."""

from __future__ import annotations

from dataclasses import dataclass

from zpmaint.timeline.kernels import order_of, parsed
from zpmaint.timeline.values import Line


@dataclass(frozen=True)
class Lag:
    """What is ahead of the newest good kernel."""

    newest: str | None
    """The newest kernel of the line that is out, or that was tried; None: nobody knows."""
    words: str
    is_behind: bool | None
    """None: not known."""


def lag_of(line: Line) -> Lag:
    """Of a line, from what sources offered and what was tried."""
    known = [line.freshness.newest_out, *(one.version for one in line.standings[:1])]
    newest = max((one for one in known if one), key=order_of, default=None)
    good = line.newest_good
    if newest is None or not line.standings:
        return Lag(line.freshness.newest_out, "none was tried", None)
    if good is None:
        tried = "none is good" if line.newest else "no result yet"
        return Lag(newest, tried, True if line.newest else None)
    out = line.freshness.newest_out
    if out and order_of(good) > order_of(out) and not _is_same(good, out):
        return Lag(out, "older than the newest good", False)
    if order_of(good) >= order_of(newest) or _is_same(good, newest):
        if out is not None or line.is_single:
            return Lag(newest, "up to date", False)
        return Lag(None, "not known", None)
    return Lag(newest, _distance(good, newest), True)


def _is_same(good: str, newest: str) -> bool:
    """Whether both are one upstream kernel: a distribution's revision is no newer kernel."""
    one, other = parsed(good), parsed(newest)
    return one is not None and other is not None and one.upstream == other.upstream


def _distance(good: str, newest: str) -> str:
    one, other = parsed(good), parsed(newest)
    if one and other and one.is_release and other.is_release and one.series == other.series:
        steps = other.numbers[-1] - one.numbers[-1]
        return f"{steps} release{'s' if steps != 1 else ''} behind"
    return "behind"
