# SPDX-License-Identifier: GPL-2.0-only
"""`zpmaint history`: what became of the patch, kernel by kernel, and why."""

from __future__ import annotations

import click
from rich.markup import escape
from rich.table import Table

from zpmaint.app.history import Chapter, history
from zpmaint.cli import options, tables
from zpmaint.cli.context import CommandContext, pass_context
from zpmaint.core.versions import KernelVersion
from zpmaint.port.history import way
from zpmaint.port.values import State

_SHOWN = 3  # commits of one cause in the table; --json has all


@click.command(
    epilog="Without --source: all tags of the project's git sources, and the kernels that "
    "kernels.toml tracks. A commit is named where one git repository has the kernels on both sides "
    "of a change; elsewhere the cause is what patch.toml declares."
)
@options.surveying
@pass_context
def command(
    context: CommandContext,
    *,
    patch: str | None,
    sources: tuple[str, ...],
    since: KernelVersion | None,
    until: KernelVersion | None,
    as_json: bool,
) -> None:
    """Tell which kernels take the patch in which way, and what caused each change.

    One row per range of kernels: state, anchor, the strategy that carried it, the weakest
    confidence; the cause is the upstream commit at which the port changes, and what the patch
    set says of it.

    \b
    Example:
      zpmaint history --source git:/srv/linux --since 2.6.12 --until 2.6.36-rc3
    """
    session = context.session
    found = history(
        session,
        session.patchset(patch),
        sources,
        since=since,
        until=until,
    )
    if as_json:
        context.json(
            {
                "ranges": [chapter.as_json() for chapter in found.chapters],
                "absent": [{"kernel": k, "why": why} for k, why in found.absent.items()],
            }
        )
        return
    table = Table(box=tables.BOX, leading=1)
    for title in ("kernels", "count", "state", "anchor", "by", "sure"):
        right = title in ("count", "sure")
        table.add_column(title, justify="right" if right else "left", no_wrap=title != "by")
    table.add_column("cause", ratio=1)
    for chapter in found.chapters:
        run = chapter.range
        table.add_row(
            tables.span(run.first.version, run.last.version),
            str(len(run.ports)),
            tables.state(run.first.state),
            escape(run.first.anchor),
            escape(way(run.first)),
            f"{run.weakest.confidence:.2f}",
            escape("\n".join(_cause(chapter))),
        )
    context.out.print(table)
    for kernel, why in found.absent.items():
        context.out.print(f"left out: {kernel}: {why}", markup=False)


def _cause(chapter: Chapter) -> list[str]:
    cause = chapter.cause
    lines = [f"{c.short} ({c.date}) {c.subject}" for c in cause.commits[:_SHOWN]]
    if len(cause.commits) > _SHOWN:
        lines.append(f"and {len(cause.commits) - _SHOWN} more (--json)")
    lines += [cause.note] if cause.note else []
    lines += [f"declared: {text}" for text in cause.declared]
    if chapter.range.first.state is State.CONFLICT:
        lines.append(f"conflict: {chapter.range.weakest.why}")
    return lines
