"""A merge that tells moving code from changing it.

diff3 sees a line that the patch only re-indents as rewritten, and stops where upstream edited it.
Here every line of the base has two fates, one in the patch and one in the target: kept (perhaps
at another depth), edited, or gone; the fates are joined line by line. So a line that the patch
re-indents follows what upstream made of it; what upstream put into a block that the patch unwraps
moves along; what upstream edited inside a block that the patch deletes goes with the block, and
the merge says so. All else that both sides touched is a clash.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field

from zpmaint.port import diff3
from zpmaint.port.align import align
from zpmaint.port.renames import pair_edited
from zpmaint.port.text import body, ending, indentation, squeezed
from zpmaint.port.tokens import pieces, tokens


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
        i = j = 0
        for next_i, next_j in [*align(one, other), (len(one), len(other))]:
            pairs = [
                (i + a, j + b) for a, b in pair_edited(one[i:next_i], other[j:next_j])
            ]
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
            i, j = next_i + 1, next_j + 1
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
    mine, yours = _Side.of(base, ours), _Side.of(base, theirs)
    blocks = _deleted_blocks(base, mine)
    out = Joined()
    for n in range(len(base) + 1):
        clash = _gap(n, base, mine, yours, blocks, out)
        if clash is None and n < len(base):
            clash = _line(n, base, mine, yours, blocks, out)
        if clash is not None:
            return clash
    return out


def _gap(
    n: int, base: Sequence[str], mine: _Side, yours: _Side, blocks: list[_Block], out: Joined
) -> Clash | None:
    """Lines that are new before base line n."""
    ours, theirs = mine.new_at(n), yours.new_at(n)
    # An empty line more or less is no clash; ours gives way.
    if not any(map(squeezed, ours)) and theirs:
        ours = []
    if ours and theirs:
        if list(map(squeezed, ours)) == list(map(squeezed, theirs)):
            out.decide("both sides added the same lines", 0.8)
            out.lines += theirs
            return None
        return Clash("both sides added lines at the same spot", (), tuple(ours), tuple(theirs))
    if ours:
        around = [k for k in (n - 1, n) if 0 <= k < len(base) and squeezed(base[k])]
        if any(map(squeezed, ours)) and around and all(yours.is_gone(k) for k in around):
            return Clash(
                "the lines around an addition of the patch are gone from the target",
                tuple(base[k] for k in around),
                tuple(ours),
                (),
            )
        out.lines += ours
        return None
    if not theirs:
        return None
    replaced = _run(n, yours)
    block = _innermost(blocks, n)
    if any(not _untouched(k, base, mine) for k in replaced) and not (
        block is not None and block.shift is None
    ):
        return Clash(
            "upstream rewrote lines that the patch changes",
            tuple(base[k] for k in replaced),
            tuple(mine.text(k) for k in replaced if not mine.is_gone(k)),
            tuple(theirs),
        )
    if block is None:
        out.lines += theirs
        return None
    if block.shift is None:
        if any(map(squeezed, theirs)):
            out.decide("lines that upstream added inside a deleted block go with it", 0.6)
        return None
    for line in theirs:
        shifted = _shift(line, block.shift)
        if shifted is None:
            return Clash(
                "upstream's new line inside a re-indented block is indented otherwise",
                (),
                (),
                (line,),
            )
        out.lines.append(shifted)
    if any(map(squeezed, theirs)):
        out.decide("lines that upstream added inside a re-indented block move with it", 0.75)
    return None


def _line(
    n: int, base: Sequence[str], mine: _Side, yours: _Side, blocks: list[_Block], out: Joined
) -> Clash | None:
    """Base line n itself."""
    if mine.is_gone(n):
        return _deleted(n, base, mine, yours, blocks, out)
    if yours.is_gone(n):
        if n in mine.edited:
            return Clash(
                "upstream deleted a line that the patch edits", (base[n],), (mine.text(n),), ()
            )
        if not _untouched(n, base, mine) and squeezed(base[n]):
            out.decide("a line that the patch only re-indents is gone from the target", 0.7)
        return None
    line = yours.text(n)
    if n in mine.edited and n in yours.edited:
        content = _token_merge(base[n], mine.text(n), line)
        if content is None:
            return Clash(
                "both sides edited the same words of a line",
                (base[n],),
                (mine.text(n),),
                (line,),
            )
        line = indentation(line) + content + ending(line)
        out.decide("a line that both sides edited, in different words", 0.7)
    elif n in mine.edited:
        line = indentation(line) + body(mine.text(n)).lstrip(" \t") + ending(line)
    old, new = indentation(base[n]), indentation(mine.text(n))
    if old != new and squeezed(line) and indentation(line) != new:
        shifted = _shift(line, (old, new))
        if shifted is None:
            return Clash(
                "the target indents a line otherwise that the patch re-indents",
                (base[n],),
                (mine.text(n),),
                (line,),
            )
        line = shifted
        if n in yours.edited:
            out.decide("re-indented lines follow upstream's edit of them", 0.85)
    out.lines.append(line)
    return None


def _deleted(
    n: int, base: Sequence[str], mine: _Side, yours: _Side, blocks: list[_Block], out: Joined
) -> Clash | None:
    if yours.is_gone(n) or n not in yours.edited:
        return None
    in_block = any(block.start <= n <= block.end for block in blocks)
    if not in_block or n in mine.rewritten:
        return Clash(
            "upstream edited a line that the patch replaces or deletes",
            (base[n],),
            (),
            (yours.text(n),),
        )
    out.decide("lines that upstream edited inside a deleted block go with it", 0.6)
    return None


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


def _block_shift(
    base: Sequence[str], mine: _Side, start: int, end: int
) -> tuple[str, str] | None:
    shifts = Counter(
        (indentation(base[n]), indentation(mine.text(n)))
        for n in range(start + 1, end)
        if not mine.is_gone(n) and squeezed(base[n])
    )
    # The shallowest line's shift holds for the deeper ones, as it is a change at the front.
    return min(shifts, key=lambda pair: len(pair[0])) if shifts else None


def _shift(line: str, shift: tuple[str, str]) -> str | None:
    """A line re-indented as the patch did it to its neighbours; None where that cannot be."""
    old, new = shift
    if not squeezed(line) or line.startswith("#"):
        return line
    here = indentation(line)
    if not here and body(line).endswith(":"):
        return line  # a label stays in its column
    if old.startswith(new):
        cut = old[len(new) :]
        return line[len(cut) :] if here.startswith(cut) else None
    if new.startswith(old):
        return new[len(old) :] + line
    return new + line[len(here) :] if here == old else None


def _token_merge(base: str, ours: str, theirs: str) -> str | None:
    """Merge three spellings of a line word by word; None where both changed the same words."""
    three = (pieces(body(line).strip(" \t")) for line in (base, ours, theirs))
    chunks = diff3.merge(*three)
    return "".join(diff3.result(chunks)) if diff3.is_clean(chunks) else None
