"""The smallest conflict, zdiff3 style: what both sides have in common at its ends is outside."""

from __future__ import annotations

from collections.abc import Sequence

from zpmaint.port.diff3 import Chunk
from zpmaint.port.text import body


def zealous(ours: Sequence[str], base: Sequence[str], theirs: Sequence[str], where: str) -> str:
    """Conflict markers around the lines that differ; `where` names the scope."""
    head = 0
    most = min(len(ours), len(theirs))
    while head < most and ours[head] == theirs[head]:
        head += 1
    tail = 0
    while tail < most - head and ours[-1 - tail] == theirs[-1 - tail]:
        tail += 1
    context_before = [body(line) for line in ours[:head]]
    context_after = [body(line) for line in ours[len(ours) - tail :]]
    return "\n".join(
        [
            *context_before,
            f"<<<<<<< the patch ({where})",
            *(body(line) for line in ours[head : len(ours) - tail]),
            "||||||| the anchor's base",
            *(body(line) for line in base),
            "=======",
            *(body(line) for line in theirs[head : len(theirs) - tail]),
            ">>>>>>> the target",
            *context_after,
            "",
        ]
    )


def of_chunks(chunks: Sequence[Chunk], where: str) -> str:
    """All conflicts of a merge."""
    return "\n".join(
        zealous(c.ours, c.base, c.theirs, where) for c in chunks if c.kind == "conflict"
    )
