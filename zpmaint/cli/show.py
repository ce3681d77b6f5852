# SPDX-License-Identifier: GPL-2.0-only
"""`zpmaint show`: one kernel's newest result, whole."""

from __future__ import annotations

import click

from zpmaint.cli import options, tables
from zpmaint.cli.context import CommandContext, pass_context
from zpmaint.cli.kernel_asked import kernels_asked
from zpmaint.core import errors
from zpmaint.core.errors import UserError
from zpmaint.core.series import named
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
    """Show the newest result of VERSION: hunks, cases, counters, verdict, consoles. VERSION may be
    what `uname -r` answers.

    \b
    Examples:
      zpmaint show v2.6.21
      zpmaint show $(uname -r)
    """
    session = context.session
    asked = kernels_asked(version)
    if (series := named(asked[0])) and asked[0] != version:
        raise UserError(
            f"{version!r} tells the series {series} alone", f"zpmaint results {series}.y"
        )
    names = [str(KernelVersion.parse(text)) for text in asked]
    patchset = session.patchset(patch).name
    found = (session.ledger.latest(name, arch, patchset) for name in names)
    row = next((row for row in found if row is not None), None)
    if row is None:
        name = names[-1]
        raise UserError(f"{name} {arch} was never verified here", f"zpmaint verify {name}")
    if as_json:
        context.json(row.as_json())
    else:
        tables.record(context.out, row)
    return errors.EXIT_OK
