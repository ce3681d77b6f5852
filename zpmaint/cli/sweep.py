# SPDX-License-Identifier: GPL-2.0-only
"""`zpmaint sweep`: port the patch onto every kernel that a source serves."""

from __future__ import annotations

from collections import Counter
from itertools import groupby

import click
from rich.table import Table

from zpmaint.app.sweep import sweep
from zpmaint.cli import options, tables
from zpmaint.cli.context import CommandContext, pass_context
from zpmaint.core.versions import KernelVersion
from zpmaint.port.values import Port


@click.command()
@options.surveying
@pass_context
def command(
    context: CommandContext,
    *,
    patch: str | None,
    sources: tuple[str, ...],
    since: KernelVersion | None,
    until: KernelVersion | None,
    as_json: bool,
) -> None:
    """Port the patch onto every kernel of a source, and show where its state changes.

    Meant for a git repository (--source git:PATH): only the blobs that the patch touches are
    read, and equal blobs are ported once.

    \b
    Example:
      zpmaint sweep --source git:/srv/linux --since 2.6.12 --until 2.6.36-rc3
    """
    session = context.session
    rows = sweep(
        session,
        session.patchset(patch),
        session.chain(sources),
        since=since,
        until=until,
    )
    if as_json:
        context.json([row.as_json() | {"patch": None} for row in rows])
        return
    table = Table(box=tables.BOX)
    for title in ("kernels", "count", "state", "anchor", "confidence", "why"):
        table.add_column(title, justify="right" if title in ("count", "confidence") else "left")
    for (state, anchor), run in groupby(rows, key=lambda r: (r.state, r.anchor)):
        group: list[Port] = list(run)
        worst = min(group, key=lambda r: r.confidence)
        table.add_row(
            tables.span(group[0].version, group[-1].version),
            str(len(group)),
            tables.state(state),
            anchor,
            f"{worst.confidence:.2f}",
            worst.why,
        )
    context.out.print(table)
    counts = Counter(str(row.state) for row in rows)
    context.out.print(f"{len(rows)} kernels: " + ", ".join(f"{n} {s}" for s, n in counts.items()))
