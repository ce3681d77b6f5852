# SPDX-License-Identifier: GPL-2.0-only
"""The port of a set that is a series, as a table: its patches, and their hunks where asked for."""

from __future__ import annotations

from rich.console import Console
from rich.markup import escape
from rich.table import Table
from rich.text import Text

from zpmaint.cli import tables
from zpmaint.port.values import MemberPort, Port


def port(out: Console, result: Port, *, each_hunk: bool = False) -> None:
    """The port of any set: of one patch its hunks, of a series its patches."""
    if not result.members:
        tables.port(out, result)
        return
    heading = Text(f"{result.patchset} on {result.version}: ")
    heading.append_text(tables.state(result.state))
    heading.append(f" (from {result.anchor}): {result.why}")
    out.print(heading)
    table = Table(box=tables.BOX)
    for title in ("patch", "state", "offset", "sure", "why"):
        table.add_column(title, justify="right" if title in ("offset", "sure") else "left")
    for member in result.members:
        table.add_row(
            escape(member.name),
            tables.state(member.fate),
            _offsets(member),
            f"{member.sure:.2f}" if member.files else "",
            escape(member.why),
        )
        for hunk in _hunks(member) if each_hunk else ():
            table.add_row(*hunk)
        for said in member.off_base:
            table.add_row("", "", "", "", escape(f"not on its own base: {said}"))
    out.print(table)
    for member in result.members:
        for file in member.files:
            if file.conflict:
                out.print(f"{member.name}: {file.path}:\n{file.conflict}", markup=False)
    tables.compiled(out, result.compiled)


def _offsets(member: MemberPort) -> str:
    """How far its hunks stand from where they were cut: one figure, or the least and the most."""
    found = {h.offset for file in member.files for h in file.hunks if h.offset is not None}
    return " .. ".join(f"{n:+d}" for n in sorted({min(found), max(found)})) if found else ""


def _hunks(member: MemberPort) -> list[tuple[str, Text, str, str, str]]:
    return [
        (
            escape(f"  {file.path} {hunk.header}"),
            tables.state(hunk.placed),
            "" if hunk.offset is None else f"{hunk.offset:+d}",
            f"{hunk.sure:.2f}",
            escape(hunk.why),
        )
        for file in member.files
        for hunk in file.hunks
    ]
