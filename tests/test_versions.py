# SPDX-License-Identifier: GPL-2.0-only
"""Names of kernels: read, printed, ordered as the field does it."""

from __future__ import annotations

import random
from itertools import combinations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from zpmaint.core.errors import UserError
from zpmaint.core.versions import KernelVersion

# In the order in which these kernels were made.
ORDERED = [
    "2.6.12-rc2", "2.6.12", "2.6.20-rc1", "2.6.20-rc7", "2.6.20", "2.6.20.4-rc1", "2.6.20.4",
    "2.6.20.21",
    "2.6.21-rc3", "2.6.21", "2.6.39.4", "3.0-rc1", "3.0", "3.0.1", "3.10.108", "4.9", "5.10.262",
    "6.1.8", "6.1.176-rc1", "6.1.176-rc2", "6.1.176", "6.12-rc1", "6.12", "6.12.43",
    "6.12.43-1~bpo12+1", "6.12.43-1",
    "6.12.107-1", "6.12.107-2", "6.12.107-10", "6.12.107-rt9", "6.12.107-rt34", "6.12.107-rt34-1",
    "6.12.108-rc1", "7.3-rc3-rt1", "7.3-rc7", "7.3-rc7-1~exp1", "7.3",
    "next-20261119", "next-20261120",
]  # fmt: skip


def test_order() -> None:
    shuffled = [KernelVersion.parse(name) for name in ORDERED]
    random.Random(1).shuffle(shuffled)
    assert [str(v) for v in sorted(shuffled)] == ORDERED


def test_each_is_newer_than_all_before_it() -> None:
    """Of any two: a list that is sorted by half of what counts may come out right by chance."""
    for older, newer in combinations([KernelVersion.parse(name) for name in ORDERED], 2):
        assert older < newer and not newer < older and older != newer, (older, newer)


@pytest.mark.parametrize(
    ("written", "printed", "tag", "series"),
    [
        ("v2.6.21-rc3", "2.6.21-rc3", "v2.6.21-rc3", "2.6.21"),
        ("2.6.20.4", "2.6.20.4", "v2.6.20.4", "2.6.20"),
        ("3.0.0", "3.0", "v3.0", "3.0"),
        ("6.12.0", "6.12", "v6.12", "6.12"),
        ("7.3~rc7-1~exp1", "7.3-rc7-1~exp1", "v7.3-rc7", "7.3"),
        ("6.12.107-1", "6.12.107-1", "v6.12.107", "6.12"),
        ("next-20261120", "next-20261120", "next-20261120", "next"),
        (" v6.1.8 ", "6.1.8", "v6.1.8", "6.1"),
        ("v6.12.107-rt34", "6.12.107-rt34", "v6.12.107-rt34", "6.12"),
        ("7.3-rc3-rt1", "7.3-rc3-rt1", "v7.3-rc3-rt1", "7.3"),
    ],
)
def test_forms(written: str, printed: str, tag: str, series: str) -> None:
    version = KernelVersion.parse(written)
    assert (str(version), version.tag, version.series) == (printed, tag, series)


@pytest.mark.parametrize(
    "text",
    ["", "6", "2.6", "6.12.", "6.12.1-rc", "2.6.20.4-rc1-rc2", "6.12.1.1", "2.6.1.2.3", "v", "-1",
     "6.12.107-rt", "6.12.107-rt34-rebase", "7.2-rc3-dontuse", "v2.6.21-git3", "next-20261331",
     "next-20260230", "linux-6.12", "next-2026", "6.12-rc", "6.12;rm", "٦.١٢", "2.6.21\n3"],
)  # fmt: skip
def test_not_a_version(text: str) -> None:
    with pytest.raises(UserError) as caught:
        KernelVersion.parse(text)
    assert repr(text.strip()) in caught.value.what
    assert "\n" not in caught.value.what


def test_only_a_release_is_one() -> None:
    names = ("6.12.107", "6.12.107-1", "6.12.107-rc1", "6.12.107-rt34", "next-20261120")
    assert [KernelVersion.parse(name).is_release for name in names] == [True, True, *[False] * 3]
    assert str(KernelVersion.parse("6.12.107-rt34-1").upstream) == "6.12.107-rt34"


def test_equal_names_are_one_kernel() -> None:
    assert len({KernelVersion.parse(n) for n in ("6.12", "v6.12", "6.12.0")}) == 1
    assert KernelVersion.parse("6.12.107-1") != KernelVersion.parse("6.12.107")
    assert KernelVersion.parse("6.12.107-1").upstream == KernelVersion.parse("6.12.107")


_modern = st.builds(
    lambda major, minor, point: f"{major}.{minor}.{point}",
    st.integers(3, 9), st.integers(0, 40), st.integers(1, 400),
)  # fmt: skip
_candidates = st.builds(
    lambda major, minor, rc: f"{major}.{minor}-rc{rc}",
    st.integers(3, 9), st.integers(0, 40), st.integers(1, 12),
)  # fmt: skip


@given(st.one_of(_modern, _candidates))
def test_printed_is_read_back(text: str) -> None:
    assert str(KernelVersion.parse(text)) == text
    assert KernelVersion.parse(KernelVersion.parse(text).tag) == KernelVersion.parse(text)


@given(st.lists(st.one_of(_modern, _candidates, st.sampled_from(ORDERED)), min_size=3, max_size=3))
def test_order_is_total(texts: list[str]) -> None:
    a, b, c = sorted(KernelVersion.parse(text) for text in texts)
    assert a <= b <= c
    assert a <= c
    assert (a == c) == (not a < c)


def test_what_is_no_kernel_is_neither_equal_nor_ordered() -> None:
    version = KernelVersion.parse("6.12")
    assert version not in ("6.12", (6, 12, 0))
    assert version.__eq__("6.12") is NotImplemented, "the other side may know"


@pytest.mark.parametrize(
    ("text", "says", "hint"),
    [
        ("6.12.1.1", "has 4 numbers, a 6.x kernel has at most 3", "write it as 2.6.20.4"),
        ("2.6", "names a whole series", "name one kernel of it: 2.6.20"),
        ("next-20261331", "is of no day", "next-20261120"),
        ("6.12;rm", "is not a kernel version", "write it as 2.6.20.4"),
    ],
)
def test_a_mistake_is_told_with_what_would_be_right(text: str, says: str, hint: str) -> None:
    with pytest.raises(UserError) as caught:
        KernelVersion.parse(text)
    assert says in caught.value.what and hint in caught.value.hint


def test_a_name_is_shown_for_what_it_is() -> None:
    assert repr(KernelVersion.parse("v6.12.0")) == "KernelVersion('6.12')"
    version = KernelVersion.parse("7.3-rc3-rt1")
    assert (version.numbers, version.rc, version.rt, version.debian) == ((7, 3, 0), 3, 1, None)
    assert KernelVersion.parse("2.6.20").numbers == (2, 6, 20, 0)
    assert KernelVersion.parse("next-20261120").upstream.next_date == 20261120
