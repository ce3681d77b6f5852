# SPDX-License-Identifier: GPL-2.0-only
"""The three sides of a merge: one scope of the base, the same patched, and the same in the target.

Merging scope by scope, and not file by file, is what keeps a hunk in its function.
"""

from __future__ import annotations

from dataclasses import dataclass

from zpmaint.merge.lines import squeezed
from zpmaint.merge.tokens import weight
from zpmaint.port.follow import Region
from zpmaint.port.hunks import Change
from zpmaint.port.placement import Job, Miss
from zpmaint.port.scopes import Scope
from zpmaint.port.successor import twins


@dataclass(frozen=True)
class Sides:
    """What a merge is made of. All line lists keep their ends."""

    base: list[str]
    ours: list[str]
    """The base with this hunk alone applied."""
    theirs: list[str]
    theirs_at: int
    """Where `theirs` starts in the target, counted from 0."""
    scope: str
    whole: bool
    """Whether `base` is the whole scope; else it is only what the hunk shows of it."""


def sides(job: Job) -> Sides | Miss:
    """Cut the three sides of a hunk, or say why they cannot be had."""
    change = job.change
    base = None if job.base_at is None else job.base
    if base is not None and job.base_at is not None:
        lines, at, home = base.lines, job.base_at, job.home
        if home is None and change.scopes_in(base, at) != [None]:
            return Miss("it changes more than one function at once", weight=1)
    else:
        lines, at, home = change.pre, 0, change.own_scope
        if home is None:
            return Miss(
                "the anchor's base is not to be had, and its context does not show the scope"
                if job.base is None
                else "the base does not hold the lines that the anchor changes",
                weight=1,
            )
    within = range(home.start, home.end) if home else range(len(lines))
    ours = _patched(change, lines, at, within)
    if ours is None:
        return Miss("the hunk changes lines outside of the scope it stands in", weight=1)
    twin = _twin(job, home) if home else None
    if isinstance(twin, Miss):
        return twin
    return Sides(
        base=lines[within.start : within.stop],
        ours=ours,
        theirs=job.target.lines[twin.start : twin.end] if twin else job.target.lines,
        theirs_at=twin.start if twin else 0,
        scope=home.name if home else "",
        whole=base is not None,
    )


def regions(job: Job, start: int, end: int) -> tuple[Region, Region] | Miss:
    """The scope that the base's lines [start, end) stand in, and the same in the target; the
    files where they stand at file level."""
    base = job.base
    assert base is not None
    home = base.scope_between(start) if start == end else base.scope_at(start)
    if home is not None and start <= home.start and home.end <= end:
        home = None  # it goes, or is replaced, as a whole
    if home is not None and end > home.end and (len(base.lines) > end > home.end):
        last = base.scope_between(end)
        if last is not None or any(map(squeezed, base.lines[home.end : end])):
            home = None
    if home is None:
        return Region(base, 0, len(base.lines)), Region(job.target, 0, len(job.target.lines))
    twin = _twin(job, home)
    if isinstance(twin, Miss):
        return twin
    return Region(base, home.start, home.end), Region(job.target, twin.start, twin.end)


def _twin(job: Job, home: Scope) -> Scope | Miss:
    found = twins(job.base, home, job.target)
    if not found:
        return Miss(f"the target has no {home.kind} {home.name} (moved, renamed or gone)", weight=1)
    if len(found) > 1:
        return Miss(f"the target has {len(found)} of {home.name} under the same #if", weight=1)
    return found[0]


def _patched(change: Change, lines: list[str], at: int, within: range) -> list[str] | None:
    """The lines `within`, with the hunk applied at `at`; context that lies outside is left off.
    None where a changed line does."""
    skip = max(0, within.start - at)
    drop = max(0, at + len(change.pre) - within.stop)
    if skip > change.lead or drop > change.trail:
        return None
    return [
        *lines[within.start : at + skip],
        *change.post[skip : len(change.post) - drop],
        *lines[at + len(change.pre) - drop : within.stop],
    ]


def known_share(part: list[str], of: list[str]) -> float:
    """How much of some lines (by tokens) stands as it is in others."""
    there = set(of)
    whole = weight(part)
    return weight(line for line in part if line in there) / whole if whole else 0.0
