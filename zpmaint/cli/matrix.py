# SPDX-License-Identifier: GPL-2.0-only
"""`zpmaint matrix`: every tracked kernel."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path

import click
from rich.table import Table

from zpmaint.app.matrix import plan_matrix, run_dues
from zpmaint.cli import matrix_ci, options, tables, unrecorded
from zpmaint.cli.context import CommandContext, pass_context
from zpmaint.core import errors
from zpmaint.ledger.logs import LogStore
from zpmaint.ledger.unrecorded import NotRecordedError
from zpmaint.ledger.values import Record
from zpmaint.matrix.options import RunOptions
from zpmaint.matrix.plan import Due, Plan


@click.group("matrix")
def command() -> None:
    """Verify the kernels that kernels.toml tracks.

    \b
    Examples:
      zpmaint matrix plan
      zpmaint matrix run && zpmaint publish --out site/
    """


command.add_command(matrix_ci.command)


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
@options.jobs
@options.as_json
@pass_context
def run(context: CommandContext, *, jobs: int | None, as_json: bool) -> int:
    """Verify every tracked kernel whose result is not known for the same inputs.

    Each result is recorded as it comes; interrupted, the same command goes on. What failed for
    the infrastructure's sake is tried once more at the end. What another process is verifying is
    left to it: the others come first, and then its result is taken from the ledger.

    \b
    Example:
      zpmaint matrix run
    """
    planned = plan_matrix(context.session)

    def show(_: Due, record: Record) -> None:
        context.err.print(f"{record.version} {record.arch}: {record.result}: {record.why}",
                       markup=False)  # fmt: skip

    try:
        ran = run_dues(context.session, planned.dues, options=RunOptions(jobs=jobs), on_record=show)
    except NotRecordedError as error:
        unrecorded.show(context, error, as_json=as_json)
        raise
    records = [one.record for one in ran.done if one.record]
    if as_json:
        context.json([one.as_json() for one in records])
    else:
        tables.records(context.out, records)
        fresh = sum(one.fresh for one in ran.done)
        context.out.print(
            f"{fresh} verified now, {len(ran.done) - fresh} known for the same inputs"
        )
    for one in ran.done:
        if one.error:
            context.err.print(f"{one.due.version}: {one.error}", markup=False)
    for lost in planned.unresolved:
        context.err.print(f"{lost.series}: {lost.error}", markup=False)
    return ran.exit_status or _unresolved(planned)


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
