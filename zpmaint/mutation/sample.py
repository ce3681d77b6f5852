# SPDX-License-Identifier: GPL-2.0-only
"""Drawing some bugs of many: by a seed, from all kinds, near the patch more than far. Pure.

The order of a seed is one order: of two counts the smaller's bugs are the greater's first ones, so
that a longer run goes on from a shorter one.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping
from itertools import zip_longest

from zpmaint.mutation.aim import Ring
from zpmaint.mutation.generated import Generated

_TURN = (Ring.OWN, Ring.AROUND, Ring.CALLED, Ring.OWN, Ring.AROUND, Ring.NAMED)
"""One turn of drawing: two from each ring that the patch is in, one from each beyond. A ring that
is used up leaves its turn to the others."""


def drawn(by_ring: Mapping[Ring, Iterable[Generated]], seed: int) -> list[Generated]:
    """All of them in the order of `seed`; none twice."""
    queues = {ring: _mixed(by_ring.get(ring, ()), seed) for ring in Ring}
    for queue in queues.values():
        queue.reverse()
    order: dict[str, Generated] = {}
    while any(queues.values()):
        for ring in _TURN:
            if queue := queues[ring]:
                one = queue.pop()
                order.setdefault(one.name, one)
    return list(order.values())


def _mixed(found: Iterable[Generated], seed: int) -> list[Generated]:
    """One of each kind in turn; within a kind as the seed has it."""
    kinds: dict[str, list[Generated]] = {}
    for one in found:
        kinds.setdefault(one.kind, []).append(one)
    rows = [sorted(ones, key=lambda one: _lot(one.name, seed)) for ones in kinds.values()]
    rows.sort(key=lambda ones: _lot(ones[0].kind, seed))
    return [one for turn in zip_longest(*rows) for one in turn if one is not None]


def _lot(word: str, seed: int) -> str:
    return hashlib.sha256(f"{seed}\0{word}".encode()).hexdigest()
