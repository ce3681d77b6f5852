# SPDX-License-Identifier: GPL-2.0-only
"""An addition stands in as many blocks as in the base, or is indented as much more."""

from __future__ import annotations

from collections.abc import Iterable

from zpmaint.merge.lines import indentation, squeezed
from zpmaint.merge.tokens import code
from zpmaint.port.placement import Job, Placement
from zpmaint.port.scopes import Source

_TAB = 8


def other(job: Job, placement: Placement) -> str:
    """No statement that the patch adds comes into a block, or out of one, that upstream made or
    took away there, as if it were the old one: its own indentation says which block it is of."""
    change = job.change
    if placement.placed.is_literal or job.base is None or job.base_at is None or change.removed:
        return ""
    if job.home is None or job.home.kind != "function":
        return ""
    mine = next((text for kind, text in change.lines if kind == "+" and text.startswith("\t")), "")
    plain = [squeezed(line) for line in placement.lines]
    if not squeezed(mine) or plain.count(squeezed(mine)) != 1:
        return ""
    at = plain.index(squeezed(mine))
    there = job.target.scope_between(placement.start) or job.target.scope_at(placement.start)
    if there is None or there.kind != "function":
        return ""
    low = job.base_at + change.lead
    was = _open(job.base.lines[job.home.start : low])
    now = _open([*job.target.lines[there.start : placement.start], *placement.lines[:at]])
    moved = _columns(placement.lines[at]) - _columns(mine)
    if moved == (now - was) * _TAB or _macro_opens(job.base, job.target):
        return ""
    return f"{squeezed(mine)!r} would stand in another block than it is indented for"


def _open(lines: Iterable[str]) -> int:
    tokens = list(code("".join(lines)))
    return tokens.count("{") - tokens.count("}")


def _columns(line: str) -> int:
    return len(indentation(line).expandtabs(_TAB))


def _macro_opens(*sources: Source) -> bool:
    """Whether an #else makes the braces of a file count twice."""
    return any(line.startswith("#el") for source in sources for line in source.lines)
