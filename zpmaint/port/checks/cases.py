# SPDX-License-Identifier: GPL-2.0-only
"""A case label stands in a switch."""

from __future__ import annotations

import re
from collections.abc import Sequence

from zpmaint.merge.tokens import code
from zpmaint.port.placement import Job, Placement

_LABEL = re.compile(r"\s*(?:case\b.*:|default\s*:)")


def outside(job: Job, placement: Placement) -> str:
    """No label of a switch comes to stand where the target has none open."""
    if placement.placed.is_literal or not any(map(_LABEL.match, placement.lines)):
        return ""
    scope = job.target.scope_between(placement.start) or job.target.scope_at(placement.start)
    if scope is None or scope.kind != "function":
        return ""
    before = job.target.lines[scope.start : placement.start]
    for line in placement.lines:
        if _LABEL.match(line) and not _in_switch(before):
            return f"{line.strip()!r} would stand outside of any switch"
        before = [*before, line]
    return ""


def _in_switch(lines: Sequence[str]) -> bool:
    """Whether a switch is open behind some lines of a function."""
    blocks: list[bool] = []
    opens = False
    for token in code("".join(lines)):
        if token == "switch":
            opens = True
        elif token == "{":
            blocks.append(opens)
            opens = False
        elif token == "}" and blocks:
            blocks.pop()
    return any(blocks)
