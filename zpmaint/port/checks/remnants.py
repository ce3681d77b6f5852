# SPDX-License-Identifier: GPL-2.0-only
"""What is left where lines went still belongs to something."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence

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


def unbegun(job: Job, placement: Placement) -> str:
    """No line of a macro stands where its `#define` went: the target's macro has a line that the
    patch, which takes the macro away, does not know."""
    if placement.placed.is_literal:
        return ""
    change, target = job.change, job.target.lines
    before = target[max(0, placement.start - 1) : placement.start]
    old = _orphans([*before, *target[placement.start : placement.end]])
    brought = max(0, _orphans(change.post) - _orphans(change.pre))
    if _orphans([*before, *placement.lines]) <= old + brought:
        return ""
    return "a line of a macro would be left without its #define"


def _orphans(lines: Sequence[str]) -> int:
    """How many lines go on in the next one, themselves go on from none, and begin no directive."""
    found, goes_on = 0, False
    for line in lines:
        ends = line.rstrip().endswith("\\")
        found += ends and not goes_on and not line.lstrip().startswith("#")
        goes_on = ends
    return found


def _bare(lines: Iterable[str]) -> int:
    return Counter(map(squeezed, lines))[_OPENS]
