# SPDX-License-Identifier: GPL-2.0-only
"""`zpmaint completion`: the script that a shell sources."""

from __future__ import annotations

import click
from click.shell_completion import get_completion_class

from zpmaint.core.errors import UserError


@click.command()
@click.argument("shell", type=click.Choice(["bash", "zsh", "fish"]))
@click.pass_context
def command(ctx: click.Context, shell: str) -> None:
    """Print the completion script for SHELL.

    \b
    Example (bash, in ~/.bashrc):
      eval "$(zpmaint completion bash)"
    """
    kind = get_completion_class(shell)
    if kind is None:
        raise UserError(f"no completion for {shell}")
    click.echo(kind(ctx.find_root().command, {}, "zpmaint", "_ZPMAINT_COMPLETE").source())
