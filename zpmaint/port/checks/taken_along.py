# SPDX-License-Identifier: GPL-2.0-only
"""The head of a function that the patch takes to another place is the target's own head."""

from __future__ import annotations

from zpmaint.merge.lines import squeezed
from zpmaint.merge.tokens import identifiers
from zpmaint.port.placement import Job, Placement


def edited(job: Job, placement: Placement) -> str:
    """No head of a function that the hunk gives another name, and the patch puts before other
    lines, is another one in the target: the patch's would come back there as it was."""
    if placement.placed.is_literal or job.base is None:
        return ""
    wrote = set(map(squeezed, job.wrote)) - set(job.change.added)
    heads = (t for kind, t in job.change.lines if kind == "-" and t[0].isalpha() and "(" in t)
    taken = [line for line in map(squeezed, heads) if line in wrote and identifiers(line)]
    if not taken:
        return ""
    there = set(map(squeezed, job.target.lines))
    lost = next((line for line in taken if line not in there), "")
    return f"the patch takes {lost!r} to another place, and the target has another" if lost else ""
