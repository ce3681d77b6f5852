# SPDX-License-Identifier: GPL-2.0-only
"""`zpmaint boot`: boot a kernel with the suite as its init."""

from __future__ import annotations

import click

from zpmaint.app.job import Job
from zpmaint.app.port import built_of
from zpmaint.app.suite import boot_suites, make_ready
from zpmaint.build.options import BuildOptions
from zpmaint.cli import options, tables
from zpmaint.cli.context import CommandContext, pass_context
from zpmaint.core import errors
from zpmaint.suites.registry import booted, suites_of
from zpmaint.vm.profiles import Accelerator
from zpmaint.vm.values import Outcome


@click.command()
@click.argument("version")
@options.flavours
@click.option(
    "--suite",
    "suite",
    metavar="NAME",
    help="The suite to boot with (default: the first that the patch set wants).",
)
@options.booting
@pass_context
def command(
    context: CommandContext,
    *,
    version: str,
    flavour: str | None,
    suite: str | None,
    build: BuildOptions,
    patch: str | None,
    sources: tuple[str, ...],
    accelerator: Accelerator,
    as_json: bool,
) -> int:
    """Boot VERSION (built if it is not yet) with a suite as init, and say how it ended.

    Ends are told apart: finished, panic, triple-fault, hang, died, not-started. A guest that dies
    is booted again for the cases that it left over. The results are what the guest wrote;
    `zpmaint test` and `zpmaint verify` judge them.

    \b
    Examples:
      zpmaint boot 6.12.y --stock
      zpmaint boot 6.12.y --suite boot
      zpmaint boot v2.6.21 --patched --source git:/srv/linux --json
    """
    job = Job.take(context.session, version, patch, sources)
    suites = suites_of(job.patchset, (suite,) if suite else (), job.version)
    keep = built_of(job.patchset.anchors, build.arch)
    ready = make_ready(
        job.session, booted(suites)[:1], job.version, build.arch, chain=job.chain, keep=keep
    ).bootables
    kernels = job.kernels(flavour, build)
    (ran,) = boot_suites(job.session, kernels, ready, accelerator=accelerator)
    runs = ran.runs
    if as_json:
        context.json(
            {
                flavour: run.as_json() | {"results": "".join(b.results for b in run.boots)}
                for flavour, run in runs.items()
            }
        )
    else:
        tables.runs(context.out, runs)
    boots = [boot for run in runs.values() for boot in run.boots]
    if any(boot.outcome.is_infrastructure for boot in boots):
        return errors.EXIT_INFRA
    well = all(boot.outcome is Outcome.FINISHED and not boot.complaints for boot in boots)
    return errors.EXIT_OK if well else errors.EXIT_KERNEL
