# SPDX-License-Identifier: GPL-2.0-only
"""`zpmaint doctor`: what is missing on this machine, and what confines foreign programs."""

from __future__ import annotations

from dataclasses import asdict

import click
from rich.table import Table

from zpmaint.cell.means import means
from zpmaint.cli import options, tables
from zpmaint.cli.context import CommandContext, pass_context
from zpmaint.core import errors, tools
from zpmaint.core.packages import install, missing_packages


@click.command()
@click.option("--install", "to_install", is_flag=True, help="Install what is missing, by apt-get.")
@options.arch
@options.profile
@options.as_json
@pass_context
def command(
    context: CommandContext, *, to_install: bool, arch: str, profile: str, as_json: bool
) -> int:
    """Say which programs zpmaint needs, which are missing, and what installs them;
    and what Makefiles and QEMU are confined by on this machine (docs/cell.md).

    Exit status 3 if one is missing that zpmaint cannot do without: for kernels of --arch
    and --profile; what others need is shown, and not missed.

    \b
    Examples:
      zpmaint doctor
      zpmaint doctor --install      # Debian, as root or by sudo
      zpmaint doctor --arch arm64 --install
    """
    if to_install and (wanted := missing_packages(arch, profile)):
        install(wanted, context.reporter)
    rows = list(tools.declared().values())
    missing = [tool for tool in rows if not tool.path() and tool.is_for(arch, profile)]
    packages = missing_packages(arch, profile)
    confined = means()
    if as_json:
        context.json(
            {
                "tools": [_row(tool) for tool in rows],
                "missing": list(packages),
                "cell": {**asdict(confined), "next": list(confined.next_steps)},
            }
        )
    else:
        table = Table(box=tables.BOX)
        for title in ("program", "where", "needed for", "why"):
            table.add_column(title)
        for tool in rows:
            absent = "[bold red]missing[/]"
            if tool.optional or tool not in missing:
                absent = f"[yellow]missing, {'optional' if tool.optional else 'not asked for'}[/]"
            table.add_row(tool.name, tool.path() or absent, ", ".join(tool.needed_for), tool.why)
        context.out.print(table)
        word = f"missing: apt-get install {' '.join(packages)}" if missing else "all there"
        context.out.print(word, markup=False)
        if missing:
            context.out.print("next: zpmaint doctor --install", markup=False)
        context.out.print(f"foreign programs are confined by: {confined}", markup=False)
        if confined.cgroup_why:
            context.out.print(f"no cgroup: {confined.cgroup_why}", markup=False)
        for step in confined.next_steps:
            context.out.print(f"to confine more: {step}", markup=False)
    return errors.EXIT_OK if all(tool.optional for tool in missing) else errors.EXIT_INFRA


def _row(tool: tools.Tool) -> dict[str, object]:
    return {
        "name": tool.name,
        "path": tool.path(),
        "package": tool.package,
        "needed_for": list(tool.needed_for),
        "optional": tool.optional,
        "arch": tool.arch or None,
        "profile": tool.profile or None,
        "why": tool.why,
    }
