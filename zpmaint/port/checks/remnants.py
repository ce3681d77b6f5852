# SPDX-License-Identifier: GPL-2.0-only
"""A line that a merge put together of both sides' words says something."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable

from zpmaint.merge.lines import squeezed
from zpmaint.port.placement import Job, Placement

_OPENS = "{"


def left(job: Job, placement: Placement) -> str:
    """No line that opens a block and says nothing else is more than the target has and the patch
    brings: the rest of a statement of which each side took another part away."""
    if placement.placed.is_literal:
        return ""
    change = job.change
    old = _bare(job.target.lines[placement.start : placement.end])
    brought = max(0, _bare(change.post) - _bare(change.pre))
    if _bare(placement.lines) <= old + brought:
        return ""
    return "of a line that both sides changed no more than its bracket would be left"


def _bare(lines: Iterable[str]) -> int:
    return Counter(map(squeezed, lines))[_OPENS]
