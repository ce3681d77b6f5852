# SPDX-License-Identifier: GPL-2.0-only
"""What of a change ran in the guest, as a table: each hunk, and the lines that never ran."""

from __future__ import annotations

from rich import box
from rich.console import Console
from rich.markup import escape
from rich.table import Table
from rich.text import Text

from zpmaint.build.executed import Executed, HunkExecuted

_NAMED = 6


def executed(out: Console, seen: Executed) -> None:
    """A row for every hunk; the sum, and what runs nothing of it, last."""
    table = Table(box=box.SIMPLE_HEAD)
    has_patches = any(file.patch for file in seen.files)
    for name in (*(("patch",) if has_patches else ()), "file", "hunk", "ran", "never", "in"):
        table.add_column(name)
    for file in seen.files:
        lead = [escape(file.patch)] if has_patches else []
        for number, hunk in enumerate(file.hunks):
            first = number == 0
            table.add_row(
                *(lead if first else [""] * len(lead)),
                escape(file.path) if first else "",
                escape(hunk.header),
                Text(hunk.words, style="yellow" if hunk.never else ""),
                ", ".join(map(str, hunk.never)),
                escape(_cases(hunk, seen)),
            )
    if table.row_count:
        out.print(table)
    for file in seen.files:
        if file.why:
            out.print(f"  {file.path}: {file.why}", markup=False, soft_wrap=True)
    out.print(Text(seen.words, style="yellow" if seen.never else ""), soft_wrap=True)
    if seen.idle:
        more = f" and {len(seen.idle) - _NAMED} more" if len(seen.idle) > _NAMED else ""
        out.print(
            f"  {len(seen.idle)} of {seen.cases} cases run nothing of it: "
            f"{', '.join(seen.idle[:_NAMED])}{more}",
            markup=False,
            soft_wrap=True,
        )
    if seen.differing:
        out.print(
            f"  reported otherwise while it was watched: {', '.join(seen.differing)}",
            style="red",
            markup=False,
            soft_wrap=True,
        )


def _cases(hunk: HunkExecuted, seen: Executed) -> str:
    """By which cases: all, or how many and the first of those that run the least of the change."""
    if not hunk.lines:
        return ""
    if not hunk.cases:
        return "no case" + (" (outside of cases)" if hunk.ran else "")
    if hunk.cases == seen.cases:
        return f"all {seen.cases} cases"
    named = dict.fromkeys(name for line in hunk.lines for name in line.named)
    return f"{hunk.cases} of {seen.cases} cases: {', '.join([*named][:_NAMED])}"
