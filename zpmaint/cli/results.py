# SPDX-License-Identifier: GPL-2.0-only
"""`zpmaint results`: what is known."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TypeVar

import click

from zpmaint.app.known import Name, known
from zpmaint.cli import options, tables
from zpmaint.cli.context import CommandContext, pass_context
from zpmaint.cli.kernel_asked import kernels_asked
from zpmaint.core import errors
from zpmaint.core.errors import UserError
from zpmaint.core.series import named
from zpmaint.core.versions import KernelVersion
from zpmaint.ledger.values import Record, Summary
from zpmaint.publish.markdown import document

Found = TypeVar("Found", Record, Summary)


@click.command()
@click.argument("versions", nargs=-1, metavar="[VERSION]...")
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
def command(
    context: CommandContext,
    *,
    versions: tuple[str, ...],
    form: str,
    patch: str | None,
    as_json: bool,
) -> int:
    """List what is known of every kernel, or of each VERSION (also a series: 6.12.y, or what
    `uname -r` answers), newest kernel first: its newest result, and since which kernel it is
    broken. A later try that had no result takes nothing away from it.

    \b
    Examples:
      zpmaint results 6.12.y 7.2.8
      zpmaint results --json | jq -r '.[] | select(.result == "fail") | .version'
      zpmaint results --format markdown > KERNELS.md
    """
    if as_json and form == "markdown":
        raise UserError("--json and --format markdown are two forms", "choose one of them")
    session = context.session
    versions = tuple(kernel for text in versions for kernel in kernels_asked(text))
    if form == "markdown":
        if versions:
            raise UserError("--format markdown is of all kernels", "leave VERSION out")
        click.echo(
            document(session.config, session.ledger.history(), session.patchset(patch)), nl=False
        )
        return errors.EXIT_OK
    name = session.patchset(patch).name if patch else None
    if as_json or form == "json":
        records = _newest_first(session.ledger.all_known, versions)
        told = known(session)
        context.json(
            [
                row.as_json() | told[_name(row)].as_json()
                for row in records
                if name in (None, row.patchset)
            ]
        )
        return errors.EXIT_OK
    summaries = _newest_first(session.ledger.known_summaries, versions)
    rows = [row for row in summaries if name in (None, row.patchset)]
    if rows:
        told = known(session)
        tables.records(context.out, rows, [told[_name(row)].note for row in rows])
    else:
        what = f"none of {' '.join(versions)} is verified" if versions else "nothing verified"
        context.out.print(f"{what} yet; begin with: zpmaint verify {(*versions, '6.12.y')[0]}")
    return errors.EXIT_OK


def _name(row: Record | Summary) -> Name:
    return row.version, row.arch, row.patchset, row.profile


def _newest_first(
    listed: Callable[[str | None], list[Found]], versions: Sequence[str]
) -> list[Found]:
    """What is known of these kernels and series, of all where none is named; each once."""
    asked: list[str | None] = [named(text) or str(KernelVersion.parse(text)) for text in versions]
    whole = set(asked) - {named(text) for text in versions}
    found = {
        _name(row): row
        for one in dict.fromkeys(asked or [None])
        for row in listed(one)
        if one is None or one not in whole or row.version == one
    }
    return sorted(found.values(), key=lambda row: KernelVersion.parse(row.version), reverse=True)
