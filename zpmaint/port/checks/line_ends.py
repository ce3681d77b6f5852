# SPDX-License-Identifier: GPL-2.0-only
"""A file keeps the line ends that it has."""

from __future__ import annotations

from zpmaint.merge.lines import ending
from zpmaint.port.hunks import Change
from zpmaint.port.scopes import Source


def kept(change: Change, target: Source, new: list[str]) -> str:
    """A file that ends its lines with CRLF gets no LF, and the other way round, unless the patch
    knows the file as it is and wants just that."""
    known = target.line_ends | {""}
    foreign = set(map(ending, new)) - known if known != {""} else set()
    seen = set(map(ending, change.post))
    if not foreign or (foreign <= seen and known.issuperset(map(ending, change.pre))):
        return ""
    return "the patch and the target end their lines differently"
