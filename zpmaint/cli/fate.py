# SPDX-License-Identifier: GPL-2.0-only
"""`zpmaint fate`: what becomes of each patch of a queue at a kernel."""

from __future__ import annotations

from pathlib import Path

import click

from zpmaint.app.fate import fate_of
from zpmaint.app.patch_files import read_file
from zpmaint.cli import fate_tables, options
from zpmaint.cli.context import CommandContext, pass_context
from zpmaint.core import errors
from zpmaint.diffs.series import joined, load_series


@click.command(
    epilog="Nothing is written; `zpmaint port --series` writes the ported queue. Exit status 1 "
    "where a patch conflicts, is reversed or cannot be read, or one of the series is missing."
)
@click.argument("series", nargs=-1, required=True, type=click.Path(path_type=Path))
@click.option("--onto", metavar="VERSION", required=True, help="The kernel that the queue goes to.")
@click.option(
    "--base",
    metavar="VERSION",
    help="The kernel that the queue was cut against. Without it, what upstream has is told from "
    "the patches alone.",
)
@options.source
@click.option(
    "--look-for-names/--no-look-for-names",
    default=True,
    show_default=True,
    help="Look in both kernels' trees for every name that a patch brings to a file; the first "
    "time a kernel is asked, its names are indexed, in a minute or two.",
)
@click.option(
    "-v", "--verbose", is_flag=True, help="Also why a patch applies, or is upstream, and all needs."
)
@options.as_json
@pass_context
def command(
    context: CommandContext,
    *,
    series: tuple[Path, ...],
    onto: str,
    base: str | None,
    sources: tuple[str, ...],
    look_for_names: bool,
    verbose: bool,
    as_json: bool,
) -> int:
    """Tell what becomes of each patch of SERIES at another kernel, and what it stands on.

    SERIES is a queue in any form that `port --series` reads; several go on top of one another.

    Fates: conflict, reversed, unreadable (somebody has to look), partly upstream (some hunks are
    in the kernel, the others go in), ported, applies, developed since (upstream has it and went on
    from there), upstream. Of each the earlier patches that it needs; with a git history of both
    kernels among the sources also the commits that it is, and those that it stands on without
    saying so.

    \b
    Examples:
      zpmaint fate generic/{backport,pending,hack}-6.12 --onto 6.18.y --base 6.12.107
      zpmaint fate debian/patches --onto 6.12.107 --base 6.12.94 --source debian
      zpmaint fate my.mbox --onto 6.12.107 --base 6.18 --source git:/srv/linux --json
    """
    session = context.session
    chain = session.chain(sources, () if sources else session.names_for(onto))
    found = fate_of(
        session,
        joined([load_series(place, read_file) for place in series]),
        session.resolve(onto, chain),
        chain,
        base=session.resolve(base, chain) if base else None,
        look_for_names=look_for_names,
    )
    if as_json:
        context.json(found.as_json())
    else:
        fate_tables.queue(context.out, found, verbose=verbose)
    return errors.EXIT_OK if found.is_whole else errors.EXIT_KERNEL
