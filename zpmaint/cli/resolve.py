# SPDX-License-Identifier: GPL-2.0-only
"""`zpmaint resolve`: lay out a conflict for a person, and record what the person made of it."""

from __future__ import annotations

from pathlib import Path

import click

from zpmaint.app.job import Job
from zpmaint.app.resolve import LaidOut, Recorded, WorkingFolder, abort, finish, lay_out
from zpmaint.app.resolve_git import learn, stage
from zpmaint.app.written import write_port
from zpmaint.cli import options, series_tables, tables, writable
from zpmaint.cli.context import CommandContext, pass_context
from zpmaint.core import errors
from zpmaint.core.errors import UserError
from zpmaint.port.history import ranges


@click.command(
    epilog="Of a series the first patch in conflict is laid out, on top of those before it; each "
    "is solved in its turn. Exit status 1 while a conflict is open, or where a check refuses the "
    "solution."
)
@options.porting
@click.option(
    "--worktree",
    is_flag=True,
    help="Make the folder merged/ a git work tree with the conflict staged: git mergetool, git "
    "diff and rerere work there.",
)
@click.option("--done", is_flag=True, help="Check the edited files and record the solution.")
@click.option(
    "--as-anchor",
    is_flag=True,
    help="With --done: record an anchor of the patch set, not a remembered resolution.",
)
@click.option(
    "--why", default="", metavar="TEXT", help="With --done: the reason, for those who read it."
)
@click.option(
    "--out",
    type=writable.FOLDER,
    help="With --done: folder for VERSION.patch.",
)
@click.option("--abort", "aborts", is_flag=True, help="Delete the folder, edits included.")
@options.as_json
@pass_context
def command(
    context: CommandContext,
    *,
    version: str,
    patch: str | None,
    sources: tuple[str, ...],
    worktree: bool,
    done: bool,
    as_anchor: bool,
    why: str,
    out: Path | None,
    aborts: bool,
    as_json: bool,
) -> int:
    """Lay out the conflict on VERSION, the smallest that is left, for a person to solve.

    The working folder holds the kernel's files with the patch, open only where no strategy
    placed a hunk, the three sides whole, the upstream commits that caused it, and a proposal
    where one suggests itself. Edit the files, then --done: they are checked as every port is, and
    the solution is remembered in the patch set (patches/NAME/resolutions/). A neighbouring kernel
    with the same conflict then ports by itself, and its hunk says by whose solution.

    \b
    Examples:
      zpmaint resolve 2.6.14 --source git:/srv/linux
      zpmaint resolve 2.6.14 --source git:/srv/linux --done --why "no ptl before 2.6.15"
      zpmaint resolve 2.6.14 --worktree
      zpmaint resolve 2.6.14 --abort
    """
    if worktree and (done or aborts):
        raise UserError("--worktree lays out", "leave --done and --abort out")
    if aborts and done:
        raise UserError("--abort and --done at once", "name one of them")
    if (as_anchor or why or out) and not done:
        raise UserError("--as-anchor, --why and --out go with --done", "add --done")
    work = WorkingFolder.of(Job.take(context.session, version, patch, sources))
    if aborts:
        abort(work)
        context.out.print(f"deleted: {work.folder}", markup=False, soft_wrap=True)
        return errors.EXIT_OK
    if done:
        learn(work)
        recorded = finish(work, as_anchor=as_anchor, why=why)
        goes_on = recorded.port.state.leads_on
        written = write_port(work.job.patchset, recorded.port, out) if out and goes_on else None
        if as_json:
            context.json(recorded.as_json())
        else:
            _recorded(context, work.job, recorded, written)
        return errors.EXIT_OK if goes_on else errors.EXIT_KERNEL
    laid = lay_out(work)
    if worktree:
        tree = stage(work)
        context.err.print(f"git work tree: {tree}", markup=False, soft_wrap=True)
    if as_json:
        context.json(laid.as_json())
    else:
        _laid_out(context, laid)
    return errors.EXIT_KERNEL


def _laid_out(context: CommandContext, laid: LaidOut) -> None:
    work = laid.work
    if laid.fresh:
        context.out.print(work.notes(), markup=False, soft_wrap=True)
    else:
        context.out.print("laid out before, and left as it is", markup=False)
    context.out.print(f"folder: {work.folder}", markup=False, soft_wrap=True)
    still = work.open_conflicts()
    for path in work.files():
        at = ", ".join(f"line {n}" for n in still.get(path, ()))
        context.out.print(
            f"  {path.relative_to(work.folder)}: {f'open at {at}' if at else 'no marker left'}",
            markup=False,
            soft_wrap=True,
        )
    step = "edit these files, then " if still else ""
    step += work.job.command("resolve", "--done")
    context.out.print(f"next: {step}", markup=False, soft_wrap=True)


def _recorded(context: CommandContext, job: Job, recorded: Recorded, written: Path | None) -> None:
    series_tables.port(context.out, recorded.port)
    for path in recorded.written:
        context.out.print(f"recorded: {path}", markup=False, soft_wrap=True)
    if not recorded.written:
        context.out.print("recorded before", markup=False)
    for run in ranges(recorded.follows):
        span = tables.span(run.first.version, run.last.version)
        context.out.print(
            f"follows by itself: {span} ({len(run.ports)}): {run.weakest.state}: {run.weakest.why}",
            markup=False,
            soft_wrap=True,
        )
    if written:
        context.out.print(f"written: {written}", markup=False, soft_wrap=True)
    if not recorded.port.state.leads_on:
        context.out.print(
            f"next: {job.command('resolve')}: the series stops at {recorded.port.stuck} now",
            markup=False,
            soft_wrap=True,
        )
