# SPDX-License-Identifier: GPL-2.0-only
"""How fresh the knowledge of a line is. An old pass is no pass of today, and where nobody looked
nobody knows that nothing newer is out."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime

from zpmaint.core.durations import said
from zpmaint.core.releases import Outlook, Release
from zpmaint.core.versions import KernelVersion
from zpmaint.timeline.kernels import order_of, parsed
from zpmaint.timeline.values import Freshness, FreshnessState, Standing

DAY = 86_400.0
STALE_AFTER = 30 * DAY
"""The matrix confirms each night that a result still stands; a month without that is a result of
other tools, other cases, perhaps another patch."""


def freshness_of(
    standings: Sequence[Standing],
    releases: Sequence[Release],
    outlook: Outlook,
    now: float,
    *,
    is_series: bool,
) -> Freshness:
    """Of one line: its kernels, newest first, and what is out of it. Whether a series goes on is
    known only by who was offered a kernel of it; one kernel stays what it is.

    Where several things hold the state is what hides the most: nothing is known; nobody looks; a
    newer kernel is out; the series has ended; long ago. The words say all of them."""
    newest = next((one for one in standings if one.settled), None)
    settled = newest.settled if newest else None
    offered = [one for one in releases if not one.withdrawn]
    out = max(offered, key=lambda one: order_of(one.version), default=None)
    untested = out if out and not _tested(out.version, standings) else None
    ended = any(one.eol for one in releases)
    at = max((one.seen for one in releases), default=None) if is_series else outlook.looked
    silent_from = None if at is None else at + outlook.patience
    silent = (silent_from is None or now > silent_from) and not (ended and not untested)
    confirmed = outlook.confirmed.get(settled.key) if settled else None
    sure = max(confirmed or 0.0, settled.finished) if settled else 0.0
    stale = now - sure > STALE_AFTER
    if settled is None:
        state = FreshnessState.NEVER
    elif silent:
        state = FreshnessState.SILENT
    elif untested:
        state = FreshnessState.BEHIND
    elif ended:
        state = FreshnessState.END_OF_LIFE
    else:
        state = FreshnessState.STALE if stale else FreshnessState.FRESH
    words = [
        _verified(newest, confirmed, stale=stale),
        f"{untested.version} is out since {_day(untested.out_since)}, and untested"
        if untested
        else "",
        *(f"{one.version} was withdrawn" for one in releases if one.withdrawn),
        "the series has ended" if ended else "",
        _silence(at, outlook) if silent else "",
    ]
    return Freshness(
        state=state,
        verified=settled.finished if settled else None,
        newest_out=out.version if out else None,
        untested=untested.version if untested else None,
        out_since=out.out_since if out else None,
        looked=at,
        silent_from=silent_from,
        confirmed=confirmed,
        words="; ".join(part for part in words if part),
    )


def _tested(version: str, standings: Sequence[Standing]) -> bool:
    """Whether something is known of a kernel that is out, or of a newer one. A kernel's revision by
    Debian is newer than the kernel only where it is Debian's that was verified."""
    out = parsed(version)
    known = [parsed(one.version) for one in standings if one.settled]
    return out is not None and any(_covers(one, out) for one in known if one)


def _covers(known: KernelVersion, out: KernelVersion) -> bool:
    if known.upstream != out.upstream:
        return known.upstream > out.upstream
    return not (known.debian and out.debian) or known >= out


def _verified(newest: Standing | None, confirmed: float | None, *, stale: bool) -> str:
    if newest is None or newest.settled is None:
        return "nothing is verified yet"
    said = f"{newest.version} verified on {_day(newest.settled.finished)}"
    if confirmed and _day(confirmed) != _day(newest.settled.finished):
        return f"{said}, with inputs that were still the same on {_day(confirmed)}"
    return f"{said}, not looked at again since" if stale else said


def _silence(at: float | None, outlook: Outlook) -> str:
    if at is not None:
        each = f", where a look each {said(outlook.within)} was said" if outlook.within else ""
        return f"nobody has looked since {_day(at)} which kernels are out{each}"
    if outlook.looked is None:
        return "nobody has looked yet which kernels are out"
    return "no source has offered a kernel of it yet"


def _day(seconds: float) -> str:
    return datetime.fromtimestamp(seconds, UTC).strftime("%Y-%m-%d")
