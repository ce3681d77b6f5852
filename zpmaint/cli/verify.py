# SPDX-License-Identifier: GPL-2.0-only
"""`zpmaint verify`: the main job, whole."""

from __future__ import annotations

import click

from zpmaint.app.job import Job
from zpmaint.app.once import verify_once
from zpmaint.app.verify_each import verify_each
from zpmaint.build.options import BuildOptions
from zpmaint.cli import each_tables, options, tables, unrecorded
from zpmaint.cli.context import CommandContext, pass_context
from zpmaint.core.result import Result, worst
from zpmaint.ledger.unrecorded import NotRecordedError
from zpmaint.ledger.values import Record
from zpmaint.suites.registry import suites_of
from zpmaint.vm.profiles import Accelerator


@click.command()
@click.argument("versions", nargs=-1, required=True, metavar="VERSION...")
@click.option(
    "--each",
    "each_patch",
    is_flag=True,
    help="Build a series patch by patch, and name the first that does not compile or that turns a "
    "case. Not recorded.",
)
@click.option(
    "--executed",
    is_flag=True,
    help="See which of the changed lines run in the guest, and in which cases: a boot more.",
)
@options.booting
@pass_context
def command(
    context: CommandContext,
    *,
    versions: tuple[str, ...],
    build: BuildOptions,
    patch: str | None,
    sources: tuple[str, ...],
    accelerator: Accelerator,
    each_patch: bool,
    executed: bool,
    as_json: bool,
) -> int:
    """Port, build the pair, boot both, run the set's suites and the benchmark, judge, record.

    Every case runs on both kernels, with the outcome expected of each: what stock reports is the
    suite's to say, what the patch changes of it the patch set's. `pass` takes a case that showed
    the effect; without one it is `no regression`. The counters that carry
    the patch's meaning on that kernel are marked "tells".

    \b
    Examples:
      zpmaint verify 6.12.y
      zpmaint verify v2.6.21 v2.6.23 --source git:/srv/linux
      zpmaint verify 6.12.y --patch my-series --each
      zpmaint verify 6.12.y --executed
      zpmaint verify 6.12.y --json | jq .[0].result
    """
    # All are resolved before the first is begun: a slip in the last is told at once.
    asked = [Job.take(context.session, text, patch, sources) for text in dict.fromkeys(versions)]
    for job in asked:
        suites_of(job.patchset, version=job.version)
    if each_patch:
        return _each(context, asked, build=build, accelerator=accelerator, as_json=as_json)
    # Before minutes of work: whether its result could be kept.
    context.session.ledger.ready()
    since = context.session.ledger.newest_turn
    records: list[Record] = []
    for job in asked:
        try:
            row, is_others = verify_once(
                job, build=build, accelerator=accelerator, since=since, with_executed=executed
            )
        except NotRecordedError as lost:
            unrecorded.show(context, lost, as_json=as_json)
            raise
        records.append(row)
        if is_others:
            context.err.print(f"{row.version}: another process verified it meanwhile", markup=False)
        if not as_json:
            tables.record(context.out, row)
            if row.result is Result.CONFLICT:
                step = job.command("resolve")
                context.out.print(f"next: {step}", markup=False, soft_wrap=True)
    if as_json:
        context.json([row.as_json() for row in records])
    elif len(records) > 1:
        tables.records(context.out, records)
    return exit_status(records)


def _each(
    context: CommandContext,
    asked: list[Job],
    *,
    build: BuildOptions,
    accelerator: Accelerator,
    as_json: bool,
) -> int:
    """Each kernel's steps; the worst of their results is the exit status."""
    done = []
    for job in asked:
        done.append(verify_each(job, build=build, accelerator=accelerator))
        if not as_json:
            each_tables.each(context.out, done[-1])
    if as_json:
        context.json([told.as_json() for told in done])
    return worst(told.result.exit_status for told in done)


def exit_status(records: list[Record]) -> int:
    """1 if any kernel failed, else 3 if any had no result, else 0."""
    return worst(row.result.exit_status for row in records)
