# SPDX-License-Identifier: GPL-2.0-only
"""Checks that a port brings nothing that upstream has brought, too. Each gives a reason or ''.

Where both wrote the same, a merge may take upstream's lines for others and write them once more.
"""

from __future__ import annotations

import re
from collections import Counter

from zpmaint.merge.lines import squeezed
from zpmaint.port.hunks import counted, stands_beside
from zpmaint.port.placement import Job, Miss, Placement
from zpmaint.port.threeway_input import sides

_ONCE = {
    "c": (
        re.compile(r"(?!default:)(\w+):$"),
        re.compile(r"(case .*):"),
        re.compile(r"(# ?define \w+)"),
        re.compile(r"(# ?include .*)"),
        re.compile(r"EXPORT_\w*SYMBOL\w*(\(\w+)"),
        re.compile(r"([A-Z][A-Z0-9_]+)(?: = [^;{}]*)?,(?: /\*.*)?$"),
    ),
    "kconfig": (re.compile(r"((?:menu)?config \w+)"), re.compile(r"(select \w+)")),
    "make": (re.compile(r"(\S+ \+?= \S+)$"),),
}
"""What stands in a scope once, by language, squeezed."""


def named(job: Job, placement: Placement) -> str:
    """What stands in a scope once is not defined there a second time."""
    kinds = _ONCE.get(job.target.language, ())
    if not kinds or job.base is None:
        return ""
    was = job.target.lines[placement.start : placement.end]
    old, new = counted(was), counted(list(placement.lines))
    brought = {found[1] for line in new - old for kind in kinds if (found := kind.match(line))}
    if not brought:
        return ""
    cut = sides(job)
    if isinstance(cut, Miss):
        return ""
    if job.target.language == "kconfig" and not cut.scope:
        # An entry selects another once; the menu around entries holds what many of them select.
        brought = {name for name in brought if not name.startswith("select ")}
    wanted, standing, before = (_naming(part, kinds) for part in (cut.ours, cut.theirs, cut.base))
    gone = _naming(was, kinds)
    twice = [n for n in sorted(brought) if standing[n] - gone[n] > before[n] < wanted[n]]
    return f"the target has {', '.join(twice)} already" if twice else ""


def _naming(lines: list[str], kinds: tuple[re.Pattern[str], ...]) -> Counter[str]:
    told = (kind.match(text) for text in map(squeezed, lines) for kind in kinds)
    return Counter(found[1] for found in told if found)


def beside(job: Job, placement: Placement) -> str:
    """Lines that a merge adds do not stand right there already: then upstream has added them, and
    the merge took them for others."""
    new = list(placement.lines)
    if (
        placement.placed.is_literal
        or placement.end > placement.start
        or not any(map(str.strip, new))
    ):
        return ""
    there = stands_beside(job.target.lines, placement.start, new)
    return "the target has the lines right there already" if there else ""
