# SPDX-License-Identifier: GPL-2.0-only
"""Badges: small pictures with a few words, of a patch set and of each of its lines. Pure.

One is green only where the newest kernel of what it is about works today as far as anybody knows:
a newer kernel that is out and untested, a pass of long ago, or nobody looking takes the green away.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import partial

from zpmaint.core.result import Tone
from zpmaint.publish.addresses import line_badge
from zpmaint.publish.looks import FLAKY, LOOKS, PENDING, Look
from zpmaint.publish.page import Page, made_of
from zpmaint.publish.rendering import rendered
from zpmaint.publish.values import Frame, Shown, Site, Whole
from zpmaint.publish.words import day
from zpmaint.timeline.values import EpisodeKind, FreshnessState, Line

_GOOD = {EpisodeKind.WORKS: "pass", EpisodeKind.UNTESTED_EFFECT: "no regression"}
_OF_NOW = (FreshnessState.FRESH, FreshnessState.END_OF_LIFE)
_OPEN = LOOKS[PENDING].colour


@dataclass(frozen=True)
class Badge:
    """One badge: what it is about, and what is to be said of it."""

    left: str
    right: str
    colour: str
    """Behind the words on the right; white text on it is read at 4.5 to 1."""

    @property
    def widths(self) -> tuple[int, int]:
        """About as wide as Verdana 11 px sets them; textLength makes it exact."""
        left, right = (round(len(text) * 6.3) + 12 for text in (self.left, self.right))
        return left, right


def pages(site: Site) -> Iterator[Page]:
    """`SET/badge.svg`."""
    for one in site.sets:
        yield _page(one.badge, of_set(one))


def part_pages(frame: Frame, one: Shown) -> Iterator[Page]:
    """`SET/badges/LINE.svg` of each line."""
    for line in one.timelines:
        yield _page(line_badge(line), of_line(line))


def of_set(one: Whole) -> Badge:
    """On how many of the tracked kernels the patch holds."""
    passing, tracked = one.passing
    held = one.holding
    tones = {row.tone for row in one.tracked}
    lines = [view.line for view in one.views if view.line.is_tracked]
    of_now = all(line.freshness.state in _OF_NOW for line in lines)
    aged = "" if of_now else ", not all of today"
    if Tone.BAD in tones:
        return _badge(one.name, LOOKS["fail"], f"{passing + held} of {tracked} kernels")
    if tones == {Tone.GOOD}:
        words = f"{passing} of {tracked} kernels"
        return _badge(one.name, LOOKS["pass"], words + aged, of_now=of_now)
    if tracked and passing + held == tracked:
        # Never green: on some the patch's effect was not shown.
        words = f"no regression on {tracked} kernels"
        return _badge(one.name, LOOKS["no regression"], words + aged, of_now=of_now)
    return _badge(one.name, LOOKS[PENDING], f"{passing + held} of {tracked} kernels")


def of_line(line: Line) -> Badge:
    """How the newest kernel stands of which something is known."""
    left = " ".join(part for part in (line.patchset, line.series, line.arch, line.profile) if part)
    current, newest, fresh = line.current, line.newest, line.freshness
    if current is None or newest is None:
        return _badge(left, LOOKS[PENDING], "nothing known")
    if current.kind is EpisodeKind.BROKEN:
        return _badge(left, LOOKS["fail"], f"broken since {current.first}")
    if current.kind is EpisodeKind.FLAKY:
        return _badge(left, LOOKS[FLAKY], f"flaky on {newest.version}")
    look = LOOKS[_GOOD[current.kind]]
    of_now = fresh.state in _OF_NOW or not line.is_tracked
    if fresh.untested and not of_now:
        words = f"{newest.version}, {fresh.untested} untested"
    elif of_now:
        words = newest.version
    else:
        words = f"{newest.version} on {day(fresh.verified)}"
    return _badge(left, look, words, of_now=of_now)


def _badge(left: str, look: Look, words: str, *, of_now: bool = True) -> Badge:
    return Badge(left, f"{look.sign} {words}", look.colour if of_now else _OPEN)


def _page(address: str, badge: Badge) -> Page:
    return Page(address, made_of(badge), partial(rendered, "badge.svg.j2", badge=badge))
