# SPDX-License-Identifier: GPL-2.0-only
"""settled: where both sides changed the same lines, a rule tells what becomes of them.

The scope is merged as three-way does it. Each place where that stops is held against the rules,
and all of them have to be settled.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

from zpmaint.merge import closed_gap, covered, diff3, wordwise
from zpmaint.merge.tokens import similarity, tokens
from zpmaint.port import confidence
from zpmaint.port.placed import Placed
from zpmaint.port.placement import Attempt, Job, Miss, Placement, narrowed
from zpmaint.port.threeway_input import sides

_EDITED = 0.6
"""The same of one line."""
_ALIKE = 0.5
"""The share of words that the target's lines have in common with the base's, at least, for them to
be the same lines edited."""


@dataclass(frozen=True)
class _Settled:
    """What becomes of a place that both sides changed."""

    lines: Sequence[str]
    sure: float
    why: str
    back: int = 0
    """How many of the lines ahead of it are among them."""


def place(job: Job) -> Attempt:
    """Merge the scope, and settle what the merge leaves open."""
    cut = sides(job)
    if isinstance(cut, Miss):
        return cut
    if not cut.whole:
        return Miss("without a base nothing tells what both sides changed")
    notes: Counter[str] = Counter()
    sure = 1.0
    merged: list[str] = []
    chunks = diff3.slid(cut.base, cut.ours, cut.theirs)
    for n, chunk in enumerate(chunks):
        if chunk.kind == "both":
            return Miss("part of it is in the target already", weight=1)
        if chunk.kind != "conflict":
            merged += chunk.merged
            continue
        below = next((later.theirs for later in chunks[n + 1 :] if later.theirs), ())
        settled = _in_gap(chunk, merged, below) or _by_words(chunk)
        if settled is None:
            return Miss("no rule settles what both sides changed", weight=1)
        merged[len(merged) - settled.back :] = settled.lines
        sure = min(sure, settled.sure)
        notes[settled.why] += 1
    if not notes:
        if diff3.is_clean(diff3.merge(cut.base, cut.ours, cut.theirs)):
            return Miss("both sides changed nothing in common")
        sure = confidence.SLID
        notes["what upstream changed beside it reads the same a line further"] += 1
    start, end, lines = narrowed(cut.theirs_at, cut.theirs, merged)
    if start == end and not lines:
        return Miss("nothing of the hunk is left to do: the target has it already", weight=3)
    why = "; ".join(f"{note} ({count})" for note, count in notes.items())
    return Placement(start, end, lines, Placed.SETTLED, sure, why)


def _in_gap(chunk: diff3.Chunk, above: list[str], below: Sequence[str]) -> _Settled | None:
    """The patch adds lines, and the target has nothing of what stood around them."""
    edited = _edited_below(chunk)
    stays = len(chunk.base) - edited
    ours, rest = chunk.ours[: len(chunk.ours) - edited], chunk.theirs[len(chunk.theirs) - edited :]
    gap = closed_gap.Gap.of(chunk.base[:stays], ours, chunk.theirs[: len(chunk.theirs) - edited])
    found = None if gap is None else closed_gap.filled(gap, above, [*rest, *below])
    if found is None:
        return None
    back, lines = found
    why = "all around an addition is gone, and one place is left for it"
    lines = [*lines, *above[len(above) - back :], *rest]
    return _Settled(lines, confidence.CLOSED_GAP, why, back)


def _edited_below(chunk: diff3.Chunk) -> int:
    """How many lines at the end of a place the patch leaves alone, which upstream edited."""
    n = 0
    for base, ours, theirs in zip(
        *map(reversed, (chunk.base, chunk.ours, chunk.theirs)), strict=False
    ):
        if base != ours or similarity(tokens(base), tokens(theirs)) < _EDITED:
            break
        n += 1
    return n


def _by_words(chunk: diff3.Chunk) -> _Settled | None:
    """Both sides edited the same lines, and not the same words; or the patch takes away what
    upstream only spelled otherwise."""
    if not chunk.theirs or not _alike(chunk.base, chunk.theirs):
        return None
    sides = (chunk.base, chunk.ours, chunk.theirs)
    if (words := wordwise.merge(*sides)) is not None:
        why = "both sides edited these lines, in different words"
        return _Settled(words, confidence.WORDS, why)
    if (lines := covered.merge(*sides)) is not None:
        why = "the patch takes away what upstream spells otherwise"
        return _Settled(lines, confidence.COVERED, why)
    return None


def _alike(base: Sequence[str], theirs: Sequence[str]) -> bool:
    return similarity(tokens("".join(base)), tokens("".join(theirs))) >= _ALIKE
