"""`zpmaint doctor`: what is missing on this machine."""

from __future__ import annotations

import click
from rich.table import Table

from zpmaint import errors, tools
from zpmaint.cli import options, tables
from zpmaint.cli.desk import Desk, pass_desk


@click.command()
@options.as_json
@pass_desk
def command(desk: Desk, as_json: bool) -> int:
    """Say which programs zpmaint needs, which are missing, and what installs them.

    Exit status 3 if any is missing.
    """
    rows = list(tools.declared().values())
    missing = [tool for tool in rows if not tool.path()]
    if as_json:
        desk.json(
            {
                "tools": [
                    {
                        "name": t.name,
                        "path": t.path(),
                        "package": t.package,
                        "needed_for": list(t.needed_for),
                        "why": t.why,
                    }
                    for t in rows
                ],
                "missing": [t.package for t in missing],
            }
        )
        return status
    table = Table(box=tables.BOX)
    for title in ("program", "where", "needed for", "why"):
        table.add_column(title)
    for tool in rows:
        where = tool.path()
        table.add_row(
            tool.name, where or "[bold red]missing[/]", ", ".join(tool.needed_for), tool.why
        )
    desk.out.print(table)
    if missing:
        packages = " ".join(dict.fromkeys(tool.package for tool in missing))
        desk.out.print(f"missing: apt-get install {packages}", markup=False)
        return status
    desk.out.print("all there")
    return status
