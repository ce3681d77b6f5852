# SPDX-License-Identifier: GPL-2.0-only
"""releases.json and index pages, read without a server."""

from __future__ import annotations

import json

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from zpmaint.sources.document import RefusedError
from zpmaint.sources.index_page import names_in
from zpmaint.sources.releases_json import Releases, read

GOOD = {"version": "6.12.107", "moniker": "longterm", "iseol": False,
        "released": {"isodate": "2026-11-20"}}  # fmt: skip


def read_rows(*rows: object) -> Releases:
    return read("http://x/releases.json", json.dumps({"releases": rows}).encode())


@pytest.mark.parametrize(
    "row",
    [
        None, 7, "6.12.107", [], ["version"], {}, {"version": None}, {"version": 6.12},
        {"version": ["6.12"]}, {"version": "seven"}, {"version": "7.2-rc3-dontuse"},
        {"version": "2.6.21-git3"}, {"version": "6.12.107-1"}, {"version": "next-20261399"},
        {"version": "9" * 5000}, {"version": "6.12.\x1b[31m7"},
    ],
    ids=lambda row: repr(row)[:30],
)  # fmt: skip
def test_a_row_that_cannot_be_read_is_named_and_the_others_stay(row: object) -> None:
    found = read_rows(row, GOOD)
    assert [str(one.version) for one in found.rows] == ["6.12.107"]
    [name] = found.left_out
    assert len(name) < 70 and name.isprintable() and name != "''"


@pytest.mark.parametrize("name", ["6.12.108-rc1", "6.12.107-rt34", "next-20261126", "7.3-rc7"])
def test_candidates_and_others_are_rows(name: str) -> None:
    assert [str(row.version) for row in read_rows({"version": name}).rows] == [name]


@pytest.mark.parametrize(
    "odd",
    [
        {"released": "tomorrow"}, {"released": {"isodate": "2026-13-40"}}, {"released": [1]},
        {"released": {"isodate": 7}}, {"moniker": 7}, {"moniker": "eternal"}, {"iseol": "no"},
        {"source": 7}, {"changelog": []},
    ],
    ids=str,
)  # fmt: skip
def test_what_is_odd_beside_the_version_is_not_known(odd: dict[str, object]) -> None:
    [row] = read_rows({**GOOD, **odd}).rows
    assert str(row.version) == "6.12.107" and row.eol is False
    assert "released" not in odd or (row.released is None and row.midnight is None)
    assert "moniker" not in odd or row.moniker == ""


@settings(max_examples=30)
@given(
    st.recursive(
        st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
        lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner), max_leaves=12,
    )
)  # fmt: skip
def test_no_row_costs_the_list(row: object) -> None:
    found = read_rows(row, GOOD)
    assert str(found.rows[-1].version) == "6.12.107"
    assert len(found.rows) + len(found.left_out) == 2


def test_an_empty_list_is_none() -> None:
    for rows in ([], ["x", 3]):
        with pytest.raises(RefusedError, match=r"not kernel\.org's list"):
            read_rows(*rows)


NGINX = """<html><head><title>Index of /v6.x/stable-review/</title></head><body>
<h1>Index</h1><hr><pre><a href="../">../</a>
<a href="patch-6.12.108-rc1.gz">patch-6.12.108-rc1.gz</a>   24-Nov-2026 08:03  1000
<a href="old/">old/</a> 24-Nov-2026 -
</pre></body></html>"""
APACHE = """<table><tr><th><a href="?C=N;O=D">Name</a></th></tr><tr><td>
<A HREF="/pub/linux/">Parent</A></td></tr><tr><td><a class=f href='./patch-6.12.108-rc1.gz'>p..</a>
<tr><td><a href="old/">old</a><a>no place</a><a href=""></a><a href="https://x.example/a">out</a>"""


@pytest.mark.parametrize("page", [NGINX, APACHE], ids=["nginx", "apache"])
def test_the_names_of_a_page(page: str) -> None:
    assert names_in(page.encode()) == ["patch-6.12.108-rc1.gz", "old/"]


@settings(max_examples=50)
@given(st.binary(max_size=300))
def test_any_bytes_are_a_page(page: bytes) -> None:
    assert all("/" not in name[:-1] for name in names_in(page))
