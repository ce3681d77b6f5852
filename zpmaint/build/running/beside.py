# SPDX-License-Identifier: GPL-2.0-only
"""The lines next to what a hunk takes away, in the same function. Pure.

A line that is gone is executed by nobody; that those around it are executed says that whoever ran
into it before now runs past it.
"""

from __future__ import annotations

from collections.abc import Container, Iterator

from zpmaint.build.change import HunkChange

_BOUNDS = ("{", "}")
"""How a line begins where a function does or ends, as kernel sources are written."""


def beside(hunk: HunkChange, known: Container[int]) -> list[int]:
    """The numbers, in the built file and in order, of the nearest line that is `known` before each
    run of removed lines, and of the one behind it; none where a whole function goes."""
    removed = {line.number: line.text for line in hunk.removed if line.number is not None}
    kept = {
        line.stock: (line.built, line.text)
        for line in hunk.kept
        if line.stock is not None and line.built is not None
    }
    found: set[int] = set()
    for first, last in _runs(sorted(removed)):
        if any(removed[number].startswith(_BOUNDS) for number in range(first, last + 1)):
            continue
        for step, start in ((-1, first - 1), (1, last + 1)):
            number = start
            while number in removed:  # another run follows at once
                number += step
            while number in kept:
                built, text = kept[number]
                if text.startswith(_BOUNDS):
                    break
                if built in known:
                    found.add(built)
                    break
                number += step
    return sorted(found)


def _runs(numbers: list[int]) -> Iterator[tuple[int, int]]:
    start = previous = None
    for number in numbers:
        if start is None:
            start = number
        elif previous is not None and number != previous + 1:
            yield start, previous
            start = number
        previous = number
    if start is not None and previous is not None:
        yield start, previous
