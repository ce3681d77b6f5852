# SPDX-License-Identifier: GPL-2.0-only
"""What a reader of an outline gives, and the small things that they share."""

from __future__ import annotations

Found = tuple[str, str, int, int]
"""Kind, name, first line and the line after the last."""


def trimmed(lines: list[str], start: int, end: int) -> int:
    """The end of a piece without the empty lines at its end."""
    while end > start + 1 and not lines[end - 1].strip():
        end -= 1
    return end


def width(line: str) -> int:
    """How far a line is indented, tabs to the next multiple of eight."""
    text = line.expandtabs(8)
    return len(text) - len(text.lstrip(" "))
