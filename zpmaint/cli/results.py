"""`zpmaint results`: what is known."""

from __future__ import annotations

import click

from zpmaint import errors
from zpmaint.cli import options, tables
from zpmaint.cli.desk import Desk, pass_desk


@click.command()
@options.as_json
@pass_desk
def command(desk: Desk, *, as_json: bool) -> int:
    """List the newest result of every kernel, newest kernel first.

    \b
    Example:
      zpmaint results --json | jq -r '.[] | select(.result != "pass") | .version'
    """
    rows = desk.workshop.ledger.all_latest()
    if as_json:
        desk.json([row.as_json() for row in rows])
    elif rows:
        tables.records(desk.out, rows)
    else:
        desk.out.print("nothing verified yet; begin with: zpmaint verify 6.12.y")
    return errors.EXIT_OK
