"""`zpmaint build`: the pair of kernels."""

from __future__ import annotations

import click

from zpmaint.app.job import Job
from zpmaint.cli import options, tables
from zpmaint.cli.context import CommandContext, pass_context
from zpmaint.core import errors
from zpmaint.kbuild.options import BuildOptions


@click.command()
@click.argument("version")
@options.flavours
@options.building
@options.as_json
@pass_context
def command(
    context: CommandContext,
    *,
    version: str,
    flavour: str | None,
    build: BuildOptions,
    patch: str | None,
    sources: tuple[str, ...],
    as_json: bool,
) -> int:
    """Build VERSION, stock and patched from the same objects; nothing is built twice.

    \b
    Examples:
      zpmaint build 6.12.y
      zpmaint build v2.6.21 --stock --source git:/srv/linux
    """
    job = Job.take(context.session, version, patch, sources)
    kernels = job.kernels(flavour, build)
    if as_json:
        context.json([k.as_json() for k in kernels])
    else:
        tables.kernels(context.out, kernels)
    return errors.EXIT_OK
