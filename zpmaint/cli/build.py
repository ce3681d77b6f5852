"""`zpmaint build`: the pair of kernels."""

from __future__ import annotations

import click

from zpmaint import errors
from zpmaint.cli import options, tables
from zpmaint.cli.desk import Desk, pass_desk
from zpmaint.pipeline.job import Job


@click.command()
@click.argument("version")
@options.flavours
@options.building
@options.as_json
@pass_desk
def command(
    desk: Desk,
    *,
    version: str,
    flavour: str | None,
    arch: str,
    profile: str,
    patch: str | None,
    sources: tuple[str, ...],
    jobs: int | None,
    as_json: bool,
) -> int:
    """Build VERSION, stock and patched from the same objects; nothing is built twice.

    \b
    Examples:
      zpmaint build 6.12.y
      zpmaint build v2.6.21 --stock --source git:/srv/linux
    """
    job = Job.take(desk.workshop, version, patch, sources)
    kernels = job.kernels(flavour, arch=arch, profile=profile, jobs=jobs)
    if as_json:
        desk.json([k.as_json() for k in kernels])
    else:
        tables.kernels(desk.out, kernels)
    return errors.EXIT_OK
