"""Writing a unified diff from the rows of a file."""

from __future__ import annotations

import re
from collections.abc import Sequence

from zpmaint.diffs.paths import NOWHERE
from zpmaint.mend.align import Kind
from zpmaint.mend.rebuild import Row

_AROUND = 3
_NO_END = "\\ No newline at end of file"
# What diff -p takes for the head of a function, labels left out as git does for C.
_SECTION = re.compile(r"[A-Za-z_$](?!\w*:$)")


def file_diff(path: str, rows: Sequence[Row], base_ends: bool, creates: bool, deletes: bool) -> str:
    """`rows` as a diff with three lines of context; '' where nothing changes. `base_ends` says
    whether the base's last line has its newline."""
    changed = [i for i, row in enumerate(rows) if row.kind is not Kind.KEPT]
    if not changed:
        return ""
    last_old = max((i for i, row in enumerate(rows) if row.kind is not Kind.ADDED), default=-1)
    out = [
        f"--- {NOWHERE if creates else f'a/{path}'}",
        f"+++ {NOWHERE if deletes else f'b/{path}'}",
    ]
    for start, end in _groups(changed, len(rows)):
        out.append(_header(rows, start, end))
        for index in range(start, end):
            row = rows[index]
            out.append(row.kind.value + row.text)
            open_end = index == last_old and not base_ends
            if row.kind is Kind.ADDED:
                open_end = row.line is not None and row.line.at_end
            if open_end:
                out.append(_NO_END)
    return "\n".join(out) + "\n"


def _groups(changed: Sequence[int], length: int) -> list[tuple[int, int]]:
    groups: list[tuple[int, int]] = []
    for index in changed:
        start, end = max(index - _AROUND, 0), min(index + _AROUND + 1, length)
        if groups and start <= groups[-1][1]:
            groups[-1] = (groups[-1][0], end)
        else:
            groups.append((start, end))
    return groups


def _header(rows: Sequence[Row], start: int, end: int) -> str:
    old_before = sum(row.kind is not Kind.ADDED for row in rows[:start])
    new_before = sum(row.kind is not Kind.REMOVED for row in rows[:start])
    old = sum(row.kind is not Kind.ADDED for row in rows[start:end])
    new = sum(row.kind is not Kind.REMOVED for row in rows[start:end])
    section = next(
        (
            f" {row.text.rstrip()[:80]}"
            for row in reversed(rows[:start])
            if row.kind is not Kind.ADDED and _SECTION.match(row.text)
        ),
        "",
    )
    return f"@@ -{_range(old_before, old)} +{_range(new_before, new)} @@{section}"


def _range(before: int, count: int) -> str:
    first = before + 1 if count else before
    return f"{first}" if count == 1 else f"{first},{count}"
