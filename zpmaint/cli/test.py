# SPDX-License-Identifier: GPL-2.0-only
"""`zpmaint test`: chosen cases of the set's suites on a kernel, stock, patched or both."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import click

from zpmaint.app.job import Job
from zpmaint.app.test_run import check_words, profile_for, test_run
from zpmaint.build.options import BuildOptions
from zpmaint.build.values import Flavour
from zpmaint.cli import options, suite_options, tables, writable
from zpmaint.cli.context import CommandContext, pass_context
from zpmaint.core.files import write_whole
from zpmaint.judge.junit import junit
from zpmaint.suites.registry import suites_of
from zpmaint.vm.profiles import Accelerator

_ON = {
    "stock": (Flavour.STOCK,),
    "patched": (Flavour.PATCHED,),
    "both": (Flavour.STOCK, Flavour.PATCHED),
}


@click.command(
    epilog="A case that the kernel lacks a feature for is skipped with the reason, never passed. "
    "Exit status 1 if a case failed, lost its result, the guest died, or a part of the change is "
    "in no object that was built."
)
@click.argument("version")
@suite_options.suites
@suite_options.cases
@click.option(
    "--on",
    type=click.Choice(list(_ON)),
    default="both",
    show_default=True,
    help="The kernels to run on.",
)
@click.option(
    "--profile",
    type=click.Choice(["minimal", "full", "debug"]),
    help="minimal: one CPU, the fewest options; full: two CPUs and two nodes of memory, swap, "
    "memory cgroups, core dumps; debug: full, on a kernel that checks itself (DEBUG_VM, lockdep). "
    "Default: the smallest that all chosen cases can run in.",
)
@click.option(
    "--junit",
    "junit_file",
    type=writable.FILE,
    metavar="FILE",
    help="Write the results as JUnit XML, too.",
)
@click.option(
    "--executed",
    is_flag=True,
    help="See which of the changed lines run in the guest, and in which cases: a boot more.",
)
@options.arch
@options.patch
@options.source
@options.jobs
@options.accel
@options.of_build
@options.as_json
@pass_context
def command(
    context: CommandContext,
    *,
    version: str,
    suites: tuple[str, ...],
    words: tuple[str, ...],
    on: str,
    junit_file: Path | None,
    executed: bool,
    build: BuildOptions,
    accelerator: Accelerator,
    patch: str | None,
    sources: tuple[str, ...],
    as_json: bool,
) -> int:
    """Run chosen cases of the patch set's suites on VERSION, built if it is not yet.

    A guest that panics, hangs or dies is the result of the case that was running; it is started
    again for the others. What the kernel complains of on its console (BUG, WARNING, Oops, Bad page,
    lockdep) fails the case that was running. Nothing is recorded: `zpmaint verify` does that.

    `--case touching` chooses the cases that run a line which the patch changes, and names the
    others: a boot of the patched kernel finds out which they are, and is remembered.

    \b
    Examples:
      zpmaint test 6.12.y
      zpmaint test 6.12.y --case 'fork.*' --case flip --on patched
      zpmaint test 6.12.y --case touching
      zpmaint test 6.12.y --suite own --suite kselftest
      zpmaint test v2.6.21 --profile minimal --source git:/srv/linux --junit results.xml
      zpmaint test 7.2.8 --profile debug --json | jq -r '.failures[]'
    """
    job = Job.take(context.session, version, patch, sources)
    wanted = suites_of(job.patchset, suites, job.version)
    cases = check_words(wanted, words)
    done = test_run(
        job,
        wanted,
        words,
        flavours=_ON[on],
        build=replace(build, profile=build.profile or profile_for(cases, build.arch)),
        accelerator=accelerator,
        with_executed=executed,
    )
    if junit_file:
        write_whole(junit_file, junit(done.verdict, done.name, done.seconds))
    if as_json:
        context.json(done.as_json())
    else:
        tables.test_run(context.out, done)
    return done.verdict.result.exit_status
