"""three-way: diff3 with the base, inside the hunk's scope."""

from __future__ import annotations

from zpmaint.port import conflict, diff3
from zpmaint.port.confidence import APART
from zpmaint.port.placement import Attempt, Job, Miss, Placement, narrowed
from zpmaint.port.sides import Sides, known_share, sides
from zpmaint.port.text import squeezed

_MIN_SHARE = 0.6
"""Without a base, this share of the pre-image must stand in the target's scope: less, and the
alignment rests on braces and blanks."""


def place(job: Job) -> Attempt:
    """Merge the scope; only the hunk's own changes may come out of it."""
    cut = sides(job)
    if isinstance(cut, Miss):
        return cut
    return merged(cut, "three-way", 0.95, "upstream's changes and the patch's do not touch")


def merged(cut: Sides, placed: str, confidence: float, why: str) -> Attempt:
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
    if any(_across_a_blank(chunks, n) for n in range(len(chunks))):
        why = "upstream, too, added lines there, an empty line apart: their order is a guess"
        confidence = min(confidence, APART)
    start, end, lines = narrowed(cut.theirs_at, cut.theirs, diff3.result(chunks))
    if start == end and not lines:
        why = f"nothing of the hunk is left to do in {where}: the target has it already"
        return Miss(why, weight=3)
    return Placement(start, end, lines, placed, confidence, why)


def _across_a_blank(chunks: list[diff3.Chunk], n: int) -> bool:
    """Whether the patch's addition has upstream's as its neighbour, with nothing but empty lines
    between: which of the empty lines is which the alignment cannot know."""
    chunk = chunks[n]
    if chunk.kind != "ours" or chunk.base:
        return False
    for step in (-1, 1):
        near, beyond = n + step, n + 2 * step
        if not (0 <= beyond < len(chunks) and chunks[near].kind == "same"):
            continue
        other = chunks[beyond]
        if other.kind == "theirs" and not other.base and not any(map(squeezed, chunks[near].base)):
            return True
    return False
