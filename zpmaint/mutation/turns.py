# SPDX-License-Identifier: GPL-2.0-only
"""In which order cases are to look for a bug, where the first that notices is enough. Pure.

Cases that noticed much before go first, and of two that noticed the same the second waits: it
would hardly notice what the first does not.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence

from zpmaint.suites.values import Case

FIRST = 12
"""Cases of the first boot; all others have the second. A boot by itself costs what ten cases do,
and most bugs are noticed in the first."""


def in_turn(cases: Sequence[Case], noticed: Iterable[Collection[str]]) -> list[Case]:
    """`cases`, each next one that which noticed most of what none before it did; then the others
    as they were. `noticed`: of each bug of old the cases that did."""
    left = [frozenset(one) for one in noticed]
    order: list[Case] = []
    waiting = list(cases)
    while left and waiting:
        counts = [sum(case.name in one for one in left) for case in waiting]
        best = max(counts)
        if not best:
            break
        chosen = waiting.pop(counts.index(best))
        order.append(chosen)
        left = [one for one in left if chosen.name not in one]
    return [*order, *waiting]


def cut(cases: Sequence[Case]) -> list[tuple[Case, ...]]:
    """`cases` for two boots, or one."""
    halves = [tuple(cases[:FIRST]), tuple(cases[FIRST:])]
    return halves if halves[1] else halves[:1]
