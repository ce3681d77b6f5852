# SPDX-License-Identifier: GPL-2.0-only
"""A line that the patch takes to another place is the target's: what upstream made of it goes."""

from __future__ import annotations

from zpmaint.merge.lines import squeezed
from zpmaint.merge.tokens import identifiers
from zpmaint.port.placement import Job, Placement

_NAMES = 3
"""A line with fewer names may well stand in two places without having been moved."""


def edited(job: Job, placement: Placement) -> str:
    """No line that the hunk removes, and the patch adds again elsewhere, is another one in the
    target: the patch's would come back there as it was."""
    if placement.placed.is_literal or job.base is None:
        return ""
    wrote = set(map(squeezed, job.wrote)) - set(job.change.added)
    taken = [
        line for line in job.change.removed if line in wrote and len(identifiers(line)) >= _NAMES
    ]
    if not taken:
        return ""
    there = set(map(squeezed, job.target.lines))
    lost = next((line for line in taken if line not in there), "")
    return f"the patch takes {lost!r} to another place, and the target has another" if lost else ""
