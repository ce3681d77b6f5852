"""`zpmaint show`: one kernel's newest result, whole."""

from __future__ import annotations

import click

from zpmaint import errors
from zpmaint.cli import options, tables
from zpmaint.cli.desk import Desk, pass_desk
from zpmaint.errors import UserError
from zpmaint.versions import KernelVersion


@click.command()
@click.argument("version")
@options.arch
@options.patch
@options.as_json
@pass_desk
def command(desk: Desk, *, version: str, arch: str, patch: str | None, as_json: bool) -> int:
    """Show the newest result of VERSION: hunks, cases, counters, verdict, consoles.

    \b
    Example:
      zpmaint show v2.6.21
    """
    shop = desk.workshop
    name = str(KernelVersion.parse(version))
    row = shop.ledger.latest(name, arch, shop.patchset(patch).name)
    if row is None:
        raise UserError(f"{name} {arch} was never verified here", f"zpmaint verify {name}")
    if as_json:
        desk.json(row.as_json())
    else:
        tables.record(desk.out, row)
    return errors.EXIT_OK
