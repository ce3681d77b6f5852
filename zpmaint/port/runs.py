# SPDX-License-Identifier: GPL-2.0-only
"""The runs of changed lines that a hunk consists of, by the base's lines."""

from __future__ import annotations

from dataclasses import dataclass

from zpmaint.port.hunks import Change


@dataclass(frozen=True)
class Run:
    """Base lines [start, end) that become `lines`."""

    start: int
    end: int
    lines: list[str]


def runs(change: Change, at: int) -> list[Run]:
    """The runs of a hunk whose pre-image stands at line `at` of the base."""
    found: list[Run] = []
    n = at
    start: int | None = None
    new: list[str] = []
    for kind, text in [*change.lines, (" ", "")]:
        if kind == " ":
            if start is not None:
                found.append(Run(start, n, new))
                start, new = None, []
            n += 1
            continue
        if start is None:
            start = n
        if kind == "+":
            new.append(text)
        else:
            n += 1
    return found
