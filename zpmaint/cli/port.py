"""`zpmaint port`: carry the patch onto a kernel."""

from __future__ import annotations

from pathlib import Path

import click

from zpmaint import errors
from zpmaint.cli import options, tables
from zpmaint.cli.desk import Desk, pass_desk
from zpmaint.pipeline.job import Job
from zpmaint.pipeline.port import write_port


@click.command(
    epilog="The patch goes to DIR/vVERSION.patch with --out, else to standard output; the table "
    "of hunks goes to standard error then. Exit status 1 on a conflict."
)
@click.argument("version")
@options.patch
@options.source
@click.option("--anchor", metavar="NAME", help="Start from this anchor, not the nearest one.")
@click.option(
    "--out", type=click.Path(path_type=Path, file_okay=False), help="Folder for VERSION.patch."
)
@options.as_json
@pass_desk
def command(
    desk: Desk,
    *,
    version: str,
    patch: str | None,
    sources: tuple[str, ...],
    anchor: str | None,
    out: Path | None,
    as_json: bool,
) -> int:
    """Port the patch onto VERSION and say how each hunk was placed.

    States: applies (as it is, perhaps at an offset), ported (carried on to changed code),
    upstream (the kernel already behaves so), superseded (another anchor is the start), conflict.

    \b
    Examples:
      zpmaint port v2.6.21 --source git:/srv/linux --out ported/
      zpmaint port 6.12.y --json
      zpmaint port 6.12.y | patch -p1 -d linux-6.12
    """
    job = Job.take(desk.workshop, version, patch, sources)
    result = job.port(anchor)
    written = write_port(result, out) if out and result.patch else None
    if as_json:
        desk.json(result.as_json())
    elif out or not result.patch:
        tables.port(desk.out, result)
        if written:
            desk.out.print(f"written: {written}", markup=False)
    else:
        tables.port(desk.err, result)
        click.echo(result.patch.encode("utf-8", "surrogateescape"), nl=False)
    return errors.EXIT_OK if result.state.leads_on else errors.EXIT_KERNEL
