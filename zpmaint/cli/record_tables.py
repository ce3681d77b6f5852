# SPDX-License-Identifier: GPL-2.0-only
"""The patches of a series as a record tells them."""

from __future__ import annotations

from collections.abc import Sequence

from rich import box
from rich.console import Console
from rich.markup import escape
from rich.table import Table
from rich.text import Text

from zpmaint.ledger.stages import MemberRecord


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
