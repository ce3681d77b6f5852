# SPDX-License-Identifier: GPL-2.0-only
"""A mended file as a diff: the posting's own choice of what changes, written by the one writer."""

from __future__ import annotations

from collections.abc import Sequence

from zpmaint.diffs.paths import NOWHERE
from zpmaint.diffs.writer import hunks
from zpmaint.mend.align import Kind
from zpmaint.mend.rebuild import Row


def file_diff(
    path: str,
    rows: Sequence[Row],
    *,
    base_ends: bool,
    creates: bool,
    deletes: bool,
    head: Sequence[str] = (),
) -> str:
    """`rows` as a diff with three lines of context; '' where nothing changes. `base_ends` says
    whether the base's last line has its newline, `head` holds git's extended header lines."""
    old: list[str] = []
    new: list[str] = []
    changes: list[tuple[int, int, int, int]] = []
    last_old = max((i for i, row in enumerate(rows) if row.kind is not Kind.ADDED), default=-1)
    inside = False
    for index, row in enumerate(rows):
        open_end = index == last_old and not base_ends
        if row.kind is Kind.ADDED:
            open_end = row.line is not None and row.line.at_end
        text = row.text if open_end else row.text + "\n"
        if row.kind is Kind.KEPT:
            old.append(text)
            new.append(text)
            inside = False
            continue
        if not inside:
            changes.append((len(old), len(old), len(new), len(new)))
            inside = True
        (new if row.kind is Kind.ADDED else old).append(text)
        changes[-1] = (changes[-1][0], len(old), changes[-1][2], len(new))
    if not changes:
        return ""
    names = (
        f"--- {NOWHERE if creates else f'a/{path}'}\n",
        f"+++ {NOWHERE if deletes else f'b/{path}'}\n",
    )
    return "".join([*head, *names, *hunks(old, new, changes)])
