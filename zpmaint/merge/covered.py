# SPDX-License-Identifier: GPL-2.0-only
"""The patch takes away what the other side only spells otherwise.

Two kernels write one condition in different words, and the patch does away with it, or puts
another in its stead. What the other side changed is all inside of what goes: nothing of it is left
to be merged, and what the patch brings is the same for both. Where both sides put something of
their own into the stead of the same words, or the other side changed a value or added a statement,
that is no spelling, and a conflict.
"""

from __future__ import annotations

from collections.abc import Sequence

from zpmaint.merge.align import align
from zpmaint.merge.lines import split_lines
from zpmaint.merge.tokens import KEYWORDS, similarity
from zpmaint.merge.wordwise import (
    ENDS,
    MOST,
    Edit,
    Three,
    Words,
    edits_of,
    is_split,
    new_words,
    place,
)

_SENSE = ENDS | KEYWORDS
"""Words of which one more or less makes another statement, and no spelling."""
_SPELLED = 0.5
"""The share of a statement's words that are left where it is only spelled otherwise."""


def merge(
    base: Sequence[str], ours: Sequence[str], theirs: Sequence[str]
) -> tuple[str, ...] | None:
    """The merge, with the other side's edits that the patch's cover left out; None where one of
    them reaches further, or where none is covered."""
    old, mine, yours = map(Words.of, (base, ours, theirs))
    if max(len(side.words) for side in (old, mine, yours)) > MOST:
        return None
    if not _is_spelling(old, yours):
        return None
    my_pairs, your_pairs = align(old.words, mine.words), align(old.words, yours.words)
    my_edits = edits_of(old, mine, my_pairs)
    kept = []
    for edit in edits_of(old, yours, your_pairs):
        if _SENSE & {*old.words[edit.start : edit.end], *new_words(edit, yours)}:
            return None
        touched = [one for one in my_edits if one.touches(edit)]
        if any(_same((one, mine), (edit, yours)) for one in touched):
            continue
        if not touched:
            if is_split(old, edit, mine, dict(my_pairs)):
                return None
            kept.append(edit)
        elif not all(_covers(one, edit) for one in touched) or _is_value(edit, old, yours):
            return None
    steps = sorted([*((e, mine) for e in my_edits), *((e, yours) for e in kept)], key=place)
    three = Three(old, (mine, dict(my_pairs)), (yours, dict(your_pairs)))
    return tuple(split_lines(three.laid_out(steps)))


def _is_spelling(old: Words, side: Words) -> bool:
    """Whether a side has the base's statements, each in most of its words."""
    ours, theirs = _statements(old), _statements(side)
    return len(ours) == len(theirs) and all(
        one == other or similarity(one, other) >= _SPELLED
        for one, other in zip(ours, theirs, strict=True)
    )


def _statements(side: Words) -> list[list[str]]:
    """The words that say something, statement by statement."""
    found: list[list[str]] = [[]]
    for word in side.words:
        if word in ENDS:
            found.append([])
        elif word[0].isalnum() or word[0] in '_"':
            found[-1].append(word)
    return found


def _covers(mine: Edit, theirs: Edit) -> bool:
    """Whether an edit takes away all words that another changes, and more than those."""
    inside = mine.start <= theirs.start and theirs.end <= mine.end
    # What is added at the very edge stands beside what goes, not inside of it.
    at_edge = theirs.start == theirs.end and theirs.start in (mine.start, mine.end)
    return inside and not at_edge and mine.end - mine.start > theirs.end - theirs.start


def _is_value(edit: Edit, old: Words, side: Words) -> bool:
    """Whether an edit puts another number in: that is no spelling, and was meant."""
    words = {*old.words[edit.start : edit.end], *new_words(edit, side)}
    return any(word[0].isdigit() for word in words)


def _same(one: tuple[Edit, Words], other: tuple[Edit, Words]) -> bool:
    """Whether both sides made the same of the same words."""
    return place(one) == place(other) and new_words(*one) == new_words(*other)
