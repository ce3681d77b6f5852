# SPDX-License-Identifier: GPL-2.0-only
"""`zpmaint explain`: how the port to one kernel came about, hunk by hunk."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import click
from rich.text import Text

from zpmaint.app.explain import Explanation, HunkStory, explain
from zpmaint.app.hunk_history import Turn
from zpmaint.app.job import Job
from zpmaint.cli import options, tables
from zpmaint.cli.context import CommandContext, pass_context
from zpmaint.core import errors
from zpmaint.port.interdiff import Interdiff
from zpmaint.port.values import FilePort

_SHOWN = 6  # turns of one hunk; --json has all


@click.command(
    epilog="Commits are named where one git repository has both the kernel that the anchor was "
    "cut against and VERSION: name it with --source git:PATH. Exit status 1 on a conflict."
)
@options.porting
@options.anchor
@options.as_json
@pass_context
def command(
    context: CommandContext,
    *,
    version: str,
    patch: str | None,
    sources: tuple[str, ...],
    anchor: str | None,
    as_json: bool,
) -> int:
    """Tell how the port to VERSION came about.

    For each hunk: the strategy that placed it, its evidence and confidence, and the upstream
    commits that broke or moved it, the first one first. Then the interdiff: what changed between
    the anchor and the port, two marks a line, the first for the side, the second the patch's own.

    \b
    Examples:
      zpmaint explain 2.6.23 --source git:/srv/linux
      zpmaint explain 2.6.33 --source git:/srv/linux --anchor v2.6.20.4
      zpmaint explain 6.12.y --json
    """
    job = Job.take(context.session, version, patch, sources)
    explained = explain(job.session, job.patchset, job.version, job.chain, anchor=anchor)
    if as_json:
        context.json(explained.as_json())
    else:
        _show(context, explained)
    return errors.EXIT_OK if explained.port.state.leads_on else errors.EXIT_KERNEL


def _show(context: CommandContext, explained: Explanation) -> None:
    result = explained.port
    heading = Text(f"{result.patchset} on {result.version}: ")
    heading.append_text(tables.state(result.state))
    heading.append(f" (from {result.anchor}, cut against {explained.base}): {result.why}")
    context.out.print(heading, soft_wrap=True)
    source = f"source: {tables.vouched(explained.provenance)}"
    context.out.print(source, markup=False, soft_wrap=True)
    if not result.members:
        _patch(context, explained, result.anchor, "", result.files)
    for member in result.members:
        head = Text(f"\n{member.name}: ", style="bold")
        head.append_text(tables.state(member.fate))
        head.append(f": {member.why}", style="")
        context.out.print(head, soft_wrap=True)
        _patch(context, explained, f"{result.anchor}/{member.name}", member.name, member.files)


def _patch(
    context: CommandContext,
    explained: Explanation,
    start: str,
    name: str,
    files: Sequence[FilePort],
) -> None:
    """One patch: its hunks, its conflict, what changed of it."""
    for story in explained.hunks:
        if story.patch == name:
            for line in _story(story):
                context.out.print(line, soft_wrap=True)
    for file in files:
        if file.conflict:
            context.out.print(f"\n{file.path}, the conflict:\n{file.conflict}", markup=False)
    change = explained.interdiffs.get(name)
    if change is not None:
        context.out.print()
        for line in _interdiff(start, change):
            context.out.print(line, soft_wrap=True)


def _story(story: HunkStory) -> Iterator[Text]:
    head = Text(f"\n{story.path} {story.header} in {story.scope or 'the file'}: ")
    head.append_text(tables.state(story.placed))
    if story.confidence is not None:
        head.append(f", confidence {story.confidence:.2f}")
    yield head
    yield Text(f"  evidence: {story.why}")
    for turn in story.turns[:_SHOWN]:
        yield from _turn(turn)
    if len(story.turns) > _SHOWN:
        yield Text(f"  and {len(story.turns) - _SHOWN} more commits (--json)")
    if story.note:
        yield Text(f"  history: {story.note}")


def _turn(turn: Turn) -> Iterator[Text]:
    commit = turn.commit
    since = f"in {turn.first.tag}" if turn.first else "in no tag"
    yield Text.assemble(
        "  ",
        (commit.short, "yellow"),
        f" ({since}, {commit.date}, {commit.author}) {commit.subject}",
    )
    yield Text(f"    {turn.did}")


def _interdiff(anchor: str, change: Interdiff) -> Iterator[Text]:
    if not change:
        yield Text(f"the port is the anchor {anchor} itself: no line of the patch differs")
        return
    own, context = change.differing
    yield Text(
        f"from the anchor {anchor} to the port: {own} lines of the change and {context} of its "
        "context differ"
    )
    for line in change.text().splitlines():
        style = {"-": "red", "+": "green"}.get(line[:1], "")
        yield Text(line, style=style)
