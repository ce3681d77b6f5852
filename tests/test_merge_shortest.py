# SPDX-License-Identifier: GPL-2.0-only
"""The common lines of texts that repeat theirs."""

from __future__ import annotations

from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from zpmaint.merge.align import align
from zpmaint.merge.shortest import pairs

words = st.lists(st.sampled_from("ab}"), max_size=25)


def longest(one: list[str], other: list[str]) -> int:
    """The length of a longest common subsequence, by the book."""
    row = [0] * (len(other) + 1)
    for item in one:
        last = row
        row = [0]
        for n, text in enumerate(other):
            row.append(last[n] + 1 if item == text else max(last[n + 1], row[n]))
    return row[-1]


@given(words, words)
def test_as_many_lines_are_kept_as_can_be(one: list[str], other: list[str]) -> None:
    found = pairs(one, other)
    assert all(one[i] == other[j] for i, j in found)
    assert all(a < c and b < d for (a, b), (c, d) in pairwise(found))
    assert len(found) == longest(one, other)


def test_a_line_among_a_hundred_thousand_of_another() -> None:
    one = ["a"] * 100_000
    other = [*one[:50_000], "b", *one[50_000:], "b"]
    assert len(align([*one, "c"], other)) == 100_000


def test_texts_that_have_little_in_common_have_nothing() -> None:
    assert pairs(["a", "b"] * 300, ["c"] * 1000) == []
