# SPDX-License-Identifier: GPL-2.0-only
"""Rows of a table that a patch's lines name by number: the number is the row's in the target.

`&ids[68]` in a line that a patch adds is the row that it adds to `ids`, or one that it knew there;
where the target's table has fewer or more rows before it, it is another number there.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import replace

from zpmaint.merge.lines import squeezed
from zpmaint.merge.tokens import code
from zpmaint.port.placed import Placed
from zpmaint.port.placement import Job, Miss, Placement
from zpmaint.port.scopes import Source

_NAMED = re.compile(r"\b([A-Za-z_]\w*)\[(\d+)\]")
_SURE = 0.75

Row = tuple[str, ...]
"""A row's tokens."""


def rows(source: Source, name: str) -> list[Row] | None:
    """The rows of a table; None where there is no one such table, or an #if or a designator makes
    the numbers of its rows unsure."""
    tables = [s for s in source.scopes if s.kind == "table" and s.name == name]
    if len(tables) != 1:
        return None
    lines = source.lines[tables[0].start : tables[0].end]
    if any(line.lstrip().startswith("#") for line in lines):
        return None
    tokens = code("".join(lines))
    if "{" not in tokens:
        return None
    found: list[list[str]] = [[]]
    depth = 0
    for token in tokens[tokens.index("{") :]:
        depth -= token in ("}", ")", "]")
        if depth < 1 and token != "{":
            break
        if depth == 1 and token == ",":
            found.append([])
        elif depth >= 1:
            found[-1].append(token)
        depth += token in ("{", "(", "[")
    told = [tuple(row) for row in found if row]
    return None if any(row[0] in ("[", ".") for row in told) else told


def followed(
    jobs: Sequence[Job], answers: Sequence[Placement | Miss], result: Source
) -> list[Placement | Miss]:
    """The placements with the numbers of the target's rows, `result` being the target with them; a
    miss for a hunk that names a row which the target does not have."""
    return [
        _numbered(job, one, result) if isinstance(one, Placement) else one
        for job, one in zip(jobs, answers, strict=True)
    ]


def _numbered(job: Job, placement: Placement, result: Source) -> Placement | Miss:
    added = [line for line in job.change.added if _NAMED.search(line)]
    if not added or job.after is None or job.target.language != "c":
        return placement
    notes: list[str] = []
    lines = list(placement.lines)
    for n, line in enumerate(lines):
        if squeezed(line) not in added:
            continue
        for name, number in _NAMED.findall(line):
            now = _row_now(job.after, result, name, int(number))
            if isinstance(now, Miss):
                return now
            if now is not None and now != int(number):
                lines[n] = lines[n].replace(f"{name}[{number}]", f"{name}[{now}]")
                notes.append(f"{name}[{number}] is {name}[{now}] here")
    if not notes:
        return placement
    return replace(
        placement,
        lines=tuple(lines),
        placed=Placed.IDENTIFIERS,
        confidence=min(placement.confidence, _SURE),
        why="; ".join([placement.why, *notes]),
        offset=None,
    )


def _row_now(after: Source, result: Source, name: str, number: int) -> int | Miss | None:
    """Which row of the target's table is the patch's row of a number; None where that is not to be
    told, or no row."""
    before, now = rows(after, name), rows(result, name)
    if before is None or now is None or number >= len(before):
        return None
    row = before[number]
    if before.count(row) != 1:
        return None
    if now.count(row) != 1:
        return Miss(f"row {number} of {name} is not one row of the target's")
    return now.index(row)
