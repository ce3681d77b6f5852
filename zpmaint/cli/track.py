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
@click.option(
    "--branches", is_flag=True, help="Only the branches that patch sets were made from; no network."
)
@options.as_json
@pass_context
def command(
    context: CommandContext,
    *,
    sources: tuple[str, ...],
    everything: bool,
    branches: bool,
    as_json: bool,
) -> int:
    """List the kernels that kernel.org, Debian's indexes and git tags have to offer.

    new: tracked and not verified yet; verified: tracked and known; untracked: no line of
    kernels.toml covers it (shown with --all, always in --json).

    Below the kernels stand the branches that patch sets were made from, where they have new
    commits or were rewritten; with --branches these alone, all of them.

    \b
    Example:
      zpmaint track --json | jq -r '.[] | select(.novelty == "new") | .version'
    """
    if branches:
        _branches(context, everything=True, as_json=as_json)
        return errors.EXIT_OK
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
    _branches(context, everything=False)
    return errors.EXIT_OK


def _branches(context: CommandContext, *, everything: bool, as_json: bool = False) -> None:
    """The branches that patch sets were made from; those with news alone unless all are wanted."""
    from zpmaint.app.branch_news import Standing, branch_news  # noqa: PLC0415  (it reads patches)

    news = branch_news(context.session)
    if as_json:
        context.json([one.as_json() for one in news])
        return
    for one in news:
        if everything or one.standing is not Standing.SAME:
            context.out.print(str(one), markup=False, soft_wrap=True)
