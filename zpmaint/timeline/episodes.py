# SPDX-License-Identifier: GPL-2.0-only
"""From the kernels of a line to runs of them: works since, broken from, flaky, fixed in."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from itertools import groupby

from zpmaint.core.result import Result, Tone, is_both_ways
from zpmaint.timeline.values import Attempt, Episode, EpisodeKind, Standing

_NAMED = 5
"""So many results of a flaky kernel are told."""


def kind_of(result: Result) -> EpisodeKind:
    """What a result that settles something says of a kernel."""
    if result.tone is Tone.GOOD:
        return EpisodeKind.WORKS
    return EpisodeKind.UNTESTED_EFFECT if result.tone is Tone.CALM else EpisodeKind.BROKEN


def episodes_of(standings: Sequence[Standing]) -> list[Episode]:
    """The runs of one line's kernels (given newest first), oldest first. A kernel of which nothing
    is known neither ends a run nor belongs to it."""
    known = [one for one in reversed(standings) if one.settled]
    made: list[Episode] = []
    last_good: str | None = None
    for kind, run in groupby(known, _kind):
        mine = list(run)
        if made:
            fixed = kind.is_good and not made[-1].kind.is_good
            made[-1] = replace(made[-1], ended_by=mine[0].version, fixed=fixed)
        made.append(
            Episode(
                kind=kind,
                first=mine[0].version,
                last=mine[-1].version,
                versions=tuple(one.version for one in mine),
                last_good=None if kind.is_good else last_good,
                reason=_reason(kind, mine),
                when=_since(mine[0]),
            )
        )
        if kind.is_good:
            last_good = mine[-1].version
    return made


def _kind(standing: Standing) -> EpisodeKind:
    assert standing.settled is not None
    return EpisodeKind.FLAKY if standing.flaky else kind_of(standing.settled.result)


def _reason(kind: EpisodeKind, run: Sequence[Standing]) -> str:
    first, last = run[0], run[-1]
    if kind is EpisodeKind.FLAKY:
        return f"{_swings(last)} with the same inputs"
    assert first.settled is not None
    assert last.settled is not None
    if kind.is_good:
        return last.settled.why
    reason = _found(first.settled)
    if _found(last.settled) != reason:
        reason += f"; on {last.version} {_found(last.settled)}"
    return reason


def _found(attempt: Attempt) -> str:
    return f"{attempt.result}: {attempt.why}" if attempt.why else str(attempt.result)


def _swings(standing: Standing) -> str:
    """ "pass, fail, pass": how the inputs that are flaky came out, oldest first."""
    assert standing.settled is not None
    key = standing.settled.key
    mine = [
        one
        for one in standing.attempts
        if one.key == key and (one.result.settles or is_both_ways(one.result, one.why))
    ]
    words = [told(one.result) for one in reversed(mine[:_NAMED])]
    return ", ".join(["...", *words] if len(mine) > _NAMED else words)


def told(result: Result) -> str:
    """A result among those of a flake: what settled nothing came out both ways at once."""
    return str(result) if result.settles else "both"


def _since(standing: Standing) -> float:
    """When what is known of a kernel was first seen there: the oldest of the results that came one
    after another up to the newest."""
    assert standing.settled is not None
    since = standing.settled
    for one in standing.attempts:
        if not one.result.settles:
            continue
        if not standing.flaky and kind_of(one.result) is not kind_of(standing.settled.result):
            break
        if standing.flaky and one.key != standing.settled.key:
            break
        since = one
    return since.finished
