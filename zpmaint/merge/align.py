# SPDX-License-Identifier: GPL-2.0-only
"""Which lines of one text are which lines of another.

Common ends first, then lines that are unique in both (patience), then the longest common
subsequence of what is left between. Unique lines go first because that keeps a bare `}` or an
empty line from pairing two different blocks.
"""

from __future__ import annotations

from bisect import bisect_left
from collections import Counter
from collections.abc import Hashable, Iterable, Iterator, Sequence
from difflib import SequenceMatcher
from functools import lru_cache

from zpmaint.merge import shortest

_MOST = 2_000_000
"""Pairs of equal lines that difflib may look at, a second's work. Sources stay far below it; a
megabyte of one and the same line has ten thousand times as many."""


def align(one: Sequence[Hashable], other: Sequence[Hashable]) -> list[tuple[int, int]]:
    """Pairs (i, j) with one[i] == other[j], rising in both."""
    return list(_aligned(tuple(one), tuple(other)))


@lru_cache(maxsize=64)  # the strategies of a hunk, and its neighbours, align the same scopes
def _aligned(one: tuple[Hashable, ...], other: tuple[Hashable, ...]) -> tuple[tuple[int, int], ...]:
    pairs: list[tuple[int, int]] = []
    stack = [(0, len(one), 0, len(other))]
    while stack:
        a, b, c, d = stack.pop()
        while a < b and c < d and one[a] == other[c]:
            pairs.append((a, c))
            a, c = a + 1, c + 1
        while a < b and c < d and one[b - 1] == other[d - 1]:
            b, d = b - 1, d - 1
            pairs.append((b, d))
        if a == b or c == d:
            continue
        anchors = _unique_pairs(one, other, range(a, b), range(c, d))
        if not anchors:
            pairs.extend((a + i, c + j) for i, j in _common(one[a:b], other[c:d]))
            continue
        last_i, last_j = a, c
        for i, j in anchors:
            stack.append((last_i, i, last_j, j))
            pairs.append((i, j))
            last_i, last_j = i + 1, j + 1
        stack.append((last_i, b, last_j, d))
    pairs.sort()
    return tuple(pairs)


def _common(one: Sequence[Hashable], other: Sequence[Hashable]) -> Iterator[tuple[int, int]]:
    """Pairs of a common subsequence where no line is unique in both."""
    here, there = Counter(one), Counter(other)
    if sum(count * there[line] for line, count in here.items()) > _MOST:
        yield from shortest.pairs(one, other)
        return
    matcher = SequenceMatcher(None, one, other, autojunk=False)
    for i, j, size in matcher.get_matching_blocks():
        yield from ((i + k, j + k) for k in range(size))


Edit = tuple[int, int, tuple[str, ...]]
"""Elements [start, end) of one text become others."""
Gap = tuple[int, int, int, int]
"""one[start:end] and other[start:end] between two pairs of an alignment, as (a, b, c, d)."""


def gaps(
    one: Sequence[Hashable],
    other: Sequence[Hashable],
    pairs: Iterable[tuple[int, int]] | None = None,
) -> Iterator[Gap]:
    """What lies before each pair of an alignment and behind the last, empty on either side or on
    both. `pairs` is the alignment where it is known."""
    a = c = 0
    for b, d in [*(align(one, other) if pairs is None else pairs), (len(one), len(other))]:
        yield a, b, c, d
        a, c = b + 1, d + 1


def _unique_pairs(
    one: Sequence[Hashable], other: Sequence[Hashable], left: range, right: range
) -> list[tuple[int, int]]:
    """The longest rising chain of elements that occur once in each of the two ranges."""
    count_one = Counter(one[n] for n in left)
    count_other = Counter(other[n] for n in right)
    where = {other[j]: j for j in right if count_other[other[j]] == 1}
    pairs = [(i, where[one[i]]) for i in left if count_one[one[i]] == 1 and one[i] in where]
    tails: list[int] = []
    tail_at: list[int] = []
    before: list[int] = []
    for n, (_, j) in enumerate(pairs):
        k = bisect_left(tails, j)
        before.append(tail_at[k - 1] if k else -1)
        if k == len(tails):
            tails.append(j)
            tail_at.append(n)
        else:
            tails[k] = j
            tail_at[k] = n
    chain: list[tuple[int, int]] = []
    n = tail_at[-1] if tail_at else -1
    while n >= 0:
        chain.append(pairs[n])
        n = before[n]
    chain.reverse()
    return chain
