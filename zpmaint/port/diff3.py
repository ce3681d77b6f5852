"""Three-way merge of sequences, as diff3 does it: where only one side changed, it wins; where
both did the same, once; where both did something else, a conflict.

Changes that touch without a common element between them conflict, as in git.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from zpmaint.port.align import align


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
    in_ours = dict(align(base, ours))
    in_theirs = dict(align(base, theirs))
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


def is_clean(chunks: Sequence[Chunk]) -> bool:
    """Whether a merge has no conflict."""
    return all(chunk.kind != "conflict" for chunk in chunks)


def result(chunks: Sequence[Chunk]) -> list[str]:
    """The merged sequence of a clean merge."""
    return [item for chunk in chunks for item in chunk.merged]
