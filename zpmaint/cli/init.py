# SPDX-License-Identifier: GPL-2.0-only
"""`zpmaint init`: make a project."""

from __future__ import annotations

from pathlib import Path

import click

from zpmaint.cli.context import CommandContext, pass_context


@click.command()
@click.argument("folder", type=click.Path(path_type=Path, file_okay=False), default=".")
@click.option(
    "--empty", is_flag=True, help="Without the patch set that zpmaint comes with as an example."
)
@pass_context
def command(context: CommandContext, *, folder: Path, empty: bool) -> None:
    """Make FOLDER (the current one if not given) a project that works at once.

    Written are kernels.toml, which says what is tracked and where kernels come from, patches/ with
    the set that zpmaint comes with, and a .gitignore. Nothing that is there is overwritten.

    \b
    Examples:
      zpmaint init && zpmaint verify 6.12.y
      zpmaint init ~/kernels --empty
    """
    from zpmaint.app.init import init  # noqa: PLC0415

    made = init(folder, with_example=not empty)
    for place in made.written:
        context.out.print(f"written: {place}", markup=False, soft_wrap=True)
    for place in made.kept:
        context.out.print(f"was there: {place}", markup=False, soft_wrap=True)
    go = "" if made.folder == Path.cwd() else f"cd {made.folder}; "
    step = (
        "zpmaint verify 6.12.y"
        if made.is_there
        else f"zpmaint new {made.patch} --from git:/srv/linux my-branch"
    )
    context.out.print(f"next: {go}{step}", markup=False, soft_wrap=True)
