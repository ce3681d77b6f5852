# SPDX-License-Identifier: GPL-2.0-only
"""Identifiers that upstream renamed between the base and the target, learned from the lines.

A line that changed and whose tokens differ only in names is a witness for each name. A rename
counts only where its witnesses agree, and where the scope has no line left that keeps the name:
a name that lives on under both spellings is not a rename, but two things.
"""

from __future__ import annotations

import re
from collections import Counter, defaultdict
from collections.abc import Iterator, Sequence
from functools import lru_cache

from zpmaint.merge.align import gaps
from zpmaint.merge.lines import squeezed
from zpmaint.merge.tokens import code, is_identifier, similarity, tokens


def learn(base: Sequence[str], target: Sequence[str]) -> dict[str, str]:
    """Old name -> new name, for the names that changed consistently from base to target."""
    return dict(_learned(tuple(base), tuple(target)))


@lru_cache(maxsize=64)  # all hunks of a scope, and all strategies, ask for the same one
def _learned(base: tuple[str, ...], target: tuple[str, ...]) -> dict[str, str]:
    votes = substitutions(base, target)
    kept = set(code("".join(target)))
    known = set(code("".join(base)))
    learned = {}
    for name, seen in votes.items():
        (new, _), *others = seen.most_common()
        if not others and name not in kept and new not in known:
            learned[name] = new
    taken = Counter(learned.values())
    return {old: new for old, new in learned.items() if taken[new] == 1}


def substitutions(base: Sequence[str], target: Sequence[str]) -> dict[str, Counter[str]]:
    """Name -> the names put in its stead, in lines where nothing but names changed."""
    votes: defaultdict[str, Counter[str]] = defaultdict(Counter)
    for old, new in edited_pairs(base, target):
        one, other = tokens(old), tokens(new)
        if len(one) != len(other):
            continue
        differing = [(a, b) for a, b in zip(one, other, strict=True) if a != b]
        if all(is_identifier(a) and is_identifier(b) for a, b in differing):
            for a, b in differing:
                votes[a][b] += 1
    return votes


def edited_pairs(base: Sequence[str], target: Sequence[str]) -> Iterator[tuple[str, str]]:
    """Lines of the base with the lines of the target that they became by an edit."""
    one = [squeezed(line) for line in base]
    other = [squeezed(line) for line in target]
    for a, b, c, d in gaps(one, other):
        for i, j in pair_edited(one[a:b], other[c:d]):
            yield one[a + i], other[c + j]


def pair_edited(
    one: Sequence[str], other: Sequence[str], least: float = 0.6
) -> list[tuple[int, int]]:
    """The lines of two runs that are most likely the same line edited, in order.

    The chain with the greatest sum of similarities; pairs below `least` do not count.
    """
    if not one or not other or len(one) * len(other) > 20000:
        return []
    left = [tokens(line) for line in one]
    right = [tokens(line) for line in other]
    best = [[0.0] * (len(right) + 1) for _ in range(len(left) + 1)]
    score: dict[tuple[int, int], float] = {}
    for i in range(len(left) - 1, -1, -1):
        for j in range(len(right) - 1, -1, -1):
            best[i][j] = max(best[i + 1][j], best[i][j + 1])
            sizes = len(left[i]), len(right[j])
            if 2 * min(sizes) < least * sum(sizes):
                continue  # not even if all tokens of the shorter were in the longer
            alike = similarity(left[i], right[j])
            if alike >= least:
                score[i, j] = alike
                best[i][j] = max(best[i][j], alike + best[i + 1][j + 1])
    pairs = []
    i = j = 0
    while i < len(left) and j < len(right):
        if (i, j) in score and best[i][j] == score[i, j] + best[i + 1][j + 1]:
            pairs.append((i, j))
            i, j = i + 1, j + 1
        elif best[i][j] == best[i + 1][j]:
            i += 1
        else:
            j += 1
    return pairs


def apply(lines: Sequence[str], names: dict[str, str]) -> list[str]:
    """Lines with the names replaced, whole words only."""
    if not names:
        return list(lines)
    pattern = re.compile(r"\b(?:" + "|".join(map(re.escape, names)) + r")\b")
    return [pattern.sub(lambda found: names[found[0]], line) for line in lines]
