# SPDX-License-Identifier: GPL-2.0-only
"""`zpmaint track`: what is new upstream."""

from __future__ import annotations

import click
from rich.table import Table

from zpmaint.app.matrix import track
from zpmaint.cli import options, tables
from zpmaint.cli.context import CommandContext, pass_context
from zpmaint.core import errors
from zpmaint.matrix.track import Novelty

_STYLES = {Novelty.NEW: "bold yellow", Novelty.VERIFIED: "green", Novelty.UNTRACKED: "dim"}


@click.command()
@options.source
@click.option("--all", "everything", is_flag=True, help="Untracked series too.")
@options.as_json
@pass_context
def command(
    context: CommandContext, *, sources: tuple[str, ...], everything: bool, as_json: bool
) -> int:
    """List the kernels that kernel.org, Debian's indexes and git tags have to offer.

    new: tracked and not verified yet; verified: tracked and known; untracked: no line of
    kernels.toml covers it (shown with --all, always in --json).

    \b
    Example:
      zpmaint track --json | jq -r '.[] | select(.novelty == "new") | .version'
    """
    rows = track(context.session, sources)
    if as_json:
        context.json([row.as_json() for row in rows])
        return errors.EXIT_OK
    table = Table(box=tables.BOX)
    for title in ("kernel", "line", "standing", "before", "listed by", ""):
        table.add_column(title)
    hidden = 0
    for row in rows:
        if row.novelty is Novelty.UNTRACKED and not everything:
            hidden += 1
            continue
        moniker = row.moniker + (" (end of life)" if row.eol else "")
        table.add_row(str(row.version), row.series, str(row.novelty), str(row.before or ""),
                      ", ".join(row.sources), moniker, style=_STYLES[row.novelty])  # fmt: skip
    context.out.print(table)
    if hidden:
        context.out.print(f"{hidden} untracked series not shown (--all)")
    return errors.EXIT_OK
