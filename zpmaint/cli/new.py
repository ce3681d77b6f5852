# SPDX-License-Identifier: GPL-2.0-only
"""`zpmaint new`: make a patch set of a branch, a patch, a mailbox or a queue."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from zpmaint.cli import options
from zpmaint.cli.context import CommandContext, pass_context

if TYPE_CHECKING:
    from zpmaint.app.new import New


@click.command(
    epilog="The set is made whole or not at all. Of a branch authors, dates, messages and trailers "
    "are kept byte for byte."
)
@click.argument("name")
@click.argument("range_", metavar="[RANGE]", default="")
@click.option(
    "--from",
    "origin",
    metavar="WHAT",
    help="git:REPOSITORY (with RANGE, a branch or A..B); a range or a branch of the repository "
    "here; a patch, a mail, an mbox or a folder of patches, or an address where one lies (with "
    "--base).",
)
@click.option(
    "--base",
    metavar="VERSION",
    help="The kernel it was made for. Of a branch: where it stands on no kernel's tag.",
)
@click.option("--again", is_flag=True, help="Take what was committed to the set's branch since.")
@options.source
@options.as_json
@pass_context
def command(
    context: CommandContext,
    *,
    name: str,
    range_: str,
    origin: str | None,
    base: str | None,
    again: bool,
    sources: tuple[str, ...],
    as_json: bool,
) -> None:
    """Make the patch set NAME of the project.

    RANGE is a branch, whose own commits are taken (those above the kernel's tag that it stands
    on), or A..B. The kernel is found by the tags. The patches are applied to that kernel's files
    once more, and have to give those of the branch. A merge that brings changes of its own is an
    error, an empty commit is left out and named.

    \b
    Examples:
      zpmaint new mine --from git:/srv/linux my-branch
      zpmaint new mine --from git:/srv/linux v6.12..my-branch
      zpmaint new mine --from fix.mbox --base 6.12.107
      zpmaint new mine --from https://lore.kernel.org/all/MESSAGE-ID/ --base 6.12
      zpmaint new mine --again
    """
    if again == bool(origin):
        raise click.UsageError("one of --from WHAT and --again is needed")
    if origin:
        made = _made(context, name, origin, range_=range_, base=base, sources=sources)
    else:
        from zpmaint.app.branch_news import take_again  # noqa: PLC0415

        made = take_again(context.new_session, name, sources)
    if as_json:
        context.json(made.as_json())
        return
    for note in made.notes:
        context.err.print(note, markup=False)
    count = len(made.patches)
    of = f" of {made.branch.name} ({made.branch.commit[:12]})" if made.branch else ""
    context.out.print(
        f"{made.folder}: {count} patch{'es' if count > 1 else ''}{of}, for {made.base}",
        markup=False,
        soft_wrap=True,
    )
    for patch in made.patches if count > 1 or made.branch else ():
        context.out.print(f"  {patch}", markup=False, soft_wrap=True)
    context.out.print(f"next: zpmaint verify {made.base} --patch {made.name}", markup=False)


def _made(
    context: CommandContext,
    name: str,
    origin: str,
    *,
    range_: str,
    base: str | None,
    sources: tuple[str, ...],
) -> New:
    """The set of what --from names."""
    from zpmaint.app.from_address import is_address  # noqa: PLC0415
    from zpmaint.app.new import (  # noqa: PLC0415
        Wanted,
        inside_repository,
        new_from_address,
        new_from_branch,
        new_from_files,
    )
    from zpmaint.core.errors import UserError  # noqa: PLC0415
    from zpmaint.core.versions import KernelVersion  # noqa: PLC0415

    session = context.new_session
    version = KernelVersion.parse(base) if base else None
    if origin.startswith("git:"):
        place = Path(origin.removeprefix("git:")).expanduser().absolute()
        return new_from_branch(session, name, Wanted(place, range_ or "HEAD", version, sources))
    if is_address(origin) or Path(origin).exists():
        if range_:
            raise click.UsageError("RANGE goes with --from git:REPOSITORY")
        if version is None:
            raise UserError(
                f"{origin}: a patch does not say which kernel it was made for",
                "name it with --base",
            )
        if is_address(origin):
            return new_from_address(session, name, origin, version, sources)
        return new_from_files(session, name, Path(origin), version, sources)
    here = inside_repository(Path.cwd())
    if here is None:
        raise UserError(
            f"{origin}: no such file, and no git repository here",
            "name the repository: --from git:REPOSITORY RANGE",
        )
    return new_from_branch(session, name, Wanted(here, origin, version, sources))
