# SPDX-License-Identifier: GPL-2.0-only
"""Words and tables as Markdown has them. Pure."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence

MADE = "This page is made of the code by `ci/reference`; a test holds it current."


def table(head: Sequence[str], rows: Iterable[Sequence[str]]) -> list[str]:
    """The lines of a table; a bar in a cell is one of its text."""
    lines = [head, ["---"] * len(head), *rows]
    return [f"| {' | '.join(cell.replace('|', chr(92) + '|') for cell in row)} |" for row in lines]


def escaped(words: str) -> str:
    """Plain text whose signs stay signs: what is in backquotes is code anyway."""
    parts = re.split(r"(`[^`]*`)", " ".join(words.split()))
    return "".join(
        part if part.startswith("`") else re.sub(r"([*_<\[\]])", r"\\\1", part) for part in parts
    )
