# SPDX-License-Identifier: GPL-2.0-only
"""A merge that tells moving code from changing it.

diff3 sees a line that the patch only re-indents as rewritten, and stops where upstream edited it.
Here every line of the base has two fates, one in the patch and one in the target: kept (perhaps
at another depth), edited, or gone; the fates are joined line by line. So a line that the patch
re-indents follows what upstream made of it; what upstream put into a block that the patch unwraps
moves along; what upstream edited inside a block that the patch deletes goes with the block, and
the merge says so. All else that both sides touched is a clash.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field

from zpmaint.merge import diff3
from zpmaint.merge.align import gaps
from zpmaint.merge.indent import common, shifted
from zpmaint.merge.lines import body, ending, indentation, squeezed
from zpmaint.merge.renames import pair_edited
from zpmaint.merge.tokens import identifiers, pieces, similarity, statement, tokens

_REWORDED = 0.5
"""The share of words that a message's statement keeps when upstream prints it otherwise."""


@dataclass(frozen=True)
class Clash:
    """Both sides did something to the same lines that no rule joins."""

    why: str
    base: tuple[str, ...]
    ours: tuple[str, ...]
    theirs: tuple[str, ...]


@dataclass
class Joined:
    """A merge that went through, and what it had to decide."""

    lines: list[str] = field(default_factory=list)
    notes: Counter[str] = field(default_factory=Counter)
    confidence: float = 0.9

    def decide(self, note: str, confidence: float) -> None:
        """Record a decision and how sure it is."""
        self.notes[note] += 1
        self.confidence = min(self.confidence, confidence)


@dataclass(frozen=True)
class _Side:
    """What one side made of the base."""

    lines: Sequence[str]
    fate: dict[int, int]
    """Base line -> its line here, for kept and edited lines."""
    edited: frozenset[int]
    inserted: dict[int, list[int]]
    """Base line that they stand before -> lines new here."""
    rewritten: frozenset[int]
    """Base lines gone from a run in which other, unpaired lines are new."""

    @classmethod
    def of(cls, base: Sequence[str], lines: Sequence[str]) -> _Side:
        one = [squeezed(line) for line in base]
        other = [squeezed(line) for line in lines]
        fate: dict[int, int] = {}
        edited: set[int] = set()
        inserted: dict[int, list[int]] = {}
        rewritten: set[int] = set()
        for i, next_i, j, next_j in gaps(one, other):
            pairs = [(i + a, j + b) for a, b in pair_edited(one[i:next_i], other[j:next_j])]
            fate.update(pairs)
            edited.update(a for a, _ in pairs)
            low_i, low_j = i, j
            for stop_i, stop_j in [*pairs, (next_i, next_j)]:
                new = list(range(low_j, stop_j))
                if new:
                    inserted.setdefault(low_i, []).extend(new)
                    if any(other[n] for n in new):
                        rewritten.update(range(low_i, stop_i))
                low_i, low_j = stop_i + 1, stop_j + 1
            if next_i < len(one):
                fate[next_i] = next_j
        return cls(lines, fate, frozenset(edited), inserted, frozenset(rewritten))

    def is_gone(self, line: int) -> bool:
        return line not in self.fate

    def text(self, line: int) -> str:
        return self.lines[self.fate[line]]

    def new_at(self, gap: int) -> list[str]:
        return [self.lines[n] for n in self.inserted.get(gap, ())]


@dataclass(frozen=True)
class _Block:
    """A pair of braces in the base, by their lines, that the patch deletes."""

    start: int
    end: int
    shift: tuple[str, str] | None
    """(old, new) indentation of what the patch keeps of it; None where it keeps nothing."""


def join(base: Sequence[str], ours: Sequence[str], theirs: Sequence[str]) -> Joined | Clash:
    """Merge, line by line. Outside of the patch's changes the result is theirs, byte for byte."""
    return _Merge(base, _Side.of(base, ours), _Side.of(base, theirs)).run()


class _Merge:
    """A merge under way: the base's lines in order, and before each the lines that are new."""

    def __init__(self, base: Sequence[str], mine: _Side, yours: _Side) -> None:
        self.base = base
        self.mine = mine
        self.yours = yours
        self.blocks = _deleted_blocks(base, mine)
        self.out = Joined()

    def run(self) -> Joined | Clash:
        for n in range(len(self.base) + 1):
            clash = self.gap(n) or (self.line(n) if n < len(self.base) else None)
            if clash is not None:
                return clash
        return self.out

    def gap(self, n: int) -> Clash | None:
        """The lines that are new before base line n."""
        ours, theirs = self.mine.new_at(n), self.yours.new_at(n)
        # An empty line more or less is no clash; ours gives way.
        if theirs and not any(map(squeezed, ours)):
            return self.theirs_new(n, theirs)
        if not theirs:
            return self.ours_new(n, ours) if ours else None
        if list(map(squeezed, ours)) == list(map(squeezed, theirs)):
            self.out.decide("both sides added the same lines", 0.8)
            self.out.lines += theirs
            return None
        return Clash("both sides added lines at the same spot", (), tuple(ours), tuple(theirs))

    def ours_new(self, n: int, ours: list[str]) -> Clash | None:
        around = [k for k in (n - 1, n) if 0 <= k < len(self.base) and squeezed(self.base[k])]
        if any(map(squeezed, ours)) and around and all(self.yours.is_gone(k) for k in around):
            return Clash(
                "the lines around an addition of the patch are gone from the target",
                tuple(self.base[k] for k in around),
                tuple(ours),
                (),
            )
        # Among lines that upstream re-indented they are as deep as those.
        near = [k for k in range(n - 3, n + 3) if 0 <= k < len(self.base)]
        near = [k for k in near if _untouched(k, self.base, self.mine)]
        pairs = [(self.base[k], self.yours.text(k)) for k in near if not self.yours.is_gone(k)]
        depth = common(pairs)
        moved = [shifted(line, depth) for line in ours] if depth else []
        if moved and None not in moved:
            self.out.decide("the patch's new lines are as deep as upstream's around them", 0.85)
            ours = [line for line in moved if line is not None]
        self.out.lines += ours
        return None

    def theirs_new(self, n: int, theirs: list[str]) -> Clash | None:
        block = _innermost(self.blocks, n)
        replaced = _run(n, self.yours)
        in_dropped = block is not None and block.shift is None
        if not in_dropped and not all(_untouched(k, self.base, self.mine) for k in replaced):
            if self.is_reworded(replaced, theirs):
                self.out.decide("a message that the patch deletes goes as upstream prints it", 0.6)
                return None
            return Clash(
                "upstream rewrote lines that the patch changes",
                tuple(self.base[k] for k in replaced),
                tuple(self.mine.text(k) for k in replaced if not self.mine.is_gone(k)),
                tuple(theirs),
            )
        if any(b.start == n and b.shift is None for b in self.blocks) and _is_comment(theirs[-1]):
            # A comment put right above a block speaks of the block.
            self.out.decide("a comment that upstream put above a deleted block goes with it", 0.6)
            theirs = theirs[:-1]
        matters = any(map(squeezed, theirs))
        shift = self.depth_at(n) if block is None else block.shift
        if block is None and shift is None:
            self.out.lines += theirs
        elif shift is None:
            if matters:
                self.out.decide("lines that upstream added inside a deleted block go with it", 0.6)
        else:
            moved = [shifted(line, shift) for line in theirs]
            if None in moved:
                why = "upstream's new line inside a re-indented block is indented otherwise"
                return Clash(why, (), (), tuple(theirs))
            self.out.lines += [line for line in moved if line is not None]
            if matters:
                note = "lines that upstream added inside a re-indented block move with it"
                self.out.decide(note, 0.75)
        return None

    def depth_at(self, n: int) -> tuple[str, str] | None:
        """How the patch re-indents the lines right before and right behind base line n's front."""
        above = next((k for k in range(n - 1, -1, -1) if squeezed(self.base[k])), None)
        below = next((k for k in range(n, len(self.base)) if squeezed(self.base[k])), None)
        if above is None or below is None or any(map(self.mine.is_gone, (above, below))):
            return None
        return common((self.base[k], self.mine.text(k)) for k in (above, below))

    def line(self, n: int) -> Clash | None:
        """Base line n itself."""
        if self.mine.is_gone(n):
            return self.deleted(n)
        if self.yours.is_gone(n):
            if n in self.mine.edited:
                why = "upstream deleted a line that the patch edits"
                return Clash(why, (self.base[n],), (self.mine.text(n),), ())
            if not _untouched(n, self.base, self.mine) and squeezed(self.base[n]):
                self.out.decide("a line that the patch only re-indents is gone upstream", 0.7)
            return None
        line = self.edited(n)
        if line is None:
            return self.clash("both sides edited the same words of a line", n)
        old, new = indentation(self.base[n]), indentation(self.mine.text(n))
        if old != new and squeezed(line) and indentation(line) != new:
            line = shifted(line, (old, new))
            if line is None:
                return self.clash("the target indents a line otherwise that the patch moves", n)
            if n in self.yours.edited:
                self.out.decide("re-indented lines follow upstream's edit of them", 0.85)
        self.out.lines.append(line)
        return None

    def edited(self, n: int) -> str | None:
        """Base line n with both sides' edits, at the target's depth; None where they clash."""
        line = self.yours.text(n)
        if n not in self.mine.edited:
            return line
        content: str | None = body(self.mine.text(n)).lstrip(" \t")
        if n in self.yours.edited and tokens(self.base[n]) != tokens(line):
            # A line of which the two sides together leave no name is another line by now.
            names = identifiers(self.base[n])
            if names and not names & identifiers(self.mine.text(n)) & identifiers(line):
                return None
            content = _token_merge(self.base[n], self.mine.text(n), line)
            self.out.decide("a line that both sides edited, in different words", 0.7)
        return None if content is None else indentation(line) + content + ending(line)

    def deleted(self, n: int) -> Clash | None:
        if self.yours.is_gone(n) or n not in self.yours.edited:
            return None
        in_block = any(block.start <= n <= block.end for block in self.blocks)
        # Only the head and the end of what goes as a whole must be what they were.
        within = any(b.start < n < b.end for b in self.blocks if b.shift is None)
        if not within and self.is_other_head(n):
            why = "upstream turned the head of a block that the patch deletes into another"
            return Clash(why, (self.base[n],), (), (self.yours.text(n),))
        if not in_block or n in self.mine.rewritten:
            if self.is_reworded([n], [self.yours.text(n)]):
                self.out.decide("a message that the patch deletes goes as upstream prints it", 0.6)
                return None
            why = "upstream edited a line that the patch replaces or deletes"
            return Clash(why, (self.base[n],), (), (self.yours.text(n),))
        self.out.decide("lines that upstream edited inside a deleted block go with it", 0.6)
        return None

    def is_reworded(self, lines: list[int], theirs: list[str]) -> bool:
        """Whether messages that the patch deletes are the same messages in the target, printed
        otherwise: the string stands, and most of the words around it."""
        return len(lines) == len(theirs) and all(
            self.mine.is_gone(n)
            and squeezed(self.base[n]).endswith(";")
            and squeezed(new).endswith(";")
            and squeezed(self.base[n - 1]).endswith((";", "{", "}", "*/", ":"))
            and _messages(self.base[n]) == _messages(new) != []
            and similarity(tokens(self.base[n]), tokens(new)) >= _REWORDED
            for n, new in zip(lines, theirs, strict=True)
        )

    def is_other_head(self, n: int) -> bool:
        """Whether a line that opens or closes a block has become another statement: an else an
        else if, an if a switch."""
        old, new = tokens(self.base[n]), tokens(self.yours.text(n))
        return bool({"{", "}"} & {*old, *new}) and statement(old) != statement(new)

    def clash(self, why: str, n: int) -> Clash:
        return Clash(why, (self.base[n],), (self.mine.text(n),), (self.yours.text(n),))


def _messages(line: str) -> list[str]:
    return [token for token in tokens(line) if token.startswith('"') and len(token) > 4]


def _is_comment(line: str) -> bool:
    text = squeezed(line)
    return text.startswith("/*") and text.endswith("*/") and text.count("/*") == 1


def _untouched(n: int, base: Sequence[str], mine: _Side) -> bool:
    """Whether the patch leaves a base line as it is, depth included."""
    if mine.is_gone(n) or n in mine.edited:
        return False
    return not squeezed(base[n]) or indentation(base[n]) == indentation(mine.text(n))


def _run(gap: int, side: _Side) -> list[int]:
    """The base lines that a side's new lines stand in the stead of."""
    run = []
    n = gap
    while n in side.rewritten:
        run.append(n)
        n += 1
    return run


def _innermost(blocks: list[_Block], gap: int) -> _Block | None:
    around = [block for block in blocks if block.start < gap <= block.end]
    return max(around, key=lambda block: block.start, default=None)


def _deleted_blocks(base: Sequence[str], mine: _Side) -> list[_Block]:
    """The pairs of braces whose two lines the patch deletes."""
    blocks = []
    opened: list[int] = []
    for n, line in enumerate(base):
        for token in tokens(line):
            if token == "{":
                opened.append(n)
            elif token == "}" and opened:
                start = opened.pop()
                if start < n and mine.is_gone(start) and mine.is_gone(n):
                    blocks.append(_Block(start, n, _block_shift(base, mine, start, n)))
    return blocks


def _block_shift(base: Sequence[str], mine: _Side, start: int, end: int) -> tuple[str, str] | None:
    shifts = Counter(
        (indentation(base[n]), indentation(mine.text(n)))
        for n in range(start + 1, end)
        if not mine.is_gone(n) and squeezed(base[n])
    )
    # The shallowest line's shift holds for the deeper ones, as it is a change at the front.
    return min(shifts, key=lambda pair: len(pair[0])) if shifts else None


_INITIAL_ZERO = re.compile(r"(?<=\w) = (?:0|NULL|false);\s*$")


def _token_merge(base: str, ours: str, theirs: str) -> str | None:
    """Merge three spellings of a line word by word; None where both changed the same words.

    What touches is merged only where white space stands between: a path that the one prefixes and
    the other replaces is one word.
    """
    three = [body(line).strip(" \t") for line in (base, ours, theirs)]
    lasting = not base[:1].isspace() or "static" in tokens(theirs)
    if lasting and (initial := _INITIAL_ZERO.search(base)):
        # Static storage is zero without being told: upstream left that out and changed nothing.
        other = three[2]
        if "=" not in other and other.endswith(";"):
            three[2] = f"{other[:-1]}{initial[0].rstrip()}"
    chunks = diff3.merge(*map(pieces, three))
    if diff3.is_clean(chunks):
        return "".join(diff3.result(chunks))
    merged = diff3.touching(*map(_words, three))
    return None if merged is None else "".join(merged)


def _words(line: str) -> list[str]:
    return re.findall(r"\s+|\S+", line)
