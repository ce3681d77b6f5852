# SPDX-License-Identifier: GPL-2.0-only
"""The patches of a series, and a failed build, as a record tells them."""

from __future__ import annotations

from collections.abc import Sequence

from rich import box
from rich.console import Console
from rich.markup import escape
from rich.table import Table
from rich.text import Text

from zpmaint.ledger.stages import MemberRecord
from zpmaint.ledger.told import FailedBuildRecord


def members(out: Console, patches: Sequence[MemberRecord]) -> None:
    """A row for each patch of a series: its fate on the kernel, and why."""
    table = Table(box=box.SIMPLE_HEAD)
    for title in ("patch", "port", "sure", "why"):
        table.add_column(title, justify="right" if title == "sure" else "left")
    for patch in patches:
        table.add_row(
            escape(patch.name),
            Text(patch.fate, style="red" if patch.fate == "conflict" else ""),
            f"{patch.confidence:.2f}",
            escape(patch.why),
        )
    out.print(table)


def failed_build(out: Console, failed: FailedBuildRecord) -> None:
    """What it was built with, the lines of its log that tell, and where the whole one is."""
    out.print(
        f"  {failed.flavour} was to be built with {failed.toolchain}, {failed.profile}; fix-ups: "
        f"{', '.join(failed.fixups) or 'none'}",
        markup=False,
    )
    for line in failed.lines:
        style = "red" if line.telling else "dim"
        out.print(f"  {line.number:>6}  {line.text}", style=style, markup=False, soft_wrap=True)
    out.print(f"  log: {failed.log}", markup=False, soft_wrap=True)
