# SPDX-License-Identifier: GPL-2.0-only
"""scope: the merge that tells re-indenting, unwrapping and deleting a block from editing lines."""

from __future__ import annotations

from zpmaint.merge import blockmerge, conflict
from zpmaint.port.placed import Placed
from zpmaint.port.placement import Attempt, Job, Miss, Placement, narrowed, tidied
from zpmaint.port.threeway_input import known_share, sides

_MIN_SHARE = 0.6
_NO_BASE = 0.1
"""What it costs in confidence that only the hunk's own context was there to learn from."""


def place(job: Job) -> Attempt:
    """Join the fates of the scope's lines."""
    cut = sides(job)
    if isinstance(cut, Miss):
        return cut
    where = cut.scope or "file level"
    if not cut.scope:
        return Miss("outside of functions lines are too much alike to be followed one by one")
    if not cut.whole and known_share(cut.base, cut.theirs) < _MIN_SHARE:
        return Miss(f"without a base, too little of the hunk stands in {where}")
    joined = blockmerge.join(cut.base, cut.ours, cut.theirs)
    if isinstance(joined, blockmerge.Clash):
        return Miss(
            f"{joined.why} ({where})",
            conflict.zealous(joined.ours, joined.base, joined.theirs, where),
            weight=3,
        )
    start, end, lines = narrowed(cut.theirs_at, cut.theirs, joined.lines)
    if start == end and not lines:
        why = f"nothing of the hunk is left to do in {where}: the target has it already"
        return Miss(why, weight=3)
    start, end = tidied(job.target.lines, start, end, lines)
    notes = "; ".join(f"{note} ({count})" for note, count in joined.notes.items())
    return Placement(
        start,
        end,
        lines,
        Placed.SCOPE,
        joined.confidence - (0 if cut.whole else _NO_BASE),
        notes or "the patch's re-indenting and upstream's edits do not meet",
    )
