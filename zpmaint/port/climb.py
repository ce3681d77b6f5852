# SPDX-License-Identifier: GPL-2.0-only
"""One hunk on the ladder: each strategy in turn, until a placement passes the checks."""

from __future__ import annotations

from dataclasses import replace

from zpmaint.merge import renames
from zpmaint.port import checks, confidence, learned, numbering, under_if, upstream
from zpmaint.port.needless import needless
from zpmaint.port.placed import Placed
from zpmaint.port.placement import Job, Miss, Placement
from zpmaint.port.strategies import LADDER
from zpmaint.port.values import HunkPort


def climbed(job: Job) -> Placement | Miss:
    """Climb the ladder until a strategy places the hunk and its placement holds."""
    if job.terms.yields and (held := upstream.there_by_count(job)):
        return Miss(held, done=Placed.UPSTREAM)
    nearest = Miss("no strategy took it", weight=-1)
    for place in LADDER:
        attempt = place(job)
        if isinstance(attempt, Placement):
            attempt = numbering.followed(job, _spoken_anew(job, attempt))
        if isinstance(attempt, Placement):
            reasons = checks.of_hunk(job, attempt)
            sure = under_if.held(job, attempt)
            if sure is None:
                reasons.append("upstream has these lines under another #if")
            elif not reasons:
                return _doubted(job, sure)
            on_names = bool(checks.outdated(job, attempt))
            why = f"{attempt.placed}: {'; '.join(reasons)}"
            attempt = Miss(why, weight=4, rests_on_names=on_names)
        if attempt.done and job.terms.yields:
            return attempt
        if attempt.weight > nearest.weight:
            conflict = attempt.conflict or nearest.conflict
            nearest = replace(attempt, conflict=conflict, done=None)
    if (left := needless(job)) is not None:
        return replace(
            nearest,
            why=f"{nearest.why}; {left.why}",
            done=Placed.GONE,
            leaves=left.leaves,
        )
    return nearest


def _spoken_anew(job: Job, placement: Placement) -> Placement:
    """A placement in the target's words, where upstream has renamed what the patch speaks of."""
    outdated = checks.outdated(job, placement)
    if not outdated or job.base is None:
        return placement
    known = learned.names(job)
    names = {old: known[old] for old in outdated if old in known}
    if not names:
        return placement
    renamed = ", ".join(f"{old} is called {new} by now" for old, new in names.items())
    return replace(
        placement,
        lines=tuple(renames.apply(placement.lines, names)),
        placed=Placed.IDENTIFIERS,
        confidence=min(placement.confidence, confidence.RENAMED),
        why=f"{placement.why}; {renamed}",
        offset=None,
    )


def _doubted(job: Job, placement: Placement) -> Placement:
    """A placement as sure as what could be checked of it lets it be."""
    placement = _in_twin(job, placement)
    found = checks.doubts(job, placement)
    if not found:
        return placement
    why = "; ".join([placement.why, *found])
    sure = min(placement.confidence, 0.8)
    return replace(placement, confidence=sure, why=why, rests_on_names=True)


def _in_twin(job: Job, placement: Placement) -> Placement:
    """Be less sure of a hunk in a scope that was known by its lines and not by its name."""
    if job.home is None or job.base is None:
        return placement
    there = job.target.scope_at(placement.start) or job.target.scope_between(placement.start)
    if there is None or there.name == job.home.name:
        return placement
    why = f"{placement.why}; {there.name} has the lines of {job.home.name}"
    return replace(placement, confidence=min(placement.confidence, confidence.TWIN), why=why)


def told(job: Job, attempt: Placement | Miss) -> HunkPort:
    """What became of a hunk, as a port tells of it."""
    if isinstance(attempt, Miss):
        scope = job.home.name if job.home else ""
        if attempt.done:
            sure = 0.9 if attempt.done is Placed.UPSTREAM else 0.6
            return HunkPort(job.change.header, scope, attempt.done, sure, attempt.why)
        return HunkPort(
            job.change.header,
            scope,
            Placed.CONFLICT,
            0.0,
            attempt.why,
            rests_on_names=attempt.rests_on_names,
        )
    where = job.target.scope_at(attempt.start) or job.target.scope_between(attempt.start)
    return HunkPort(
        job.change.header,
        where.name if where else "",
        attempt.placed,
        attempt.confidence,
        attempt.why,
        attempt.offset,
        attempt.rests_on_names,
    )
