# SPDX-License-Identifier: GPL-2.0-only
"""Both sides added lines at one spot: who stands first?

Mostly that is a guess. It is none where the lines themselves say it: what closes an #if stands
where the region ended, and a run of like lines (#include, select) is not broken up by others.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from enum import Enum

_DIRECTIVE = re.compile(r"\s*#\s*(if|ifdef|ifndef|else|elif|endif)\b")
_LISTED = frozenset({"#include", "select", "source", "obj-y", "imply", "-include"})


class Order(Enum):
    """Whose lines stand first, as far as the lines say it."""

    OURS = "the patch closes an #if there: upstream's lines stay behind it"
    RUN_ABOVE = "upstream's lines go on with the run above, which the patch's are not of"
    RUN_BELOW = "upstream's lines go with the run below, which the patch's are not of"
    UNKNOWN = ""
    OPENS = "the patch opens an #if where upstream added lines: whether they belong under it?"


def order(
    ours: Sequence[str], theirs: Sequence[str], above: Sequence[str], below: Sequence[str]
) -> Order:
    """What the added lines, and the lines around the spot, say of their order."""
    opened = closed = 0
    for line in ours:
        if found := _DIRECTIVE.match(line):
            if found[1] == "endif" and opened:
                opened -= 1
            elif found[1].startswith("if"):
                opened += 1
            elif not opened:
                closed += 1
    if opened or (closed and not any("endif" in line for line in ours)):
        return Order.OPENS
    if closed:
        return Order.OURS
    kinds = {list_kind(line) for line in theirs if line.strip()}
    if len(kinds) == 1 and kinds != {""} and not kinds & {list_kind(line) for line in ours}:
        if above and {list_kind(above[-1])} == kinds:
            return Order.RUN_ABOVE
        if below and {list_kind(below[0])} == kinds:
            return Order.RUN_BELOW
    return Order.UNKNOWN


def list_kind(line: str) -> str:
    """What a line is one of many of: an #include, a select; '' for other lines."""
    words = line.split()
    if words and words[0] in _LISTED:
        return words[0]
    if len(words) == 3 and words[1] == "+=":
        return "+="
    return ""


def in_turn(first: Sequence[str], then: Sequence[str]) -> list[str]:
    """Two versions of what stands between two lines, one after the other: paragraphs stay apart
    where either has them apart, and glued where both have."""
    head, tail = _blanks(first), _blanks(then)
    one = list(first[head[0] : len(first) - head[1]])
    other = list(then[tail[0] : len(then) - tail[1]])
    apart = list(first[len(first) - head[1] :][:1]) or list(then[: tail[0]][:1])
    return [*first[: head[0]], *one, *apart, *other, *then[len(then) - tail[1] :]]


def _blanks(lines: Sequence[str]) -> tuple[int, int]:
    """How many empty lines some lines begin and end with."""
    said = [n for n, line in enumerate(lines) if line.strip()]
    return (said[0], len(lines) - 1 - said[-1]) if said else (0, 0)
