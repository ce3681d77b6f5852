# SPDX-License-Identifier: GPL-2.0-only
"""`verify --each` as a table: a row for each patch, the verdict last."""

from __future__ import annotations

from rich.console import Console
from rich.markup import escape
from rich.table import Table
from rich.text import Text

from zpmaint.app.each import Each, Step
from zpmaint.cli import tables


def each(out: Console, done: Each) -> None:
    """The steps, the patches that were dropped, and the verdict."""
    port = done.port
    heading = Text(f"\n{port.patchset} on {port.version}, step by step: ", style="bold")
    heading.append_text(tables.state(done.result))
    out.print(heading)
    table = Table(box=tables.BOX)
    for title in ("step", "patch", "build", "wall", "boot", "why"):
        table.add_column(title, justify="right" if title in ("step", "wall") else "left")
    for step in done.steps:
        table.add_row(
            str(step.number),
            escape(step.patch or port.patchset),
            tables.state("built" if step.builds else "build-failed"),
            f"{step.seconds:.1f} s" if step.seconds else "",
            "" if step.result is None else tables.state(step.result),
            escape(_why(step)),
        )
    if done.steps:
        out.print(table)
    for name in port.dropped:
        out.print(f"dropped: {name}: the kernel has it", markup=False)
    verdict = tables.state(done.result)
    verdict.append(f": {done.why}", style="")
    out.print(verdict, soft_wrap=True)


def _why(step: Step) -> str:
    return step.error or (f"turns {', '.join(step.turned)}" if step.turned else "")
