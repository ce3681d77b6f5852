# SPDX-License-Identifier: GPL-2.0-only
"""A project's rows of data over packaged ones."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Sequence
from typing import TypeVar

Row = TypeVar("Row")


def layered(
    own: Sequence[Row], base: Sequence[Row], name: Callable[[Row], Hashable]
) -> tuple[Row, ...]:
    """New rows first; one with a packaged row's name stands where that one stood."""
    known = {name(row) for row in base}
    instead = {name(row): row for row in own if name(row) in known}
    fresh = [row for row in own if name(row) not in known]
    placed: list[Row] = []
    for row in base:
        if name(row) not in instead:
            placed.append(row)
        elif (mine := instead[name(row)]) not in placed:
            placed.append(mine)
    return (*fresh, *placed)
