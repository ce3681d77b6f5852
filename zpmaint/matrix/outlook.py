# SPDX-License-Identifier: GPL-2.0-only
"""What is remembered of looking: the newest kernels that sources listed, merged into what was seen
before. Pure."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import replace

from zpmaint.core.config import Config
from zpmaint.core.errors import UserError
from zpmaint.core.releases import Outlook, Release
from zpmaint.core.track_table import TrackTable, is_mainline
from zpmaint.core.versions import KernelVersion
from zpmaint.matrix.plan import Plan
from zpmaint.matrix.policy import oldest_since
from zpmaint.matrix.track import Listing

_KEPT = 4000
"""So many kernels are remembered, those that were seen last: a source lists some tens at once."""
_CONFIRMED_FOR = 60 * 86_400.0
"""Seconds: that inputs were the same so long ago says nothing any more."""
_MAINTAINED = ("stable", "longterm")


def listed(
    before: Outlook,
    listings: Iterable[Listing],
    config: Config,
    now: float,
    *,
    partly: Collection[str] = (),
    within: float | None = None,
) -> Outlook:
    """The outlook after sources listed all that they have; a source that failed has no listing.
    `partly` are those of whose list not all could be read: that they do not list a series says
    nothing. `within` so many seconds somebody looks again; None: as was said before.

    Remembered are the heads of who tells such, what the rules of kernels.toml may ask for, and of
    the others the newest release of each series that is tracked. A kernel is withdrawn where those
    who offered it offer only older ones of its series now; a series has ended where who called it
    maintained no longer lists it."""
    listings = list(listings)
    newest = _newest(listings)
    asked = _asked_for(config.track, listings)
    tracked = [line for line in config.kernel if line.series is not None]
    wanted = [
        one
        for one in listings
        if one.moniker
        or one.version in asked
        or (
            newest.get((one.source, one.version.series)) == one.version
            and any(line.covers(one.version) for line in tracked)
        )
    ]
    known = {release.version: release for release in before.releases}
    for listing in wanted:
        text = str(listing.version)
        known[text] = _merged(known.get(text), listing, now)
    heads = {one.source for one in listings if one.moniker} - set(partly)
    lists = {(one.source, one.version.series) for one in listings if one.is_head}
    ended = {
        release.series
        for release in known.values()
        if release.moniker in _MAINTAINED
        and (mine := heads.intersection(release.sources))
        and not any((source, release.series) in lists for source in mine)
    }
    made = [
        replace(
            release,
            eol=release.eol or release.series in ended,
            withdrawn=release.seen != now and (release.withdrawn or _is_gone(release, newest)),
        )
        for release in known.values()
    ]
    looked = now if listings else before.looked
    return _kept(made, before.confirmed, looked, before.within if within is None else within)


def planned(
    before: Outlook, plan: Plan, resolved: Collection[KernelVersion], now: float
) -> Outlook:
    """The outlook after the matrix was planned: `resolved` are the newest kernels of the series
    that it asked the sources for. What is known with the inputs of now is confirmed."""
    known = {release.version: release for release in before.releases}
    for version in resolved:
        text = str(version)
        known[text] = _merged(known.get(text), Listing("", version), now)
    confirmed = before.confirmed | {due.known.key: now for due in plan.dues if due.known}
    looked = now if resolved or confirmed != before.confirmed else before.looked
    recent = {key: at for key, at in confirmed.items() if now - at < _CONFIRMED_FOR}
    return _kept(known.values(), recent, looked, before.within)


def _newest(listings: Iterable[Listing]) -> dict[tuple[str, str], KernelVersion]:
    """By source and series its newest release."""
    found: dict[tuple[str, str], KernelVersion] = {}
    for one in listings:
        name = (one.source, one.version.series)
        if one.version.is_release and (name not in found or found[name] < one.version):
            found[name] = one.version
    return found


def _asked_for(
    rules: Sequence[TrackTable], listings: Sequence[Listing]
) -> frozenset[KernelVersion]:
    """What rules may come to: mainline releases, and of each series the candidates, -rt kernels and
    days that are newest. What is older than these nobody asks for any more."""
    since = oldest_since(rules)
    kinds = {kind for rule in rules for kind in rule.amounts}
    found: set[KernelVersion] = set()
    newest: dict[str, KernelVersion] = {}
    for version in sorted({one.version for one in listings}):
        if version.is_release:
            newest[version.series] = version
        if since is not None and is_mainline(version) and not version < since:
            found.add(version)
        elif version.next_date is not None:
            found.update({version} if "next" in kinds else ())
        elif version.rt is not None:
            found.update({version} if "rt" in kinds else ())
        elif version.rc is not None and kinds & {"mainline_candidates", "stable_candidates"}:
            found.add(version)
    done = max(newest.values(), default=None)
    return frozenset(
        one
        for one in found
        if one.rc is None
        or one.rt is not None
        or (one > newest[one.series] if one.series in newest else done is None or one > done)
    )


def _merged(former: Release | None, listing: Listing, now: float) -> Release:
    version = listing.version
    former = former or Release(str(version), version.series, first_seen=now)
    sources = dict.fromkeys([*former.sources, *filter(None, [listing.source])])
    return replace(
        former,
        moniker=listing.moniker or former.moniker,
        released=former.released if listing.released is None else listing.released,
        eol=listing.eol if listing.moniker else former.eol,
        served=former.served or listing.is_served,
        seen=now,
        sources=tuple(sources),
        withdrawn=False,
    )


def _is_gone(release: Release, newest: Mapping[tuple[str, str], KernelVersion]) -> bool:
    try:
        version = KernelVersion.parse(release.version)
    except UserError:
        return False
    if not version.is_release:
        return False
    offered = [newest.get((source, release.series)) for source in release.sources]
    now = [one for one in offered if one is not None]
    # Who does not answer, or lists nothing of the series, takes nothing back.
    return bool(now) and len(now) == len(offered) and all(one < version for one in now)


def _kept(
    releases: Iterable[Release],
    confirmed: Mapping[str, float],
    looked: float | None,
    within: float | None,
) -> Outlook:
    last = sorted(releases, key=lambda one: (-one.seen, one.version))[:_KEPT]
    return Outlook(
        tuple(sorted(last, key=lambda one: one.version)), looked, dict(confirmed), within
    )
