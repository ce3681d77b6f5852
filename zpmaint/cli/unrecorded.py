# SPDX-License-Identifier: GPL-2.0-only
"""A verdict that the ledger did not take, shown."""

from __future__ import annotations

from zpmaint.cli import tables
from zpmaint.cli.context import CommandContext
from zpmaint.ledger.unrecorded import NotRecordedError


def show(context: CommandContext, lost: NotRecordedError, *, as_json: bool) -> None:
    """In full; as JSON, too, where that is the only copy that there is."""
    if not as_json:
        tables.record(context.out, lost.record)
    if as_json or lost.where is None:
        context.json(lost.record.as_json())
