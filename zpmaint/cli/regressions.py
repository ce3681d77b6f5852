# SPDX-License-Identifier: GPL-2.0-only
"""`zpmaint regressions`: what was good and no longer is."""

from __future__ import annotations

from datetime import UTC, datetime

import click
from rich.table import Table

from zpmaint.app.regressions import exit_status, regressions
from zpmaint.cli import options, tables
from zpmaint.cli.context import CommandContext, pass_context
from zpmaint.core.series import named
from zpmaint.core.versions import KernelVersion


@click.command()
@click.argument("version", required=False)
@click.option("--all", "everything", is_flag=True, help="Those that are over, too.")
@options.patch
@options.as_json
@pass_context
def command(
    context: CommandContext,
    *,
    version: str | None,
    everything: bool,
    patch: str | None,
    as_json: bool,
) -> int:
    """List what was good and no longer is: kernels that turned, figures that rose beyond the bound
    that the patch set declares, each against the last good kernel. VERSION: of one series (6.12.y)
    or kernel.

    Where the same kernel was good before, its inputs turned it, not a kernel: that is told, and
    which inputs. The exit status is 1 where something still is worse, else 0.

    \b
    Examples:
      zpmaint regressions
      zpmaint regressions 6.12.y --all --json | jq -r '.[] | .next_step // empty'
    """
    series = None
    if version is not None:
        series = named(version) or str(KernelVersion.parse(version))
    session = context.session
    name = session.patchset(patch).name if patch else None
    found = [
        one
        for one in regressions(session, series)
        if (everything or one.regression.is_current)
        and name in (None, one.regression.line.patchset)
    ]
    if as_json:
        context.json([one.as_json() for one in found])
        return exit_status(found)
    if not found and next(iter(session.ledger.tried()), None) is None:
        context.out.print("nothing was verified yet: nothing is known to be worse, or well")
        return exit_status(found)
    if not found:
        context.out.print("no regression is known" if everything else "nothing is worse now")
        return exit_status(found)
    table = Table(box=tables.BOX)
    for title in ("line", "kind", "since", "last good", "seen", "what"):
        table.add_column(title)
    for one in found:
        told = one.regression
        when = datetime.fromtimestamp(told.when, UTC).strftime("%Y-%m-%d")
        since = told.first + (f" (until {told.fixed_in})" if told.fixed_in else "")
        style = "" if told.is_current else "dim"
        table.add_row(told.line.name, str(told.kind), since, told.last_good, when, one.words,
                      style=style)  # fmt: skip
    context.out.print(table)
    steps = list(dict.fromkeys(one.next_step for one in found if one.next_step))
    for step in steps:
        context.out.print(f"to narrow it: {step}", markup=False, soft_wrap=True)
    return exit_status(found)
