# SPDX-License-Identifier: GPL-2.0-only
"""The smallest conflict, zdiff3 style: what both sides have in common at its ends is outside."""

from __future__ import annotations

import re
from collections.abc import Collection, Sequence
from dataclasses import dataclass

from zpmaint.merge.diff3 import Chunk
from zpmaint.merge.lines import body

OURS = "<<<<<<< the patch"
BASE = "||||||| the anchor's base"
MIDDLE = "======="
THEIRS = ">>>>>>> the target"
_MARK = re.compile(r"(<{7}|\|{7}|>{7})(\s|$)")


@dataclass(frozen=True)
class Region:
    """Lines that the patch and upstream both changed; all keep their ends."""

    ours: tuple[str, ...]
    base: tuple[str, ...]
    theirs: tuple[str, ...]

    def marked(self, where: str) -> list[str]:
        """The region between its markers, lines with their ends; `where` names the scope."""
        return [
            f"{OURS} ({where})\n",
            *map(_ended, self.ours),
            f"{BASE}\n",
            *map(_ended, self.base),
            f"{MIDDLE}\n",
            *map(_ended, self.theirs),
            f"{THEIRS}\n",
        ]

    def trimmed(self) -> tuple[tuple[str, ...], Region, tuple[str, ...]]:
        """The lines that both sides begin with, the region without them and without those that
        both end with, and these."""
        ours, theirs = self.ours, self.theirs
        head = 0
        most = min(len(ours), len(theirs))
        while head < most and ours[head] == theirs[head]:
            head += 1
        tail = 0
        while tail < most - head and ours[-1 - tail] == theirs[-1 - tail]:
            tail += 1
        inner = Region(ours[head : len(ours) - tail], self.base, theirs[head : len(theirs) - tail])
        return ours[:head], inner, ours[len(ours) - tail :]


def zealous(ours: Sequence[str], base: Sequence[str], theirs: Sequence[str], where: str) -> str:
    """Conflict markers around the lines that differ; `where` names the scope."""
    before, region, after = Region(tuple(ours), tuple(base), tuple(theirs)).trimmed()
    return "\n".join([*map(body, [*before, *region.marked(where), *after]), ""])


def of_chunks(chunks: Sequence[Chunk], where: str) -> str:
    """All conflicts of a merge."""
    return "\n".join(
        zealous(c.ours, c.base, c.theirs, where) for c in chunks if c.kind == "conflict"
    )


def marks(lines: Sequence[str], own: Collection[str] = ()) -> list[int]:
    """The lines, counted from 0, that are conflict markers. `own` are lines that the file has by
    itself: a heading may be underlined with =======."""
    return [
        n
        for n, line in enumerate(lines)
        if (_MARK.match(line) or body(line) == MIDDLE) and line not in own
    ]


def _ended(line: str) -> str:
    return line if line.endswith("\n") else f"{line}\n"
