"""The ladder: ways to place a hunk, the surest first. Each is one module with one `place`.

A strategy takes a Job and gives a Placement, or a Miss that says why not. It never guesses: where
two places are as good as one another it misses. A new strategy is a module and a line here.
"""

from __future__ import annotations

from collections.abc import Callable

from zpmaint.port.placement import Attempt, Job
from zpmaint.port.strategies import (
    adjacent,
    blocks,
    dropped,
    exported,
    identifiers,
    literal,
    nearby,
    pieces,
    threeway,
)

_WHOLE: tuple[Callable[[Job], Attempt], ...] = (
    literal.place,
    exported.place,
    threeway.place,
    identifiers.place,
    blocks.place,
    dropped.place,
    nearby.place,
    adjacent.place,
)


def _in_pieces(job: Job) -> Attempt:
    return pieces.place(job, _WHOLE)


LADDER: tuple[Callable[[Job], Attempt], ...] = (*_WHOLE, _in_pieces)
