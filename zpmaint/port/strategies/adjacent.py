# SPDX-License-Identifier: GPL-2.0-only
"""adjacent: upstream changed lines right beside those that the patch changes, but not the same.

diff3 wants a line between two changes that nobody touched. Where each side's change is in lines
of its own, what the one puts before or behind the other's lines stays there.
"""

from __future__ import annotations

from zpmaint.merge import diff3
from zpmaint.port import confidence
from zpmaint.port.placed import Placed
from zpmaint.port.placement import Attempt, Job, Miss, Placement, narrowed
from zpmaint.port.threeway_input import sides


def place(job: Job) -> Attempt:
    """Merge the scope, changes that touch included."""
    cut = sides(job)
    if isinstance(cut, Miss):
        return cut
    if not cut.whole:
        return Miss("without a base adjacent changes are not told from one another")
    merged: list[str] = []
    touched = 0
    for chunk in diff3.merge(cut.base, cut.ours, cut.theirs):
        if chunk.kind == "both":
            return Miss("part of it is in the target already", weight=1)
        if chunk.kind != "conflict":
            merged += chunk.merged
            continue
        both = diff3.touching(chunk.base, chunk.ours, chunk.theirs)
        if both is None:
            return Miss("upstream changed the very lines that the patch changes", weight=1)
        touched += 1
        merged += both
    start, end, lines = narrowed(cut.theirs_at, cut.theirs, merged)
    if start == end and not lines:
        return Miss("nothing of the hunk is left to do: the target has it already", weight=3)
    why = f"upstream changed lines right beside the patch's, none of them the same ({touched})"
    return Placement(start, end, lines, Placed.ADJACENT, confidence.ADJACENT, why)
