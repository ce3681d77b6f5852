# SPDX-License-Identifier: GPL-2.0-only
"""Numbers that go on where the line above leaves off: `#define NAME 13` after `... 12`.

A bit or an index that a patch adds takes the next number of a row. Where upstream has renumbered
the row, or grown it, the patch's number has to follow: two names for one bit is the kind of wrong
that no compiler sees.
"""

from __future__ import annotations

import re
from dataclasses import replace

from zpmaint.port.placement import Job, Miss, Placement

_DEFINE = re.compile(r"(#\s*define\s+)(\w+)(\s+)(\d+)(?=\s|$)")
_SURE = 0.8


def followed(job: Job, placement: Placement) -> Placement | Miss:
    """The placement with the numbers that its rows have in the target; a Miss where a number that
    is due is taken."""
    if placement.placed.is_literal or job.target.language != "c":
        return placement
    lines = list(placement.lines)
    told: list[str] = []
    taken = _taken(job, placement)
    for above, name, number in _continued(job):
        at = next((n for n, line in enumerate(lines) if _named(line) == name), None)
        now = _number_of(above, lines, job.target.lines)
        if at is None or now is None:
            continue
        due = now + 1
        if due in taken:
            return Miss(f"{name} would be {due}, as {taken[due]} of the target is by now", weight=4)
        if due != number:
            lines[at] = _DEFINE.sub(rf"\g<1>{name}\g<3>{due}", lines[at], count=1)
            told.append(f"{name} is {due} after {above} {now}, no longer {number}")
    if not told:
        return placement
    why = "; ".join([placement.why, *told])
    sure = min(placement.confidence, _SURE)
    return replace(placement, lines=tuple(lines), confidence=sure, why=why)


def _named(line: str) -> str:
    found = _DEFINE.match(line)
    return found[2] if found else ""


def _continued(job: Job) -> list[tuple[str, str, int]]:
    """The names that the patch adds right below another, with its number plus one: (the one
    above, the name, its number)."""
    rows: list[tuple[str, str, int]] = []
    before: re.Match[str] | None = None
    for kind, line in job.change.lines:
        if kind == "-":
            continue
        found = _DEFINE.match(line)
        if found and before and kind == "+" and int(found[4]) == int(before[4]) + 1:
            rows.append((before[2], found[2], int(found[4])))
        before = found
    return rows


def _number_of(name: str, *texts: list[str]) -> int | None:
    """The number that some lines give a name, the first text that does."""
    for lines in texts:
        for line in lines:
            if name in line and (found := _DEFINE.match(line)) and found[2] == name:
                return int(found[4])
    return None


def _taken(job: Job, placement: Placement) -> dict[int, str]:
    """The numbers of the rows around the placement, in the target, that upstream gave names that
    the base does not have."""
    known = {_named(line) for line in job.base.lines} if job.base else set()
    lines = job.target.lines
    low, high = placement.start, placement.end
    while low > 0 and _DEFINE.match(lines[low - 1]):
        low -= 1
    while high < len(lines) and _DEFINE.match(lines[high]):
        high += 1
    rows = (_DEFINE.match(line) for line in lines[low:high])
    return {int(row[4]): row[2] for row in rows if row and row[2] not in known}
