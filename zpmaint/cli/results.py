"""`zpmaint results`: what is known."""

from __future__ import annotations

import click

from zpmaint import errors
from zpmaint.cli import options, tables
from zpmaint.cli.desk import Desk, pass_desk
from zpmaint.errors import UserError
from zpmaint.publish.markdown import document


@click.command()
@click.option(
    "--format",
    "form",
    type=click.Choice(["table", "json", "markdown"]),
    default="table",
    show_default=True,
    help="markdown: one patch set as a document; the same results give the same bytes.",
)
@options.patch
@options.as_json
@pass_desk
def command(desk: Desk, *, form: str, patch: str | None, as_json: bool) -> int:
    """List the newest result of every kernel, newest kernel first.

    \b
    Examples:
      zpmaint results --json | jq -r '.[] | select(.result != "pass") | .version'
      zpmaint results --format markdown > KERNELS.md
    """
    if as_json and form == "markdown":
        raise UserError("--json and --format markdown are two forms", "choose one of them")
    shop = desk.workshop
    if form == "markdown":
        click.echo(document(shop.config, shop.ledger.history(), shop.patchset(patch)), nl=False)
        return errors.EXIT_OK
    rows = shop.ledger.all_latest()
    if patch:
        rows = [row for row in rows if row.patchset == shop.patchset(patch).name]
    if as_json or form == "json":
        desk.json([row.as_json() for row in rows])
    elif rows:
        tables.records(desk.out, rows)
    else:
        desk.out.print("nothing verified yet; begin with: zpmaint verify 6.12.y")
    return errors.EXIT_OK
