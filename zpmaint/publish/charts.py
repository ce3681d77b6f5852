# SPDX-License-Identifier: GPL-2.0-only
"""Bars: the geometry of the charts. The template draws them; the numbers stand beside them.

Widths are percentages of the drawing, so that the text keeps its size on a phone.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from zpmaint.publish.rows import Row
from zpmaint.publish.words import mebibytes, number

_VALUE_ROOM = 17.0
"""Percent kept free on the right for the numbers."""
_BAR = 11
_GAP = 3
_BETWEEN = 12


@dataclass(frozen=True)
class Bar:
    """One bar: `kind` 'stock' or 'patched'; x and width in percent, y in pixels."""

    kind: str
    x: float
    y: int
    width: float
    text: str


@dataclass(frozen=True)
class Group:
    """The bars of one kernel."""

    label: str
    y: float
    bars: tuple[Bar, ...]


@dataclass(frozen=True)
class Chart:
    """A drawing of `height` pixels and any width."""

    name: str
    title: str
    unit: str
    groups: tuple[Group, ...]
    height: int
    bar: int = _BAR


def charts_of(rows: Sequence[Row]) -> list[Chart]:
    """The charts of one patch set, oldest kernel first; none where nothing was measured."""
    old_first = [row for row in reversed(rows) if row.kernel]
    arches = {row.arch for row in old_first}

    def label(row: Row) -> str:
        return row.version if len(arches) == 1 else f"{row.version} {row.arch}"

    cost = [
        (label(row), [("stock", f.stock, number(f.stock)), *_patched(f.patched)])
        for row in old_first
        if (f := row.cost)
    ]
    memory = [
        (
            label(row),
            [
                ("rss", max(r.difference or 0.0, 0.0), f"VmRSS {mebibytes(r.difference)}"),
                ("patched", max(f.difference, 0.0), f"{f.counter} {mebibytes(f.difference)}"),
            ]
            if row.rss_is_silent and (r := row.rss) and r.difference is not None
            else [("patched", max(f.difference, 0.0), f"{f.counter} {mebibytes(f.difference)}")],
        )
        for row in old_first
        if (f := row.memory) and f.difference is not None
    ]
    made = [
        _chart(
            "cost",
            "Instructions per page read",
            "instructions per 4 KiB page, read pass",
            cost,
            _VALUE_ROOM,
        ),
        _chart(
            "memory",
            "Memory that reading costs",
            "patched less stock, after a pass that only reads",
            memory,
            2 * _VALUE_ROOM,
        ),
    ]
    return [chart for chart in made if chart.groups]


def _patched(value: float | None) -> list[tuple[str, float, str]]:
    return [] if value is None else [("patched", value, number(value))]


def _chart(
    name: str,
    title: str,
    unit: str,
    groups: Sequence[tuple[str, Sequence[tuple[str, float, str]]]],
    room: float,
) -> Chart:
    longest = max((len(label) for label, _ in groups), default=0)
    left = 20.0 if longest <= 9 else 34.0
    most = max((value for _, bars in groups for _, value, _ in bars), default=0.0) or 1.0
    made: list[Group] = []
    y = 4
    for label, bars in groups:
        top = y
        drawn: list[Bar] = []
        for kind, value, text in bars:
            width = round((100 - left - room) * value / most, 2)
            drawn.append(Bar(kind, left, y, width, text))
            y += _BAR + _GAP
        made.append(Group(label, (top + y - _GAP) / 2, tuple(drawn)))
        y += _BETWEEN - _GAP
    return Chart(name, title, unit, tuple(made), y)
