# SPDX-License-Identifier: GPL-2.0-only
"""pieces: a hunk of several runs of changes, each placed by itself.

One hunk may reach over the end of a function into the next, or hold changes that upstream has
moved apart. Every piece climbs the ladder with its own lines as context; they must keep their
order and not touch.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace

from zpmaint.merge.splice import in_order, spliced
from zpmaint.port.hunks import Change
from zpmaint.port.needless import needless
from zpmaint.port.placed import Placed
from zpmaint.port.placement import Attempt, Job, Miss, Placement
from zpmaint.port.upstream import there_by_count

_CONTEXT = 3
_APART = 0.05
"""What each piece costs in confidence, upstream having come between them: 11 of 23 such hunks of
Debian's queues went where their maintainers put them."""
_LEAST = 0.5
"""Less sure than this, and the hunk is in too many pieces to be the hunk that its author wrote."""


def split(change: Change) -> list[Change]:
    """The hunk as one hunk for each of its runs, with the base's lines around as context."""
    runs: list[tuple[int, int]] = []
    for n, (kind, _) in enumerate(change.lines):
        if kind == " ":
            continue
        if runs and runs[-1][1] == n:
            runs[-1] = (runs[-1][0], n + 1)
        else:
            runs.append((n, n + 1))
    if len(runs) < 2:
        return []
    pieces = []
    for first, last in runs:
        before = [(" ", text) for kind, text in change.lines[:first] if kind != "+"]
        after = [(" ", text) for kind, text in change.lines[last:] if kind != "+"]
        head, tail = before[-_CONTEXT:], after[:_CONTEXT]
        start = change.start + len(before) - len(head)
        lines = (*head, *change.lines[first:last], *tail)
        pieces.append(replace(change, start=start, lines=lines))
    return pieces


def place(job: Job, ladder: Sequence[Callable[[Job], Attempt]]) -> Attempt:
    """Place every piece by the given ladder; all or nothing."""
    pieces = split(job.change)
    if not pieces:
        return Miss("it is one piece")
    found: list[Placement] = []
    had: list[str] = []
    left_out: list[str] = []
    for piece in pieces:
        part = replace(job, change=piece)
        if job.terms.yields and (held := there_by_count(part)):
            had.append(held)
            continue
        attempt = _climbed(part, ladder)
        if isinstance(attempt, Miss):
            left = needless(part)
            if left is None or left.leaves:
                return attempt
            left_out.append(left.why)
            continue
        found.append(attempt)
    if left_out and not found:
        return Miss("; ".join(dict.fromkeys(left_out)), weight=2)
    if not found:
        return Miss("; ".join(dict.fromkeys(had)), weight=5, done=Placed.UPSTREAM)
    if not in_order((one.start, one.end) for one in found):
        return Miss("its pieces would land on the same lines or in another order", weight=2)
    first, at = found[0].start, found[-1].end
    edits = ((one.start - first, one.end - first, one.lines) for one in found)
    lines = spliced(job.target.lines[first:at], edits)
    ways = ", ".join(sorted({one.placed for one in found}))
    told = "; ".join(dict.fromkeys(one.why for one in found if not one.placed.is_literal))
    why = f"in {len(found)} pieces ({ways})" + (f": {told}" if told else "")
    if had:
        why += f"; {len(had)} more dropped: upstream has them"
    if left_out:
        why += f"; {len(left_out)} left out: {'; '.join(dict.fromkeys(left_out))}"
    confidence = min(one.confidence for one in found) - _APART * (
        len(found) + len(had) + len(left_out)
    )
    if confidence < _LEAST:
        return Miss(f"{why}: too many to be sure of", weight=2)
    return Placement(first, at, tuple(lines), Placed.PIECES, confidence, why)


def _climbed(job: Job, ladder: Sequence[Callable[[Job], Attempt]]) -> Attempt:
    nearest = Miss("no strategy took it", weight=-1)
    for place_one in ladder:
        attempt = place_one(job)
        if isinstance(attempt, Placement):
            return attempt
        if attempt.weight > nearest.weight:
            nearest = attempt
    return nearest
