"""`zpmaint track`: what is new upstream."""

from __future__ import annotations

import click
from rich.table import Table

from zpmaint import errors
from zpmaint.cli import options, tables
from zpmaint.cli.desk import Desk, pass_desk
from zpmaint.matrix.track import Novelty
from zpmaint.pipeline.matrix import track

_STYLES = {Novelty.NEW: "bold yellow", Novelty.VERIFIED: "green", Novelty.UNTRACKED: "dim"}


@click.command()
@options.source
@click.option("--all", "everything", is_flag=True, help="Untracked series too.")
@options.as_json
@pass_desk
def command(desk: Desk, *, sources: tuple[str, ...], everything: bool, as_json: bool) -> int:
    """List the kernels that kernel.org, Debian's indexes and git tags have to offer.

    new: tracked and not verified yet; verified: tracked and known; untracked: no line of
    kernels.toml covers it (shown with --all, always in --json).

    \b
    Example:
      zpmaint track --json | jq -r '.[] | select(.novelty == "new") | .version'
    """
    rows = track(desk.workshop, sources)
    if as_json:
        desk.json([row.as_json() for row in rows])
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
    desk.out.print(table)
    if hidden:
        desk.out.print(f"{hidden} untracked series not shown (--all)")
    return errors.EXIT_OK
