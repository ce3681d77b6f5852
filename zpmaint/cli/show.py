# SPDX-License-Identifier: GPL-2.0-only
"""`zpmaint show`: one kernel's newest result, whole."""

from __future__ import annotations

import click

from zpmaint.cli import options, tables
from zpmaint.cli.context import CommandContext, pass_context
from zpmaint.core import errors
from zpmaint.core.errors import UserError
from zpmaint.core.versions import KernelVersion


@click.command()
@click.argument("version")
@options.arch
@options.patch
@options.as_json
@pass_context
def command(
    context: CommandContext, *, version: str, arch: str, patch: str | None, as_json: bool
) -> int:
    """Show the newest result of VERSION: hunks, cases, counters, verdict, consoles.

    \b
    Example:
      zpmaint show v2.6.21
    """
    session = context.session
    name = str(KernelVersion.parse(version))
    row = session.ledger.latest(name, arch, session.patchset(patch).name)
    if row is None:
        raise UserError(f"{name} {arch} was never verified here", f"zpmaint verify {name}")
    if as_json:
        context.json(row.as_json())
    else:
        tables.record(context.out, row)
    return errors.EXIT_OK
