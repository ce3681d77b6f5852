# SPDX-License-Identifier: GPL-2.0-only
"""The #if lines that a hunk stands under, in its base and where it is placed.

Upstream may put one around the lines, reword it or take it away: then the hunk still goes with its
lines, and that is less sure. Where the #if stands, and the lines have left it, it is another place.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from zpmaint.port.follow import Followed, Region
from zpmaint.port.placement import Job, Placement
from zpmaint.port.scopes import Scope, Source

_SURE = 0.6
"""At most, where the conditions are not those of the base."""


def held(job: Job, placement: Placement) -> Placement | None:
    """Be less sure of a hunk around whose lines upstream has changed an #if; None where they stand
    under another one."""
    if job.base is None or job.base_at is None or placement.placed.is_literal:
        return placement
    at = job.base_at + job.change.lead
    before, now = job.base.around(at), job.target.around(placement.start)
    if before == now or _same_openers(job, at, placement.start):
        return placement
    if _is_within(before, now):
        return _doubted(placement, "has put these lines under one #if more")
    if _is_within(now, before) and not left(job, placement.start):
        return _doubted(placement, "has taken away an #if around these lines")
    return None


def _is_within(some: Sequence[str], others: Sequence[str]) -> bool:
    """Whether conditions stand in others, in their order."""
    rest = iter(others)
    return all(condition in rest for condition in some)


def _doubted(placement: Placement, what: str) -> Placement:
    why = f"{placement.why}; upstream {what}"
    return replace(placement, confidence=min(placement.confidence, _SURE), why=why)


def left(job: Job, to: int) -> bool:
    """Whether the lines of a hunk have gone from an #if that still stands, or to one that stood
    before, where it goes to the target's line `to`."""
    base, target, at = job.base, job.target, job.base_at
    if base is None or at is None:
        return True
    gap = at + job.change.lead
    was, now = base.scope_between(gap), target.scope_between(to)
    before, around = set(base.around(gap)), set(target.around(to))
    gone_from = (before - around) & _conditions(target, now)
    gone_to = (around - before) & _conditions(base, was)
    # A file uses a condition in many places: there one sign is not enough.
    return bool(gone_from and gone_to) if was is None else bool(gone_from or gone_to)


def _conditions(source: Source, scope: Scope | None) -> set[str]:
    """The conditions that some lines of a scope stand under."""
    there = source.conditions[scope.start : scope.end] if scope else source.conditions
    return {condition for line in there for condition in line}


def _same_openers(job: Job, at: int, to: int) -> bool:
    """Whether the conditions around a place are those of the base, reworded by upstream."""
    assert job.base is not None
    before = job.base.openers[at - 1] if 0 < at <= len(job.base.lines) else ()
    now = job.target.openers[to - 1] if 0 < to <= len(job.target.lines) else ()
    if len(before) != len(now):
        return False
    whole = (Region(s, 0, len(s.lines)) for s in (job.base, job.target))
    followed = Followed(*whole)
    return all(followed.went(old) == new for old, new in zip(before, now, strict=True))
