# SPDX-License-Identifier: GPL-2.0-only
"""`zpmaint track`: what is new upstream."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click
from rich.table import Table

from zpmaint.app.look import Freshness
from zpmaint.app.matrix import Tracked, track
from zpmaint.cli import options, tables
from zpmaint.cli.context import CommandContext, pass_context
from zpmaint.core import errors
from zpmaint.core.shown import one_line
from zpmaint.matrix.track import Novelty

if TYPE_CHECKING:
    from zpmaint.app.branch_news import BranchNews

_NEWS = 1
"""The exit status that says so, as `git diff --exit-code` has it."""
_NAMED = 5
"""So many names that were left out are told."""
_STYLES = {Novelty.NEW: "bold yellow", Novelty.VERIFIED: "green", Novelty.UNTRACKED: "dim"}


@click.command()
@options.source
@click.option("--all", "everything", is_flag=True, help="Untracked series too.")
@click.option("--exit-code", "by_status", is_flag=True, help="Tell news by the exit status.")
@click.option(
    "--branches", is_flag=True, help="Only the branches that patch sets were made from; no network."
)
@click.option("--next-within", "next_within", metavar="TIME", callback=options.duration,
              help="This is asked again within that time, as 1h or 1d: pages say by when somebody "
              "looks again, and that nobody did.")  # fmt: skip
@options.as_json
@pass_context
def command(
    context: CommandContext,
    *,
    sources: tuple[str, ...],
    everything: bool,
    by_status: bool,
    branches: bool,
    next_within: float | None,
    as_json: bool,
) -> int:
    """List the kernels that kernel.org, Debian's indexes and git tags have to offer.

    new: tracked and not verified yet; verified: tracked and known; untracked: no line of
    kernels.toml covers it (shown with --all, always in --json).

    A source that does not answer is named, and what it said before is used. With --exit-code the
    status is 1 where a tracked kernel is new, 3 where none is and a source gave no answer of now,
    0 where none is and all did. In --json every row has `given`, when the lists that name it were
    given, and `stale`, the sources without an answer of now (empty where all answered).

    Below the kernels stand the branches that patch sets were made from, where they have new
    commits or were rewritten; with --branches these alone, all of them.

    \b
    Examples:
      zpmaint track --json | jq -r '.[] | select(.novelty == "new") | .version'
      zpmaint track --exit-code >/dev/null; [ $? -ne 1 ] || zpmaint matrix run
      zpmaint track --next-within 1d        (from cron, each night)
    """
    if branches:
        news = _branches(context)
        if as_json:
            context.json([one.as_json() for one in news])
        else:
            _show_branches(context, news)
        return errors.EXIT_OK
    tracked = track(context.session, sources, within=next_within)
    if as_json:
        context.json(tracked.as_json())
    else:
        _show(context, tracked, everything=everything)
    if not by_status:
        return errors.EXIT_OK
    if tracked.has_news:
        return _NEWS
    return errors.EXIT_OK if tracked.is_fresh else errors.EXIT_INFRA


def _show(context: CommandContext, tracked: Tracked, *, everything: bool) -> None:
    table = Table(box=tables.BOX)
    for title in ("kernel", "line", "standing", "before", "listed by", ""):
        table.add_column(title)
    hidden = 0
    for row in tracked.news:
        if row.novelty is Novelty.UNTRACKED and not everything:
            hidden += 1
            continue
        moniker = row.moniker + (" (end of life)" if row.eol else "")
        table.add_row(str(row.version), row.series, str(row.novelty), str(row.before or ""),
                      ", ".join(row.sources), moniker, style=_STYLES[row.novelty])  # fmt: skip
    context.out.print(table)
    if hidden:
        context.out.print(f"{hidden} untracked series not shown (--all)")
    for missing in tracked.missing:
        context.out.print(f"{missing.what}: {missing.error}", markup=False, soft_wrap=True)
    for one in tracked.looked:
        if one.freshness is Freshness.STALE:
            when = f"of {tables.when(one.given)}" if one.given else "of before"
            context.out.print(
                f"{one.source}: its answer is {when}: {one.why}", markup=False, soft_wrap=True
            )
        elif one.freshness is Freshness.FAILED:
            context.out.print(f"{one.source}: no answer: {one.why}", markup=False, soft_wrap=True)
        if one.left_out:
            more = f" and {len(one.left_out) - _NAMED} more" if len(one.left_out) > _NAMED else ""
            names = ", ".join(one_line(name, 60) for name in one.left_out[:_NAMED])
            context.out.print(
                f"{one.source}: left out, as no kernel is named so: {names}{more}",
                markup=False,
                soft_wrap=True,
            )
    _show_branches(context, [one for one in _branches(context) if one.has_changed])


def _branches(context: CommandContext) -> list[BranchNews]:
    from zpmaint.app.branch_news import branch_news  # noqa: PLC0415  (it loads git's library)

    return branch_news(context.session)


def _show_branches(context: CommandContext, news: list[BranchNews]) -> None:
    for one in news:
        context.out.print(str(one), markup=False, soft_wrap=True)
