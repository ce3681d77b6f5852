# SPDX-License-Identifier: GPL-2.0-only
"""`zpmaint results`: what is known."""

from __future__ import annotations

import click

from zpmaint.cli import options, tables
from zpmaint.cli.context import CommandContext, pass_context
from zpmaint.core import errors
from zpmaint.core.errors import UserError
from zpmaint.core.versions import KernelVersion
from zpmaint.ledger.values import Record, Summary
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
@pass_context
def command(context: CommandContext, *, form: str, patch: str | None, as_json: bool) -> int:
    """List the newest result of every kernel, newest kernel first.

    \b
    Examples:
      zpmaint results --json | jq -r '.[] | select(.result == "fail") | .version'
      zpmaint results --format markdown > KERNELS.md
    """
    if as_json and form == "markdown":
        raise UserError("--json and --format markdown are two forms", "choose one of them")
    session = context.session
    if form == "markdown":
        click.echo(
            document(session.config, session.ledger.history(), session.patchset(patch)), nl=False
        )
        return errors.EXIT_OK
    name = session.patchset(patch).name if patch else None
    if as_json or form == "json":
        records = sorted(session.ledger.all_latest(), key=_kernel, reverse=True)
        context.json([row.as_json() for row in records if name in (None, row.patchset)])
        return errors.EXIT_OK
    known = sorted(session.ledger.latest_summaries(), key=_kernel, reverse=True)
    rows = [row for row in known if name in (None, row.patchset)]
    if rows:
        tables.records(context.out, rows)
    else:
        context.out.print("nothing verified yet; begin with: zpmaint verify 6.12.y")
    return errors.EXIT_OK


def _kernel(row: Record | Summary) -> KernelVersion:
    return KernelVersion.parse(row.version)
