# SPDX-License-Identifier: GPL-2.0-only
"""`zpmaint bisect`: which release, and which commit, turned it."""

from __future__ import annotations

from dataclasses import replace

import click

from zpmaint.app.job import Job
from zpmaint.app.looks import Looks
from zpmaint.app.narrow import Narrowed, Step, narrow
from zpmaint.app.narrow_commits import CommitStep
from zpmaint.app.regressions import Found, regressions
from zpmaint.build.options import BuildOptions
from zpmaint.cli import options
from zpmaint.cli.context import CommandContext, pass_context
from zpmaint.cli.kernel_asked import one_kernel
from zpmaint.core import errors
from zpmaint.core.errors import UserError
from zpmaint.core.versions import KernelVersion
from zpmaint.matrix.criterion import Criterion, Depth
from zpmaint.vm.profiles import Accelerator

_SHOWN = 10
_DEPTHS = {
    Depth.PORT: "the port alone: nothing is built",
    Depth.BUILD: "port and build",
    Depth.BOOT: "port, build, boot and verdict",
}


@click.command()
@click.argument("good", required=False)
@click.argument("bad", required=False)
@click.option(
    "--run",
    "run",
    metavar="CRITERION",
    help="What makes a kernel bad: result, port, build, case:NAME, or "
    "figure:COUNTER:PHASE[:stock|patched], which is bad beyond the middle between the two. "
    "Default: result, by the port or the build alone where the bad one fails there.",
)
@click.option(
    "--skip", "skips", multiple=True, metavar="VERSION", help="Leave this kernel out; repeatable."
)
@click.option(
    "--commits",
    "by_commit",
    is_flag=True,
    help="Go on among the commits between the two releases, each built or booted. A port is "
    "narrowed to its commit anyhow, with nothing built.",
)
@options.booting
@pass_context
def command(
    context: CommandContext,
    *,
    good: str | None,
    bad: str | None,
    run: str | None,
    skips: tuple[str, ...],
    by_commit: bool,
    build: BuildOptions,
    patch: str | None,
    sources: tuple[str, ...],
    accelerator: Accelerator,
    as_json: bool,
) -> int:
    """Find the release after GOOD with which BAD begins; where a git history is at hand, the
    commit.

    Over the point releases of a series, else over mainline. Each kernel is taken no further than
    the criterion asks. Answers are remembered: interrupted, the same command goes on. What cannot
    be judged is gone round. Without GOOD and BAD the newest regression is narrowed (`zpmaint
    regressions`). With a BAD that is older than GOOD it is the fix that is found.

    The exit status is 0 where it is found, 3 where kernels that could not be judged lie between.

    \b
    Examples:
      zpmaint bisect
      zpmaint bisect 6.12.90 6.12.107
      zpmaint bisect 6.12.90 6.12.107 --run case:read.faults --skip 6.12.99
      zpmaint bisect 2.6.20 2.6.24 --run port --source git:/srv/linux
    """
    if (good is None) != (bad is None):
        raise UserError("one kernel alone", "name a good one and a bad one, or none")
    if good is None or bad is None:
        found = _newest(regressions(context.session), patch)
        told = found.regression
        context.err.print(f"{told.line.name}: {found.words}", markup=False, soft_wrap=True)
        good, bad, patch = told.last_good, told.first, told.line.patchset
        build = replace(build, arch=told.line.arch, profile=told.line.profile or None)
        run = run or found.criterion
    criterion = Criterion.parse(run or "result")
    job = Job.take(context.session, str(one_kernel(good)), patch, sources)
    if not sources:
        names = (*context.session.names_for(good), *context.session.names_for(bad))
        job = replace(job, chain=context.session.chain(names=tuple(dict.fromkeys(names))))
    if criterion.depth is Depth.BOOT:
        context.session.ledger.ready()
    looks = Looks(job, criterion, build, accelerator)

    def show(step: Step) -> None:
        how = "known" if step.remembered else f"{step.seconds:.1f} s"
        context.err.print(
            f"{step.version}: {step.answer} ({how}): {step.words}", markup=False, soft_wrap=True
        )

    def show_commit(step: CommitStep) -> None:
        how = "known" if step.remembered else f"{step.seconds:.1f} s"
        name = f"{step.commit.short} {step.commit.subject}"
        context.err.print(f"{name}: {step.answer} ({how}): {step.words}",
                          markup=False, soft_wrap=True)  # fmt: skip

    skip = [KernelVersion.parse(text) for text in skips]
    done = narrow(
        job,
        one_kernel(bad),
        looks,
        skip=skip,
        by_commit=by_commit,
        on_step=show,
        on_commit=show_commit,
    )
    if as_json:
        context.json(done.as_json())
    else:
        _tell(context, done)
    return errors.EXIT_OK if done.is_exact else errors.EXIT_INFRA


def _newest(found: list[Found], patch: str | None) -> Found:
    for one in found:
        if one.next_step and patch in (None, one.regression.line.patchset):
            return one
    raise UserError("no regression is known that a kernel turned", "name a good and a bad kernel")


def _tell(context: CommandContext, done: Narrowed) -> None:
    out = context.out
    if done.is_exact and done.is_fix:
        said = f"{done.last_good} is the first that is good again; {done.first_bad} is still bad"
    elif done.is_exact:
        said = f"{done.first_bad} is the first bad one; {done.last_good} is good"
    else:
        among = ", ".join(str(one) for one in (*done.skipped, done.first_bad))
        said = f"one of these turned it, and not all could be judged: {among}"
    lines = [said]
    fresh = sum(not step.remembered for step in done.steps)
    lines.append(
        f"{fresh} of {len(done.row)} kernels looked at, {len(done.steps) - fresh} known or left "
        f"out, by {_DEPTHS[done.depth]} (--run {done.criterion})"
    )
    if done.against:
        before = ", ".join(str(one) for one in done.against)
        lines.append(f"it is no single turn: {before} are bad, too, and {done.last_good} is good")
    if not done.is_line:
        lines.append(f"{done.row[0]} and {done.row[-1]} are of two series: the row is mainline's")
    for line in lines:
        out.print(line, markup=False, soft_wrap=True)
    for commit in done.commits:
        out.print(f"turned by {commit.short} {commit.subject}", markup=False, soft_wrap=True)
    for commit in done.candidates[:_SHOWN]:
        out.print(f"may be {commit.short} {commit.subject}", markup=False, soft_wrap=True)
    if len(done.candidates) > _SHOWN:
        out.print(f"or one of {len(done.candidates) - _SHOWN} more commits (--json)")
    if done.note:
        out.print(done.note, markup=False, soft_wrap=True)
