# SPDX-License-Identifier: GPL-2.0-only
"""What cannot be right however well a hunk fits: C itself, or the kernel's names, forbid it. Pure.

Most checks weigh signs, and a hunk that fits with all its context has signs of its own to put
against them. These do not weigh: the compiler would refuse the result.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable

from zpmaint.merge.lines import squeezed
from zpmaint.merge.tokens import code
from zpmaint.port import checks
from zpmaint.port.hunks import counted
from zpmaint.port.placement import Job, Placement
from zpmaint.port.scopes import Scope

_MARK = re.compile(r"(case .*|default|[A-Za-z_]\w*) ?:(?:$| ?/)")
_MEMBER = re.compile(r"\.(\w+)\s*=")


def refuted(job: Job, placement: Placement) -> str:
    """Why a target with this hunk done would not compile; '' where nothing says so."""
    if dead := sorted(set(checks.outdated(job, placement)) - _members(placement.lines)):
        return f"{checks.DEAD} {', '.join(dead)}"
    scope = job.target.scope_between(placement.start)
    if job.target.language != "c" or scope is None or scope.kind != "function":
        return ""
    twice = _twice(job.target.lines, scope, placement)
    return f"{scope.name} would have {', '.join(twice)} twice" if twice else ""


def _members(lines: Iterable[str]) -> set[str]:
    """The members that lines set by name. Their types are defined in other files: that this one
    speaks of them no longer says nothing of whether they are there."""
    return {name for line in lines for name in _MEMBER.findall(line)}


def _twice(lines: list[str], scope: Scope, placement: Placement) -> list[str]:
    """The cases and labels that a hunk brings to a block which has them already."""
    brought = counted(list(placement.lines)) - counted(lines[placement.start : placement.end])
    if not any(map(_MARK.match, brought)) or placement.end > scope.end:
        return []
    after = [
        *lines[scope.start : placement.start],
        *placement.lines,
        *lines[placement.end : scope.end],
    ]
    if any(line.lstrip().startswith("#") for line in after):
        return []  # the two may stand under an #if and its #else
    marks: Counter[tuple[int, str]] = Counter()
    blocks, opened = [0], 0
    for line in after:
        found = _MARK.match(squeezed(line))
        if found:
            # A label is the whole function's, a case its switch's.
            is_case = found[1] == "default" or found[1].startswith("case ")
            marks[blocks[-1] if is_case else 0, found[1]] += 1
        for token in code(line):
            if token == "{":
                opened += 1
                blocks.append(opened)
            elif token == "}" and len(blocks) > 1:
                blocks.pop()
    own = {found[1] for line in brought if (found := _MARK.match(line))}
    return sorted({mark for (_, mark), n in marks.items() if n > 1 and mark in own})
