# SPDX-License-Identifier: GPL-2.0-only
"""`zpmaint matrix`: every tracked kernel."""

from __future__ import annotations

import os
from collections.abc import Collection
from datetime import datetime
from pathlib import Path

import click
from rich.table import Table

from zpmaint.app.matrix import forecast, plan_matrix, run_dues
from zpmaint.app.regressions import regressions, shown_by
from zpmaint.cli import matrix_ci, matrix_job, options, tables, unrecorded
from zpmaint.cli.commands import SlipGroup
from zpmaint.cli.context import CommandContext, pass_context
from zpmaint.cli.matrix_view import duration, view
from zpmaint.cli.stopping import stopped_by_sigterm
from zpmaint.core import errors
from zpmaint.ledger.logs import LogStore
from zpmaint.ledger.unrecorded import NotRecordedError
from zpmaint.ledger.values import Record
from zpmaint.matrix.options import LOCAL, RunOptions
from zpmaint.matrix.plan import Due, Plan
from zpmaint.matrix.steps import size
from zpmaint.matrix.worth import by_worth, chosen
from zpmaint.timeline.regressions import RegressionKind


@click.group("matrix", cls=SlipGroup)
def command() -> None:
    """Verify the kernels that kernels.toml tracks.

    \b
    Examples:
      zpmaint matrix plan
      zpmaint matrix run && zpmaint publish --out site/
    """


command.add_command(matrix_ci.command)
command.add_command(matrix_job.command)


@command.command("plan")
@options.as_json
@pass_context
def plan(context: CommandContext, *, as_json: bool) -> int:
    """List what is due and what is known, newest kernel first; nothing is run.

    \b
    Example:
      zpmaint matrix plan --json | jq -r '.dues[] | select(.known == null) | .version'
    """
    planned = plan_matrix(context.session)
    if as_json:
        context.json(planned.as_json())
        return _unresolved(planned)
    table = Table(box=tables.BOX)
    for title in ("kernel", "arch", "patch", "known", "why"):
        table.add_column(title)
    for due in planned.dues:
        known = tables.state(due.known.result) if due.known else _when(due)
        table.add_row(str(due.version), due.arch, due.patchset, known, due.why)
    context.out.print(table)
    for one in planned.unresolved:
        context.out.print(f"{one.series}: {one.error}", markup=False)
    return _unresolved(planned)


@command.command("run")
@click.option("-j", "--jobs", type=click.IntRange(min=1), help="Cores to use (default: all).")
@click.option("--memory", metavar="SIZE", help="Memory to use, as 6G (default: 80 %).")
@click.option("--disk", metavar="SIZE", help="What is to stay free on the cache's disk, as 5G.")
@click.option("--only", "only", multiple=True, metavar="PATTERN",
              help="Only these: a kernel, 6.12.y, an architecture, a patch set, a profile; with * "
              "and ?. May be given several times.")  # fmt: skip
@click.option("--again", is_flag=True, help="Verify what is known, too.")
@click.option("--patient", is_flag=True, help="Leave what settled nothing until its wait is over.")
@click.option("--fail-fast", is_flag=True, help="Begin nothing more once a kernel has failed.")
@click.option("--dry-run", is_flag=True, help="Say what would be run, in which order; run nothing.")
@click.option("--executor", default=LOCAL, show_default=True, metavar="WHERE",
              help="local, or dask://HOST:PORT: the workers of a dask scheduler.")  # fmt: skip
@options.as_json
@pass_context
def run(
    context: CommandContext,
    *,
    jobs: int | None,
    memory: str | None,
    disk: str | None,
    only: tuple[str, ...],
    again: bool,
    patient: bool,
    fail_fast: bool,
    dry_run: bool,
    executor: str,
    as_json: bool,
) -> int:
    """Verify every tracked kernel whose result is not known for the same inputs.

    What was red comes first, then what is new, the newest kernel before older ones. Downloads and
    unpacking go on beside builds; two kernels are built at once, as one alone does not keep all
    cores busy. Each result is recorded as it comes; interrupted, the same command goes on. What
    failed for the infrastructure's sake is tried once more at the end. What another process is
    verifying is left to it: the others come first, and then its result is taken from the ledger.

    SIGTERM lets the steps that run go to their ends and begins no other; a second one, as ^C, ends
    them at once. Where that left a kernel unverified the exit status is 130.

    \b
    Examples:
      zpmaint matrix run
      zpmaint matrix run --only 6.12.y --again
      zpmaint matrix run --dry-run
      zpmaint matrix run --jobs 8 --memory 12G --disk 10G
    """
    asked = RunOptions(
        jobs,
        size(memory) if memory else None,
        size(disk) if disk else None,
        again,
        patient,
        fail_fast,
        executor,
    )
    planned = plan_matrix(context.session)
    dues = by_worth(chosen(planned.dues, only))
    if dry_run:
        return _foreseen(context, dues, asked, planned, as_json=as_json)

    def show(_: Due, record: Record) -> None:
        context.err.print(f"{record.version} {record.arch}: {record.result}: {record.why}",
                       markup=False)  # fmt: skip

    try:
        with stopped_by_sigterm() as stop:
            ran = run_dues(
                context.session,
                dues,
                options=asked,
                on_record=show,
                on_change=view(context.reporter),
                stop=stop,
            )
    except NotRecordedError as error:
        unrecorded.show(context, error, as_json=as_json)
        raise
    places = {id(due): place for place, due in enumerate(planned.dues)}
    done = sorted(ran.done, key=lambda one: places[id(one.due)])  # newest first, as plans are shown
    records = [one.record for one in done if one.record]
    if as_json:
        context.json([one.as_json() for one in records])
    else:
        tables.records(context.out, records)
        fresh = sum(one.fresh for one in done)
        context.out.print(f"{fresh} verified now, {len(done) - fresh} known for the same inputs")
        if fresh and not asked.scheduler:
            cores = asked.jobs or os.cpu_count() or 1
            busy = 100 * ran.cpu / max(ran.seconds * cores, 0.001)
            context.out.print(f"{duration(ran.seconds)}, {busy:.0f} % of {cores} cores")
    for one in done:
        if one.error:
            context.err.print(f"{one.due.version}: {one.error}", markup=False)
    for due in ran.later:
        context.err.print(
            f"{due.name}: {_when(due)}: {due.why} (without --patient it is tried now)", markup=False
        )
    for due in ran.left:
        context.err.print(f"{due.name}: not reached", markup=False)
    for lost in planned.unresolved:
        context.err.print(f"{lost.series}: {lost.error}", markup=False)
    if versions := {one.record.version for one in done if one.fresh and one.record}:
        _regressed(context, versions)
    if ran.left and stop.haste:
        context.err.print("stopped by SIGTERM; what was recorded stays, the same command goes on "
                          "from there", markup=False, soft_wrap=True)  # fmt: skip
        return errors.EXIT_INTERRUPTED
    return ran.exit_status or _unresolved(planned)


_COSTS = 3
"""Figures that rose are told one by one up to so many: a first run over old and new kernels finds
what years have changed."""


def _regressed(context: CommandContext, versions: Collection[str]) -> None:
    """What the verifications of these kernels showed to be worse than before."""
    shown = shown_by(regressions(context.session), versions)
    costs = [one for one in shown if one.regression.kind is RegressionKind.COST]
    for found in shown if len(costs) <= _COSTS else [one for one in shown if one not in costs]:
        line = found.regression.line
        context.err.print(f"regression: {line.patchset} {line.name}: {found.words}", markup=False,
                          soft_wrap=True)  # fmt: skip
    if len(costs) > _COSTS:
        kernels = len({one.regression.first for one in costs})
        context.err.print(f"{len(costs)} figures on {kernels} kernels are higher than before: "
                          "`zpmaint regressions` lists them", markup=False)  # fmt: skip


def _foreseen(
    context: CommandContext, dues: list[Due], asked: RunOptions, planned: Plan, *, as_json: bool
) -> int:
    """What a run would do."""
    runs = [
        due for due in dues if asked.again or (due.is_open if asked.patient else due.known is None)
    ]
    seconds = forecast(context.session, runs, asked)
    if as_json:
        context.json({
            "schema": 1,
            "dues": [{"name": due.name, "why": due.why} for due in runs],
            "seconds": seconds,
        })  # fmt: skip
        return _unresolved(planned)
    for due in runs:
        context.out.print(f"{due.name}: {due.why}", markup=False, soft_wrap=True)
    about = f", about {duration(seconds)}" if seconds else ""
    context.out.print(f"{len(runs)} would be verified{about}, {len(dues) - len(runs)} would not")
    return _unresolved(planned)


@command.command("worker")
@click.argument("scheduler", metavar="dask://HOST:PORT")
@click.option("--kernels", type=click.IntRange(min=1), help="Kernels at once (default: as many as "
              "fill the cores).")  # fmt: skip
@pass_context
def worker(context: CommandContext, *, scheduler: str, kernels: int | None) -> int:
    """Verify for runs on other machines: those whose --executor names the same dask scheduler.

    The project comes with each task, and its record and logs go back; sources, trees, objects and
    ccache stay on this machine, where ZPMAINT_HOME says. Only runs of the same zpmaint with the
    same compiler, linker and QEMU are served: else results would not be the same.

    \b
    Example:
      dask scheduler --port 8786
      zpmaint matrix worker dask://head.example:8786
    """
    asked = RunOptions(executor=scheduler)
    if not asked.scheduler:
        raise errors.UserError(f"{scheduler}: no scheduler", "say dask://HOST:PORT")
    from zpmaint.app.far_worker import fitting, serve  # noqa: PLC0415  others know no dask

    count = kernels or fitting()
    context.err.print(f"{count} kernels at once for {scheduler}", markup=False)
    serve(asked.scheduler, count)
    return errors.EXIT_OK


@command.command("merge")
@click.argument("ledgers", nargs=-1, required=True, type=click.Path(path_type=Path, dir_okay=False))
@pass_context
def merge(context: CommandContext, *, ledgers: tuple[Path, ...]) -> int:
    """Take over the records of other LEDGERS, as jobs on other machines wrote them, and the whole
    logs and consoles that lie beside each (its folder logs/).

    \b
    Example:
      zpmaint matrix merge artifacts/*/ledger.sqlite
    """
    new = sum(context.session.ledger.merge(path) for path in ledgers)
    kept = 0
    for path in ledgers:
        taken, damaged = context.session.logs.take(LogStore.beside(path))
        kept += taken
        for log in damaged:
            context.err.print(f"{log}: damaged, and not taken", markup=False, soft_wrap=True)
    context.out.print(f"{new} new records and {kept} new logs from {len(ledgers)} ledgers")
    return errors.EXIT_OK


def _when(due: Due) -> str:
    if not due.not_before:
        return "due"
    return f"due {datetime.fromtimestamp(due.not_before).astimezone():%Y-%m-%d %H:%M}"


def _unresolved(planned: Plan) -> int:
    return max((one.error.exit_status for one in planned.unresolved), default=errors.EXIT_OK)
