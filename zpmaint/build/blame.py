# SPDX-License-Identifier: GPL-2.0-only
"""Which hunk of a port a compiler's line is to be blamed on. Pure."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

from zpmaint.build.change import FileChange, HunkChange
from zpmaint.port.proof import CompilerLine, Place

_QUOTED = re.compile(r"['\u2018`]([^'\u2019`]+)['\u2019]")
_WORD = re.compile(r"[A-Za-z_]\w*")

_Row = tuple[FileChange, int, HunkChange]


def place_of(said: CompilerLine, changed: Sequence[FileChange], source: str) -> Place | None:
    """The hunk that adds the line; else the one around it, the one whose changed lines speak of
    what the compiler names, the nearest of that file, the first of `source`, the file whose
    object was not made. Of several patches the last one. None where nothing has a hunk."""
    rows = [*_rows(changed)]
    here = [row for row in rows if row[0].path == said.path]
    found = (
        [row for row in here if any(line.number == said.line for line in row[2].added)]
        or [row for row in here if _spans(row[2], said.line)]
        or _speaking(here, said)
        or _speaking(rows, said)
    )
    if found:
        return _place(found[-1])
    if here:
        return _place(min(here, key=lambda row: _distance(row[2], said.line)))
    return next((_place(row) for row in rows if row[0].path == source), None)


def _rows(changed: Sequence[FileChange]) -> Iterator[_Row]:
    for change in changed:
        for number, hunk in enumerate(change.hunks):
            yield change, number, hunk


def _place(row: _Row) -> Place:
    change, number, _ = row
    return Place(change.patch, change.path, number, len(change.hunks))


def _numbers(hunk: HunkChange) -> list[int]:
    return [
        *(line.number for line in hunk.added if line.number is not None),
        *(line.built for line in hunk.kept if line.built is not None),
    ]


def _spans(hunk: HunkChange, line: int) -> bool:
    numbers = _numbers(hunk)
    return bool(numbers) and min(numbers) <= line <= max(numbers)


def _distance(hunk: HunkChange, line: int) -> int:
    return min((abs(number - line) for number in _numbers(hunk)), default=1 << 30)


def _speaking(rows: Sequence[_Row], said: CompilerLine) -> list[_Row]:
    names = {word for quoted in _QUOTED.findall(said.text) for word in _WORD.findall(quoted)}
    return [
        row
        for row in rows
        if any(
            names.intersection(_WORD.findall(line.text))
            for line in (*row[2].added, *row[2].removed)
        )
    ]
