# SPDX-License-Identifier: GPL-2.0-only
"""What a build showed of a port, as a table: each file, and each hunk."""

from __future__ import annotations

from rich import box
from rich.console import Console
from rich.markup import escape
from rich.table import Table
from rich.text import Text

from zpmaint.build.derived import Derived
from zpmaint.build.evidence import Compiled, Evidence, FileEvidence

_STYLES = {
    Compiled.KERNEL: "green",
    Compiled.MODULE: "green",
    Compiled.NOT: "bold red",
    Compiled.NO_CODE: "",
}


def evidence(out: Console, seen: Evidence) -> None:
    """A row for every hunk, with the file's own where that says more; the sum last."""
    table = Table(box=box.SIMPLE_HEAD)
    has_patches = any(file.patch for file in seen.files)
    for name in (*(("patch",) if has_patches else ()), "file", "hunk", "compiled", "object", "why"):
        table.add_column(name)
    for file in seen.files:
        lead = [escape(file.patch)] if has_patches else []
        changed = {True: "changed", False: "as stock", None: ""}[file.changed]
        rows = [(hunk.header, hunk.compiled, hunk.why) for hunk in file.hunks]
        for number, (header, compiled, why) in enumerate(rows or [("", file.compiled, file.why)]):
            table.add_row(
                *(lead if number == 0 else [""] * len(lead)),
                escape(file.path) if number == 0 else "",
                escape(header),
                Text(str(compiled), style=_STYLES[compiled]),
                changed if number == 0 else "",
                escape(_why(file, why) if number == 0 else why),
            )
    out.print(table)
    word = Text(seen.counts, style="green" if seen.is_whole else "bold red")
    word.append(f" (profile {seen.profile})", style="")
    out.print(word, soft_wrap=True)
    if seen.derived.switched:
        out.print(_switched(seen.derived))
    if seen.derived.stays_off and seen.is_whole:  # else `why` says so
        out.print(seen.derived.off, markup=False, soft_wrap=True)
    if not seen.is_whole:
        out.print(seen.why, style="red", markup=False, soft_wrap=True)


def _switched(found: Derived) -> Table:
    """The symbols that the configuration has because of the patch."""
    table = Table(box=box.SIMPLE_HEAD)
    for name in ("for the patch", "set to", "why"):
        table.add_column(name)
    for one in found.switched:
        table.add_row(escape(one.symbol), one.value, escape(one.why))
    return table


def _why(file: FileEvidence, why: str) -> str:
    """The first row of a file also says what is known of the file alone."""
    return file.why if file.changed is False and why in file.why else why
