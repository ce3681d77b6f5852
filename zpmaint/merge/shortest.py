# SPDX-License-Identifier: GPL-2.0-only
"""The lines that a shortest edit script keeps, for texts that are nearly the same.

E. W. Myers, An O(ND) Difference Algorithm and Its Variations, Algorithmica 1 (1986): the time is
that of the length times the number of differences, whatever lines repeat.
"""

from __future__ import annotations

from collections.abc import Hashable, Sequence

MOST = 400
"""Differences up to which a script is looked for: beyond, two texts without a line that is unique
in both have little to do with one another."""


def pairs(one: Sequence[Hashable], other: Sequence[Hashable]) -> list[tuple[int, int]]:
    """Pairs (i, j) with one[i] == other[j], rising in both; none where more than MOST lines
    differ."""
    reached = {1: 0}
    rounds: list[dict[int, int]] = []
    for differences in range(MOST + 1):
        rounds.append(dict(reached))
        for k in range(-differences, differences + 1, 2):
            down = k == -differences or (k != differences and reached[k - 1] < reached[k + 1])
            i = reached[k + 1] if down else reached[k - 1] + 1
            j = i - k
            while i < len(one) and j < len(other) and one[i] == other[j]:
                i, j = i + 1, j + 1
            reached[k] = i
            if i >= len(one) and j >= len(other):
                return _kept(rounds, len(one), len(other))
    return []


def _kept(rounds: Sequence[dict[int, int]], i: int, j: int) -> list[tuple[int, int]]:
    """The way back from both ends, by what had been reached before each round."""
    found: list[tuple[int, int]] = []
    for differences in range(len(rounds) - 1, 0, -1):
        reached, k = rounds[differences], i - j
        down = k == -differences or (k != differences and reached[k - 1] < reached[k + 1])
        came = k + 1 if down else k - 1
        from_i = reached[came]
        from_j = from_i - came
        while i > from_i and j > from_j:
            i, j = i - 1, j - 1
            found.append((i, j))
        i, j = from_i, from_j
    found += ((n, n) for n in range(min(i, j) - 1, -1, -1))
    found.reverse()
    return found
