# SPDX-License-Identifier: GPL-2.0-only
"""`zpmaint doctor`: what is missing on this machine."""

from __future__ import annotations

import click
from rich.table import Table

from zpmaint.cli import options, tables
from zpmaint.cli.context import CommandContext, pass_context
from zpmaint.core import errors, tools


@click.command()
@options.as_json
@pass_context
def command(context: CommandContext, *, as_json: bool) -> int:
    """Say which programs zpmaint needs, which are missing, and what installs them.

    Exit status 3 if one is missing that zpmaint cannot do without.
    """
    rows = list(tools.declared().values())
    missing = [tool for tool in rows if not tool.path()]
    packages = list(dict.fromkeys(tool.package for tool in missing))
    if as_json:
        context.json({"tools": [_row(tool) for tool in rows], "missing": packages})
    else:
        table = Table(box=tables.BOX)
        for title in ("program", "where", "needed for", "why"):
            table.add_column(title)
        for tool in rows:
            absent = "[yellow]missing, optional[/]" if tool.optional else "[bold red]missing[/]"
            table.add_row(tool.name, tool.path() or absent, ", ".join(tool.needed_for), tool.why)
        context.out.print(table)
        word = f"missing: apt-get install {' '.join(packages)}" if missing else "all there"
        context.out.print(word, markup=False)
    return errors.EXIT_OK if all(tool.optional for tool in missing) else errors.EXIT_INFRA


def _row(tool: tools.Tool) -> dict[str, object]:
    return {
        "name": tool.name,
        "path": tool.path(),
        "package": tool.package,
        "needed_for": list(tool.needed_for),
        "optional": tool.optional,
        "why": tool.why,
    }
