# SPDX-License-Identifier: GPL-2.0-only
"""Three-way merge of sequences, as diff3 does it: where only one side changed, it wins; where
both did the same, once; where both did something else, a conflict.

Changes that touch without a common element between them conflict, as in git.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from zpmaint.merge import slide
from zpmaint.merge.align import Edit, align, gaps
from zpmaint.merge.splice import spliced


@dataclass(frozen=True)
class Chunk:
    """A run of the merge."""

    kind: str
    """'same', 'ours', 'theirs', 'both' (the same change) or 'conflict'."""
    base: tuple[str, ...]
    ours: tuple[str, ...]
    theirs: tuple[str, ...]
    theirs_at: int
    """Where the run starts in theirs."""

    @property
    def merged(self) -> tuple[str, ...]:
        """What the run becomes; of a conflict nothing sensible."""
        return self.theirs if self.kind in ("theirs", "same") else self.ours


def merge(base: Sequence[str], ours: Sequence[str], theirs: Sequence[str]) -> list[Chunk]:
    """The chunks of a merge, in order; they cover all three texts."""
    return _merged(base, ours, theirs, dict(align(base, ours)), dict(align(base, theirs)))


def slid(base: Sequence[str], ours: Sequence[str], theirs: Sequence[str]) -> list[Chunk]:
    """The same, with theirs in that place, of those that read alike, that conflicts least."""
    mine, yours = edits(base, ours), edits(base, theirs)
    in_ours, in_theirs = (_pairs(base, one) for one in (mine, slide.apart(base, mine, yours)))
    moved = _merged(base, ours, theirs, in_ours, in_theirs)
    return min(merge(base, ours, theirs), moved, key=_open)


def _open(chunks: Sequence[Chunk]) -> int:
    """How many lines are in conflict."""
    return sum(len(c.base) + len(c.ours) + len(c.theirs) for c in chunks if c.kind == "conflict")


def _pairs(base: Sequence[str], edits_of_it: Sequence[Edit]) -> dict[int, int]:
    """Where the elements of a base that no edit changes stand behind the edits."""
    found: dict[int, int] = {}
    at = shift = 0
    for start, end, new in edits_of_it:
        found.update((n, n + shift) for n in range(at, start))
        at, shift = end, shift + len(new) - (end - start)
    found.update((n, n + shift) for n in range(at, len(base)))
    return found


def _merged(
    base: Sequence[str],
    ours: Sequence[str],
    theirs: Sequence[str],
    in_ours: Mapping[int, int],
    in_theirs: Mapping[int, int],
) -> list[Chunk]:
    chunks: list[Chunk] = []
    stable: list[str] = []
    stable_at = 0
    b = o = t = 0

    def close_stable() -> None:
        nonlocal stable
        if stable:
            run = tuple(stable)
            chunks.append(Chunk("same", run, run, run, stable_at))
            stable = []

    for i in [*(i for i in range(len(base)) if i in in_ours and i in in_theirs), len(base)]:
        next_o = in_ours.get(i, len(ours))
        next_t = in_theirs.get(i, len(theirs))
        if i > b or next_o > o or next_t > t:
            close_stable()
            chunks.append(_chunk(base[b:i], ours[o:next_o], theirs[t:next_t], t))
        if i < len(base):
            if not stable:
                stable_at = next_t
            stable.append(base[i])
            b, o, t = i + 1, next_o + 1, next_t + 1
    close_stable()
    return chunks


def _chunk(base: Sequence[str], ours: Sequence[str], theirs: Sequence[str], at: int) -> Chunk:
    mine, yours, old = tuple(ours), tuple(theirs), tuple(base)
    if mine == yours:
        kind = "both"
    elif mine == old:
        kind = "theirs"
    elif yours == old:
        kind = "ours"
    else:
        kind = "conflict"
    return Chunk(kind, old, mine, yours, at)


def touching(base: Sequence[str], ours: Sequence[str], theirs: Sequence[str]) -> list[str] | None:
    """The merge of two sides whose changes touch without overlapping: what the one puts before or
    behind elements that the other rewrites stays before or behind them. None where both changed
    the same element, or both added at the same place."""
    mine, yours = edits(base, ours), edits(base, theirs)
    both: list[Edit] = []
    while mine or yours:
        if mine and yours and mine[0] == yours[0]:
            yours.pop(0)
            continue
        if not yours or (mine and _comes_first(mine[0], yours[0])):
            start, end, new = mine.pop(0)
            other = yours[0] if yours else None
        else:
            start, end, new = yours.pop(0)
            other = mine[0] if mine else None
        if (both and start < both[-1][1]) or (
            other is not None and _clash((start, end, new), other)
        ):
            return None
        both.append((start, end, new))
    return spliced(base, both)


def edits(base: Sequence[str], other: Sequence[str]) -> list[Edit]:
    """What turns a base into another text, in order."""
    found: list[Edit] = []
    for a, b, c, d in gaps(base, other):
        if b > a or d > c:
            found.append((a, b, tuple(other[c:d])))
    return found


def _comes_first(one: Edit, other: Edit) -> bool:
    return one[:2] <= other[:2]


def _clash(first: Edit, second: Edit) -> bool:
    """Whether two edits, in order, cannot both be done: they overlap, or add at one place."""
    at_one_place = first[0] == first[1] == second[0] == second[1]
    return second[0] < first[1] or at_one_place


def is_clean(chunks: Sequence[Chunk]) -> bool:
    """Whether a merge has no conflict."""
    return all(chunk.kind != "conflict" for chunk in chunks)


def result(chunks: Sequence[Chunk]) -> list[str]:
    """The merged sequence of a clean merge."""
    return [item for chunk in chunks for item in chunk.merged]
