# SPDX-License-Identifier: GPL-2.0-only
"""version: EXTRAVERSION of the top Makefile, whose neighbours change with every kernel.

Patch sets mark their kernels there. What they put behind the kernel's own value goes behind the
value that the target has; the version itself is the target's, and no patch changes it.
"""

from __future__ import annotations

import re

from zpmaint.merge.lines import ending
from zpmaint.port import confidence
from zpmaint.port.hunks import Change
from zpmaint.port.placed import Placed
from zpmaint.port.placement import Attempt, Job, Miss, Placement

_VERSION = re.compile(r"(VERSION|PATCHLEVEL|SUBLEVEL|EXTRAVERSION)(\s*=[ \t]*)(\S*)\s*$")


def place(job: Job) -> Attempt:
    """Place a hunk that changes nothing but EXTRAVERSION."""
    lines = [(kind, _VERSION.match(line)) for kind, line in job.change.lines if kind != " "]
    if job.target.language != "make" or not lines or not all(found for _, found in lines):
        return Miss("it is no kernel's version")
    named = {found[1] for _, found in lines if found}
    if named != {"EXTRAVERSION"}:
        own = ", ".join(sorted(named - {"EXTRAVERSION"}))
        why = f"the patch sets the kernel's own version ({own}), which is the target's to say"
        return Miss(f"{why}: take this hunk out", weight=6)
    told = _told(job.change)
    if told is None:
        return Miss("it does not change one EXTRAVERSION into another", weight=6)
    before, after = told
    places = [
        (n, found)
        for n, line in enumerate(job.target.lines)
        if (found := _VERSION.match(line)) and found[1] == "EXTRAVERSION"
    ]
    if len(places) != 1:
        return Miss(f"the target sets EXTRAVERSION {len(places)} times", weight=6)
    at, found = places[0]
    now = found[3]
    if not after.startswith(before) and now != before:
        why = (
            f"EXTRAVERSION is {now or 'empty'} in the target, and the patch makes {before} {after}"
        )
        return Miss(why, weight=6)
    if after.startswith(before) and now.endswith(after[len(before) :]):
        return Miss(f"EXTRAVERSION ends in {after[len(before) :]} already", weight=6)
    value = after if now == before else now + after[len(before) :]
    blank = found[2] if found[2][-1:] in " \t" else f"{found[2]} "
    line = f"EXTRAVERSION{blank}{value}{ending(job.target.lines[at])}"
    why = f"EXTRAVERSION is the one line of it; {value} after the target's {now or 'empty'} one"
    return Placement(at, at + 1, (line,), Placed.VERSION, confidence.VERSION, why)


def _told(change: Change) -> tuple[str, str] | None:
    """The value that the patch takes away, and the one that it puts; None where it is not one of
    each."""
    values = {
        kind: [
            found[3]
            for one, line in change.lines
            if one == kind and (found := _VERSION.match(line))
        ]
        for kind in "-+"
    }
    return (values["-"][0], values["+"][0]) if [*map(len, values.values())] == [1, 1] else None
