# SPDX-License-Identifier: GPL-2.0-only
"""three-way: diff3 with the base, inside the hunk's scope."""

from __future__ import annotations

from zpmaint.merge import conflict, diff3
from zpmaint.merge.lines import squeezed
from zpmaint.port.confidence import APART
from zpmaint.port.insertion_order import Order, in_turn, order
from zpmaint.port.placed import Placed
from zpmaint.port.placement import Attempt, Job, Miss, Placement, narrowed
from zpmaint.port.threeway_input import Sides, known_share, sides

_MIN_SHARE = 0.6
"""Without a base, this share of the pre-image must stand in the target's scope: less, and the
alignment rests on braces and blanks."""


def place(job: Job) -> Attempt:
    """Merge the scope; only the hunk's own changes may come out of it."""
    cut = sides(job)
    if isinstance(cut, Miss):
        return cut
    return merged(cut, Placed.THREE_WAY, 0.95, "upstream's changes and the patch's do not touch")


def merged(cut: Sides, placed: Placed, confidence: float, why: str) -> Attempt:
    """The placement that a clean merge of three sides gives."""
    where = cut.scope or "file level"
    if not cut.whole:
        share = known_share(cut.base, cut.theirs)
        if share < _MIN_SHARE:
            return Miss(
                f"without a base, only {share:.0%} of the hunk's lines stand in {where}", weight=1
            )
        confidence -= 0.1
        why += "; without the base file, from the hunk's own context"
    chunks = diff3.merge(cut.base, cut.ours, cut.theirs)
    if not diff3.is_clean(chunks):
        clashes = sum(c.kind == "conflict" for c in chunks)
        return Miss(
            f"the patch and upstream both changed the same lines of {where} ({clashes} place(s))",
            conflict.of_chunks(chunks, where),
            weight=2,
        )
    if any(c.kind == "both" for c in chunks):
        why += "; part of it is in the target already"
        confidence -= 0.1
    beside = [n for n in range(len(chunks)) if _across_a_blank(chunks, n)]
    if beside:
        why = "upstream, too, added lines there, an empty line apart: their order is a guess"
        confidence = min(confidence, APART)
    for n in reversed(beside):
        told = _in_order(chunks, n)
        if told not in _GUESSES:
            why = f"upstream, too, added lines there, an empty line apart; {told.value}"
    start, end, lines = narrowed(cut.theirs_at, cut.theirs, diff3.result(chunks))
    if start == end and not lines:
        why = f"nothing of the hunk is left to do in {where}: the target has it already"
        return Miss(why, weight=3)
    return Placement(start, end, lines, placed, confidence, why)


_GUESSES = frozenset({Order.UNKNOWN, Order.OPENS})
"""Orders that the lines do not settle; they stand as the alignment has them."""


def _across_a_blank(chunks: list[diff3.Chunk], n: int) -> int:
    """Where upstream's addition stands that the patch's has as its neighbour, with nothing but
    empty lines between: 1 below, -1 above, 0 nowhere. Which of the empty lines is which the
    alignment cannot know."""
    chunk = chunks[n]
    if chunk.kind != "ours" or chunk.base:
        return 0
    for step in (-1, 1):
        near, beyond = n + step, n + 2 * step
        if not (0 <= beyond < len(chunks) and chunks[near].kind == "same"):
            continue
        other = chunks[beyond]
        if other.kind == "theirs" and not other.base and not any(map(squeezed, chunks[near].base)):
            return step
    return 0


def _in_order(chunks: list[diff3.Chunk], n: int) -> Order:
    """Put the additions of both sides into the order that they show by themselves, if any."""
    step = _across_a_blank(chunks, n)
    if not step:
        return Order.UNKNOWN  # a neighbour of it has been dealt with
    low, high = sorted((n, n + 2 * step))
    mine, between, other = chunks[n], chunks[n + step], chunks[n + 2 * step]
    above = chunks[low - 1].merged if low else ()
    below = chunks[high + 1].merged if high + 1 < len(chunks) else ()
    told = order(mine.ours, other.theirs, above, below)
    if told in _GUESSES:
        return told
    ours, theirs = (
        [*one.merged, *between.base]
        if (one is mine) == (step > 0)
        else [*between.base, *one.merged]
        for one in (mine, other)
    )
    both = in_turn(theirs, ours) if told is Order.RUN_ABOVE else in_turn(ours, theirs)
    chunks[low : high + 1] = [
        diff3.Chunk("ours", between.base, tuple(both), tuple(theirs), chunks[low].theirs_at)
    ]
    return told
