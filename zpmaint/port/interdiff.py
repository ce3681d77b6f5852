# SPDX-License-Identifier: GPL-2.0-only
"""What changed between two patches of one change, as reviewers want it: a diff of the diffs. Pure.

The trees the two were cut against differ in a thousand places that no reviewer asks about. Line
numbers, index lines and headers are left out; what is left of a patch is compared line by line,
as `git range-diff` does it. Each line of the answer has two marks: the first says whether the
older or the newer patch has it, the second is the patch's own.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from unidiff.patch import PatchSet as UnifiedDiff

from zpmaint.merge.align import gaps
from zpmaint.merge.lines import body
from zpmaint.port.hunks import Change

_AROUND = 3
_CALLED = re.compile(r"([A-Za-z_]\w*)\s*\(")


@dataclass(frozen=True)
class Line:
    """One line of the answer."""

    side: str
    """'-': the older patch alone has it; '+': the newer alone; ' ': both."""
    mark: str
    """The patch's own: ' ', '-' or '+'; '@' for the head of a hunk."""
    text: str
    """Without its end."""

    def __str__(self) -> str:
        return f"{self.side}{self.mark}{self.text}"


@dataclass(frozen=True)
class Interdiff:
    """The difference of two patches; false where they say the same."""

    files: tuple[tuple[str, tuple[Line, ...]], ...]
    """By path, for the files in which the two differ."""

    def __bool__(self) -> bool:
        return bool(self.files)

    @property
    def differing(self) -> tuple[int, int]:
        """How many lines of the change itself differ, and how many of its context only."""
        lines = [line for _, found in self.files for line in found if line.side != " "]
        own = sum(line.mark in "+-" for line in lines)
        return own, sum(line.mark == " " for line in lines)

    def text(self) -> str:
        """As it is printed: a head for each file, then its lines."""
        return "".join(
            f" ## {path} ##\n" + "".join(f"{line}\n" for line in lines)
            for path, lines in self.files
        )

    def as_json(self) -> dict[str, Any]:
        own, context = self.differing
        return {"changed": own, "context": context, "text": self.text()}


def interdiff(older: str, newer: str) -> Interdiff:
    """Compare two unified diffs. Raises UnidiffParseError where one is none."""
    one, other = _files(older), _files(newer)
    paths = [*one, *(path for path in other if path not in one)]
    compared = ((path, _compared(one.get(path, ()), other.get(path, ()))) for path in paths)
    return Interdiff(tuple((path, lines) for path, lines in compared if lines))


def _files(patch: str) -> dict[str, tuple[tuple[str, str], ...]]:
    """By path the lines of a patch, as (mark, text)."""
    return {
        file.path: tuple(line for hunk in file for line in _lines(Change.of(hunk)))
        for file in UnifiedDiff.from_string(patch)
    }


def _lines(change: Change) -> Iterator[tuple[str, str]]:
    called = _CALLED.search(change.section)
    yield "@", f"@ {called[1] if called else ' '.join(change.section.split())}".rstrip()
    for kind, text in change.lines:
        yield kind, body(text)


def _compared(one: Sequence[tuple[str, str]], other: Sequence[tuple[str, str]]) -> tuple[Line, ...]:
    rows: list[Line] = []
    for a, b, c, d in gaps(one, other):
        rows += [Line("-", *row) for row in one[a:b]]
        rows += [Line("+", *row) for row in other[c:d]]
        rows += [Line(" ", *row) for row in one[b : b + 1]]
    return tuple(_near(rows))


def _near(rows: Sequence[Line]) -> Iterator[Line]:
    """The differing lines with some around them, each group below the head of its hunk."""
    differing = [n for n, row in enumerate(rows) if row.side != " "]
    # A hunk that has another head and nothing else says the same.
    if all(rows[n].mark == "@" for n in differing):
        return
    shown = {
        k for n in differing for k in range(max(0, n - _AROUND), min(len(rows), n + _AROUND + 1))
    }
    head: int | None = None
    for n, row in enumerate(rows):
        if row.mark == "@":
            head = n
        if n not in shown:
            continue
        if head is not None and head != n and n - 1 not in shown:
            yield rows[head]
        yield row
