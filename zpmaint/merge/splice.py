# SPDX-License-Identifier: GPL-2.0-only
"""Runs of a sequence replaced by others."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from itertools import pairwise
from typing import TypeVar

Item = TypeVar("Item")


def spliced(items: Sequence[Item], edits: Iterable[tuple[int, int, Iterable[Item]]]) -> list[Item]:
    """The sequence with each [start, end) replaced; the edits come in their order and do not
    overlap (see `in_order`)."""
    out: list[Item] = []
    at = 0
    for start, end, new in edits:
        out += items[at:start]
        out += new
        at = end
    out += items[at:]
    return out


def in_order(spans: Iterable[tuple[int, int]]) -> bool:
    """Whether spans [start, end) rise, and none begins before the one ahead of it ends."""
    return all(later[0] >= before[1] for before, later in pairwise(spans))
