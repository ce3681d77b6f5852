"""The three sides of a merge: one scope of the base, the same patched, and the same in the target.

Merging scope by scope, and not file by file, is what keeps a hunk in its function.
"""

from __future__ import annotations

from dataclasses import dataclass

from zpmaint.port.placement import Job, Miss
from zpmaint.port.scopes import Scope
from zpmaint.port.tokens import weight


@dataclass(frozen=True)
class Sides:
    """What a merge is made of. All line lists keep their ends."""

    base: list[str]
    ours: list[str]
    """The base with this hunk alone applied."""
    theirs: list[str]
    theirs_at: int
    """Where `theirs` starts in the target, counted from 0."""
    base_at: int
    """Where `base` starts in the anchor's base, or in the anchor's numbering without one."""
    scope: str
    whole: bool
    """Whether `base` is the whole scope; else it is only what the hunk shows of it."""


def sides(job: Job) -> Sides | Miss:
    """Cut the three sides of a hunk, or say why they cannot be had."""
    change = job.change
    if job.base is not None and job.base_at is not None:
        lines, at = job.base.lines, job.base_at
        home = job.home
        if home is None:
            if change.scopes_in(job.base, at) != [None]:
                return Miss("it changes more than one function at once")
            base, first = list(lines), 0
        else:
            base, first = lines[home.start : home.end], home.start
        whole = True
    else:
        home = change.own_scope
        if home is None:
            if job.base is not None:
                return Miss("the base does not hold the lines that the anchor changes")
            return Miss(
                "the anchor's base is not to be had, and its context does not show the scope"
            )
        lines, at = change.pre, 0
        base, first = lines[home.start : home.end], home.start
        whole = False
    cut = _cut(change.pre, change.post, change.lead, change.trail, at, first, first + len(base))
    if cut is None:
        return Miss("the hunk changes lines outside of the scope it stands in")
    (low, high), replaced = cut
    ours = base[: low - first] + replaced + base[high - first :]
    if home is None:
        return Sides(base, ours, job.target.lines, 0, 0, "", whole)
    twin = _twin(job, home)
    if isinstance(twin, Miss):
        return twin
    theirs = job.target.lines[twin.start : twin.end]
    if not whole:
        first += change.start
    return Sides(base, ours, theirs, twin.start, first, home.name, whole)


def _twin(job: Job, home: Scope) -> Scope | Miss:
    twins = job.target.same_scope(home)
    if not twins:
        return Miss(f"the target has no {home.kind} {home.name} (moved, renamed or gone)")
    if len(twins) > 1:
        return Miss(f"the target has {len(twins)} of {home.name} under the same #if")
    return twins[0]


def _cut(
    pre: list[str], post: list[str], lead: int, trail: int, at: int, first: int, end: int
) -> tuple[tuple[int, int], list[str]] | None:
    """The hunk without the context that lies outside [first, end): its range and its lines."""
    low, high = at, at + len(pre)
    skip = max(0, first - low)
    drop = max(0, high - end)
    if skip > lead or drop > trail:
        return None
    return (low + skip, high - drop), post[skip : len(post) - drop]


def known_share(part: list[str], of: list[str]) -> float:
    """How much of some lines (by tokens) stands as it is in others."""
    there = set(of)
    whole = weight(part)
    return weight(line for line in part if line in there) / whole if whole else 0.0
