# SPDX-License-Identifier: GPL-2.0-only
"""scope: the hunk deletes a whole function, and upstream has edited the function since."""

from __future__ import annotations

from zpmaint.merge import blockmerge, conflict
from zpmaint.merge.lines import squeezed
from zpmaint.merge.tokens import tokens
from zpmaint.port.placed import Placed
from zpmaint.port.placement import Attempt, Job, Miss, Placement, tidied
from zpmaint.port.scopes import Scope

_HEAD_EDITED = 0.6
"""How sure a deletion is whose function has other parameters or another result by now."""


def place(job: Job) -> Attempt:
    """Delete the target's function of that name, edits of its head and body included.

    What the hunk deletes beside the function (its comment, an empty line) must be as it was, and
    a function that only its file saw must not have become the whole kernel's.
    """
    change, base = job.change, job.base
    if base is None or job.base_at is None:
        return Miss("without a base a deleted function is not told from another")
    scopes = change.dropped(base, job.base_at)
    if len(scopes) != 1 or change.added:
        return Miss("it does not delete one function and nothing else")
    gone = scopes[0]
    twins = job.target.same_scope(gone)
    if len(twins) != 1:
        return Miss(f"the target has {len(twins)} functions {gone.name}")
    low, high = (job.base_at + n for n in change.changed())
    start = twins[0].start - (gone.start - low)
    end = twins[0].end + (high - gone.end)
    lines, now = base.lines[low:high], job.target.lines[max(start, 0) : end]
    beside = [*range(low, gone.start), *range(gone.end, high)]
    also = [*range(start, twins[0].start), *range(twins[0].end, end)]
    if [squeezed(base.lines[n]) for n in beside] != [
        squeezed(line) for n in also for line in job.target.lines[n : n + 1]
    ]:
        return Miss(
            f"the comment or the lines around {gone.name} are others in the target", weight=2
        )
    left = change.post[change.lead : len(change.post) - change.trail]
    before, after = _head(base.lines, gone), _head(job.target.lines, twins[0])
    edited = list(map(squeezed, before)) != list(map(squeezed, after))
    if edited:
        if ("static" in tokens("".join(before))) != ("static" in tokens("".join(after))):
            return Miss(f"{gone.name} is static on one side alone", weight=3)
        at = twins[0].start - start
        now = [*now[:at], *before, *now[at + len(after) :]]
    joined = blockmerge.join(lines, left, now)
    if isinstance(joined, blockmerge.Clash):
        return Miss(
            f"{joined.why} ({gone.name})",
            conflict.zealous(joined.ours, joined.base, joined.theirs, gone.name),
            weight=3,
        )
    notes = "; ".join(f"{note} ({count})" for note, count in joined.notes.items())
    why = f"the function {gone.name} goes" + (f"; {notes}" if notes else "")
    sure = joined.confidence
    if edited:
        why += "; upstream edited its head"
        sure = min(sure, _HEAD_EDITED)
    start, end = tidied(job.target.lines, start, end, joined.lines)
    return Placement(start, end, tuple(joined.lines), Placed.SCOPE, sure, why)


def _head(lines: list[str], scope: Scope) -> list[str]:
    """A function's lines before the one that opens its body."""
    for n in range(scope.start, scope.end):
        if "{" in tokens(lines[n]):
            return lines[scope.start : n]
    return []
