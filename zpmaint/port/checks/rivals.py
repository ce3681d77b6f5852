# SPDX-License-Identifier: GPL-2.0-only
"""Upstream and the patch do not both set one variable."""

from __future__ import annotations

import re
from collections.abc import Iterable

from zpmaint.merge.lines import squeezed
from zpmaint.port.hunks import counted
from zpmaint.port.placement import Job, Placement

_ASSIGNED = re.compile(r"(\*?[A-Za-z_][\w.>\-\[\]]*) = [^=]")


def beside(job: Job, placement: Placement) -> str:
    """Upstream and the patch do not both set one variable on neighbouring lines: one of the two
    would be for nothing, and which one only a person knows."""
    if placement.placed.is_literal or job.base is None:
        return ""
    before = _said(reversed(job.target.lines[max(0, placement.start - 4) : placement.start]))
    after = _said(job.target.lines[placement.end : placement.end + 4])
    own = [line for line in map(squeezed, placement.lines) if line]
    for mine, near in ((own[:1], before), (own[-1:], after)):
        both = {name for text in mine for name in _set_by(text)} & _set_by(near)
        # Few lines come so far: only for them is the rest read.
        if both and mine[0] in map(squeezed, job.wrote) and near not in counted(job.base.lines):
            return f"upstream now sets {', '.join(sorted(both))} right there, too"
    return ""


def _set_by(line: str) -> set[str]:
    """What a line assigns to; the members of a row in braces of its own are no other row's."""
    return set() if line.startswith("{") and "}" in line else set(_ASSIGNED.findall(line))


def _said(lines: Iterable[str]) -> str:
    """The first of some lines that is not empty."""
    return next((text for line in lines if (text := squeezed(line))), "")
