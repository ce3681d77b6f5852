# SPDX-License-Identifier: GPL-2.0-only
"""Three spellings of some lines, merged word by word, laid out as the target lays them out.

Upstream wraps a list anew, puts another function in front of it, drops an argument; the patch
changes a word of it. Line by line both rewrote everything. What is a word here is what C takes for
one; a string is one, too. White space is no word: it belongs to the word behind it.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from zpmaint.merge.align import align, gaps
from zpmaint.merge.lines import split_lines

_WORD = re.compile(
    r"""(\s*)(
      "(?:\\.|[^"\\\n])*" | '(?:\\.|[^'\\\n])*'
    | [A-Za-z_]\w* | \d[\w.]*
    | <<=|>>=|\.\.\.|->|\+\+|--|<<|>>|[-+*/%&|^=!<>]=|&&|\|\||\#\#|/\*+|\*+/
    | \S )""",
    re.VERBOSE,
)
MOST = 4000
"""Words; longer texts are no statement, and take long to align."""


@dataclass(frozen=True)
class Words:
    """Words with the white space before each, and what is left behind the last."""

    words: tuple[str, ...]
    blanks: tuple[str, ...]
    rest: str

    @classmethod
    def of(cls, lines: Sequence[str]) -> Words:
        text = "".join(lines)
        found = _WORD.findall(text)
        words = tuple(word for _, word in found)
        blanks = tuple(blank for blank, _ in found)
        rest = text[len("".join(map("".join, found))) :]
        return cls(words, blanks, rest)


@dataclass(frozen=True)
class Edit:
    """Words [start, end) of the base become the words [first, last) of a side."""

    start: int
    end: int
    first: int
    last: int

    def touches(self, other: Edit) -> bool:
        """Whether no word that both sides keep stands between two edits."""
        return self.end >= other.start and other.end >= self.start


def merge(
    base: Sequence[str], ours: Sequence[str], theirs: Sequence[str]
) -> tuple[str, ...] | None:
    """The merge, or None where both sides changed the same words."""
    old, mine, yours = map(Words.of, (base, ours, theirs))
    if max(len(side.words) for side in (old, mine, yours)) > MOST:
        return None
    my_pairs, your_pairs = align(old.words, mine.words), align(old.words, yours.words)
    my_edits, your_edits = edits_of(old, mine, my_pairs), edits_of(old, yours, your_pairs)
    said = {(e.start, e.end, mine.words[e.first : e.last]) for e in my_edits}
    your_edits = [e for e in your_edits if (e.start, e.end, new_words(e, yours)) not in said]
    close = [(m, e) for m in my_edits for e in your_edits if m.touches(e)]
    if not all(_apart(old, (m, mine), (e, yours)) for m, e in close):
        return None
    if not all(_stands(old, m, dict(your_pairs)) for m in my_edits):
        return None
    steps = sorted([*((e, mine) for e in my_edits), *((e, yours) for e in your_edits)], key=place)
    three = Three(old, (mine, dict(my_pairs)), (yours, dict(your_pairs)))
    return tuple(split_lines(three.laid_out(steps)))


ENDS = frozenset({";", "{", "}"})
"""Words that end a statement."""
_LEAST = 0.5
"""The share of a statement's words that the target has, at least, for it to be that statement."""


def _stands(old: Words, edit: Edit, kept: Mapping[int, int]) -> bool:
    """Whether the statement that the patch edits is in the target: of what is not the patch's to
    take away most words are."""
    around = _around(old, edit)
    return sum(n in kept for n in around) >= _LEAST * len(around)


def is_split(old: Words, edit: Edit, side: Words, kept: Mapping[int, int]) -> bool:
    """Whether a side made several statements of the words of the one that the edit is in: what the
    edit takes away says something else there."""
    places = [kept[n] for n in _around(old, edit) if n in kept]
    return bool(places) and not ENDS.isdisjoint(side.words[min(places) : max(places)])


def _around(old: Words, edit: Edit) -> list[int]:
    """The words of the statement that an edit is in, but for those that it takes away."""
    start, end = edit.start, edit.end
    while start > 0 and old.words[start - 1] not in ENDS:
        start -= 1
    while end < len(old.words) and old.words[end] not in ENDS:
        end += 1
    return [*range(start, edit.start), *range(edit.end, end)]


_SEPARATORS = frozenset({",", ";", "&&", "||", "|", "{", "}", ":", "?"})


def _apart(old: Words, one: tuple[Edit, Words], other: tuple[Edit, Words]) -> bool:
    """Whether two edits that touch do not overlap, and a comma or the like stands where they meet:
    what is prefixed to a word is one with it, and the other side has another word there."""
    (first, side), (then, beyond) = sorted((one, other), key=place)
    if first.end > then.start or first.start == first.end == then.start == then.end:
        return False
    if ENDS & {*_old(first, old), *_old(then, old)}:
        return False  # more than a part of a statement
    left = (new_words(first, side)[-1:], _old(first, old)[-1:])
    right = (new_words(then, beyond)[:1], _old(then, old)[:1])
    return any(_SEPARATORS.issuperset(word) and word for word in (*left, *right))


def _old(edit: Edit, base: Words) -> tuple[str, ...]:
    return base.words[edit.start : edit.end]


def new_words(edit: Edit, side: Words) -> tuple[str, ...]:
    """What a side puts into the stead of the words that its edit takes away."""
    return side.words[edit.first : edit.last]


def place(step: tuple[Edit, Words]) -> tuple[int, int]:
    """The words of the base that a side's edit is of: what edits are put in order by."""
    return step[0].start, step[0].end


def edits_of(old: Words, side: Words, pairs: Sequence[tuple[int, int]]) -> list[Edit]:
    """What turns the words of the base into those of a side, in order."""
    found = gaps(old.words, side.words, pairs)
    return [Edit(a, b, c, d) for a, b, c, d in found if b > a or d > c]


@dataclass(frozen=True)
class Three:
    """Three spellings; for each side also where the words of the base stand in it."""

    old: Words
    mine: tuple[Words, dict[int, int]]
    yours: tuple[Words, dict[int, int]]

    def laid_out(self, steps: Sequence[tuple[Edit, Words]]) -> str:
        """The text with all edits done."""
        out: list[str] = []
        at = 0
        for edit, side in steps:
            out += map(self._kept, range(at, edit.start))
            out += (side.blanks[n] + side.words[n] for n in range(edit.first, edit.last))
            at = edit.end
        out += map(self._kept, range(at, len(self.old.words)))
        return "".join(out) + _blank(self.mine[0].rest, self.old.rest, self.yours[0].rest)

    def _kept(self, n: int) -> str:
        """A word of the base that the patch keeps, with the white space before it."""
        before = self.old.blanks[n]
        mine, yours = (
            side.blanks[where[n]] if n in where else before
            for side, where in (self.mine, self.yours)
        )
        return _blank(mine, before, yours) + self.old.words[n]


def _blank(mine: str, old: str, yours: str) -> str:
    """White space as the side has it that alone made something else of it; where both did, the
    patch's, which wraps what it rewrites."""
    return yours if mine == old else mine
