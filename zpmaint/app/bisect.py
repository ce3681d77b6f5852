# SPDX-License-Identifier: GPL-2.0-only
"""The first of several states in a row that is bad, asked of as few as possible. Pure."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TypeVar

T = TypeVar("T")


def first_bad(states: Sequence[T], is_bad: Callable[[T], bool]) -> T:
    """The first bad one of `states`, whose last is known to be bad and whose bad ones are taken to
    be in a row; log2 of their number are asked."""
    low, high = 0, len(states) - 1
    while low < high:
        middle = (low + high) // 2
        if is_bad(states[middle]):
            high = middle
        else:
            low = middle + 1
    return states[high]
