# SPDX-License-Identifier: GPL-2.0-only
"""Ranges of kernels: series as people write them, eras as data files declare them."""

from __future__ import annotations

import pytest

from zpmaint.core.eras import Era
from zpmaint.core.errors import UserError
from zpmaint.core.series import holds, named, numbers_of
from zpmaint.core.versions import KernelVersion

V = KernelVersion.parse


@pytest.mark.parametrize(
    ("text", "series"),
    [
        ("6.12.y", "6.12"), ("6.12.x", "6.12"), ("6.12.*", "6.12"), ("v6.12.y", "6.12"),
        ("7.*", "7"), ("2.6.20.*", "2.6.20"), ("6.12", None), ("6.12.107", None), ("6.12.z", None),
        ("2.6.20.4.*", None), ("6.12.y ", None), ("y", None), ("", None),
    ],
)  # fmt: skip
def test_a_series_is_named(text: str, series: str | None) -> None:
    assert named(text) == series


def test_only_the_wildcards_that_are_meant() -> None:
    assert named("6.12.*", "*") == "6.12"
    assert named("6.12.y", "*") is None


@pytest.mark.parametrize(
    ("series", "version", "is_of_it"),
    [
        ("6.12", "6.12.107", True), ("6.12", "6.12", True), ("6", "6.12.107", True),
        ("6.1", "6.12.107", False), ("6.12", "6.1.12", False), ("2.6.20", "2.6.20.4", True),
        ("2.6.20", "2.6.21", False), ("6.12.107", "6.12.107-1", True),
        ("7", "next-20261120", False),
    ],
)  # fmt: skip
def test_a_series_holds_its_kernels(series: str, version: str, is_of_it: bool) -> None:
    assert holds(series, V(version)) is is_of_it


@pytest.mark.parametrize("text", ["", "6.", "6.12.y", "v6", "2.6.20.4", "6.12345678901", "6 12"])
def test_what_is_no_series_is_said(text: str) -> None:
    with pytest.raises(UserError, match="is not a series") as caught:
        numbers_of(text)
    assert repr(text) in caught.value.what and "6.12" in caught.value.hint


def test_numbers() -> None:
    assert (numbers_of("6.12"), numbers_of("7"), numbers_of("2.6.20")) == (
        (6, 12),
        (7,),
        (2, 6, 20),
    )


@pytest.mark.parametrize(
    ("since", "until", "inside", "outside"),
    [
        (None, None, ["2.6.12", "next-20261120"], []),
        ("3.0", None, ["3.0", "3.0.1", "next-20261120"], ["2.6.39.4", "3.0-rc1"]),
        (None, "3.0", ["2.6.39.4", "3.0-rc7"], ["3.0", "3.0.1"]),
        ("3.0", "4.9", ["3.0", "4.8.17", "4.9-rc8"], ["2.6.39", "4.9", "4.9.1"]),
        ("3.0", "3.0", [], ["3.0", "2.6.39", "3.1"]),
    ],
)
def test_an_era_is_half_open(
    since: str | None, until: str | None, inside: list[str], outside: list[str]
) -> None:
    era = Era.parse(since, until)
    assert [text for text in (*inside, *outside) if V(text) in era] == inside


def test_debians_revision_is_of_its_kernels_era() -> None:
    era = Era.parse("6.12.107", "6.12.108")
    assert V("6.12.107-1") in era and V("6.12.107-1~bpo12+1") in era
    assert V("6.12.108-1") not in era


def test_an_era_ends_with_the_release_that_took_the_change_over() -> None:
    era = Era(V("5.0"), None, (V("6.1.176"), V("6.12.3")))
    inside = ["5.0", "6.1.175", "6.2", "6.12.2", "6.13"]
    outside = ["4.20", "6.1.176", "6.1.177", "6.1.176-1", "6.12.3"]
    assert [text for text in (*inside, *outside) if V(text) in era] == inside


@pytest.mark.parametrize("end", ["6", "x"])
def test_an_end_that_is_no_version_is_said(end: str) -> None:
    with pytest.raises(UserError):
        Era.parse(end, None)
    with pytest.raises(UserError):
        Era.parse(None, end)
    assert Era.parse("", "") == Era()
