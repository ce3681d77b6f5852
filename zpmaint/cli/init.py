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
@click.option(
    "--ci",
    type=click.Choice(["github", "gitlab"]),
    help="Also the pipeline that verifies by night there, and ci/zpmaint, which it calls; in a "
    "folder that is a project these alone.",
)
@pass_context
def command(context: CommandContext, *, folder: Path, empty: bool, ci: str | None) -> None:
    """Make FOLDER (the current one if not given) a project that works at once.

    Written are kernels.toml, which says what is tracked and where kernels come from, patches/ with
    the set that zpmaint comes with, and a .gitignore. Nothing that is there is overwritten.

    \b
    Examples:
      zpmaint init && zpmaint verify 6.12.y
      zpmaint init ~/kernels --empty
      zpmaint init --ci github
    """
    from zpmaint.app.init import init  # noqa: PLC0415
    from zpmaint.core import tools  # noqa: PLC0415

    made = init(folder, with_example=not empty, ci=ci or "")
    for place in made.written:
        context.out.print(f"written: {place}", markup=False, soft_wrap=True)
    for place in made.kept:
        context.out.print(f"was there: {place}", markup=False, soft_wrap=True)
    go = "" if made.folder == Path.cwd() else f"cd {made.folder}; "
    if tools.missing_for("verify"):
        go += "zpmaint doctor --install; "
    step = (
        "zpmaint verify 6.12.y"
        if made.is_there
        else f"zpmaint new {made.patch} --from git:/srv/linux my-branch"
    )
    context.out.print(f"next: {go}{step}", markup=False, soft_wrap=True)
