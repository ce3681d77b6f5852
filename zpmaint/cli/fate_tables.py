# SPDX-License-Identifier: GPL-2.0-only
"""The fate of a queue as a table: what somebody has to look at first."""

from __future__ import annotations

from collections.abc import Iterator

from rich.console import Console
from rich.markup import escape
from rich.table import Table

from zpmaint.app.fate import PatchFate, QueueFate
from zpmaint.app.upstream_commits import Prerequisite
from zpmaint.cli import tables
from zpmaint.port.fate import Word, held_of

_NAMED = 3  # patches or commits that a cell names; the others are counted


def queue(out: Console, found: QueueFate, *, verbose: bool = False) -> None:
    """Each patch in the order of how much it asks for, and in that of the series; the sum."""
    table = Table(box=tables.BOX)
    for title in ("patch", "fate", "sure", "needs", "why"):
        table.add_column(title, justify="right" if title == "sure" else "left")
    for word in Word:
        for one in found.patches:
            if one.word is word:
                table.add_row(
                    escape(one.port.name),
                    tables.state(word),
                    f"{one.port.confidence:.2f}" if one.port.files else "",
                    escape(_listed(one.needs, verbose=verbose)),
                    escape("\n".join(_why(one, verbose=verbose))),
                )
    out.print(table)
    tables.said_of(out, found.result)
    counts = ", ".join(f"{count} {word}" for word, count in found.counts.items() if count)
    since = f" from {found.result.base}" if found.result.base else ""
    hands = sum(count for word, count in found.counts.items() if word.needs_hands)
    out.print(
        f"{found.result.series.name} on {found.result.version}{since}: {len(found.patches)} "
        f"patches, {hands} to look at: {counts}",
        markup=False,
    )
    for note, count in found.notes.items():
        out.print(f"what they stand on: of {count} patches {note}", markup=False)


def _why(one: PatchFate, *, verbose: bool) -> Iterator[str]:
    if verbose or one.word not in (Word.APPLIES, Word.UPSTREAM):
        held, hunks = held_of(one.port)
        also = f"; {held} of {hunks} hunks are upstream" if 0 < held < hunks else ""
        yield one.port.why + ("" if "hunks are in the target" in one.port.why else also)
    for commit in one.ancestry.commits[:_NAMED]:
        yield f"is {commit.short} {commit.subject}"
    if one.holds_up:
        yield f"holds up: {_listed(one.holds_up, verbose=verbose)}"
    hidden = [known for known in one.ancestry.prerequisites if not known.patch]
    for known in hidden if verbose else hidden[:_NAMED]:
        yield _stands_on(known)
    if len(hidden) > _NAMED and not verbose:
        yield f"and on {len(hidden) - _NAMED} more commits"
    if verbose:
        for said in one.port.off_base:
            yield f"not on its own base: {said}"


def _stands_on(known: Prerequisite) -> str:
    return f"stands on {known.commit.short} {known.commit.subject}: {known.lines[0]}"


def _listed(names: tuple[str, ...], *, verbose: bool) -> str:
    shown = names if verbose else names[:_NAMED]
    more = len(names) - len(shown)
    return ", ".join(shown) + (f" and {more} more" if more else "")
