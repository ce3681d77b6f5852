# SPDX-License-Identifier: GPL-2.0-only
"""`zpmaint build`: the pair of kernels."""

from __future__ import annotations

from typing import Any

import click

from zpmaint.app.job import Job
from zpmaint.build.evidence import Evidence
from zpmaint.build.options import BuildOptions
from zpmaint.build.values import Flavour, Kernel
from zpmaint.cli import evidence_tables, options, tables
from zpmaint.cli.context import CommandContext, pass_context
from zpmaint.core import errors
from zpmaint.core.result import Result


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

    Says of every file and hunk of the patch whether it is compiled: into the kernel, into a
    module, or not, with the symbols that would have it built. Exit status 1 where a part is not.

    \b
    Examples:
      zpmaint build 6.12.y
      zpmaint build v2.6.21 --stock --source git:/srv/linux
    """
    job = Job.take(context.session, version, patch, sources)
    pair = job.pair(flavour, build)
    kernels = [kernel for kernel in pair.kernels if flavour in (None, kernel.flavour)]
    seen = pair.evidence
    if as_json:
        context.json([_json(kernel, seen) for kernel in kernels])
    else:
        tables.kernels(context.out, kernels)
        if seen:
            evidence_tables.evidence(context.out, seen)
    return errors.EXIT_OK if seen is None or seen.is_whole else Result.NOT_COMPILED.exit_status


def _json(kernel: Kernel, seen: Evidence | None) -> dict[str, Any]:
    shown = seen.as_json() if seen and kernel.flavour is Flavour.PATCHED else None
    return kernel.as_json() | {"evidence": shown}
