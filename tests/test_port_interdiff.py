# SPDX-License-Identifier: GPL-2.0-only
"""The diff of two patches: what a reviewer has to look at, and nothing of the trees between."""

from __future__ import annotations

from collections import Counter

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from port_fixtures import PATH, diff
from test_port_strategies import FAULT, HEAD, PATCHED

from zpmaint.port.interdiff import interdiff

BASE = HEAD + FAULT
PATCH = diff(BASE, HEAD + PATCHED)


def shown(older: str, newer: str) -> list[str]:
    return interdiff(older, newer).text().splitlines()


def test_the_same_change_further_down_differs_in_nothing() -> None:
    above = "/* new */\n" * 40
    moved = diff(above + BASE, above + HEAD + PATCHED)
    assert moved != PATCH
    assert not interdiff(PATCH, moved)
    assert interdiff(PATCH, moved).text() == ""


def test_heads_and_index_lines_are_no_difference() -> None:
    mailed = "From: somebody\nSubject: x\n\n---\n mm/toy.c | 2 +-\n\n" + PATCH + "-- \n2.1\n"
    assert not interdiff(PATCH, mailed)


def test_each_line_has_the_side_and_the_patchs_own_mark() -> None:
    renamed = PATCH.replace("alloc_zeroed", "alloc_movable")
    lines = shown(PATCH, renamed)
    assert lines[:2] == [f" ## {PATH} ##", " @@ fault"]
    at = lines.index("--		page = alloc_zeroed(vma);")
    assert lines[at + 1] == "+-		page = alloc_movable(vma);"
    assert (
        "-+	page = alloc_zeroed(vma);" in lines and "++	page = alloc_movable(vma);" in lines
    )
    assert interdiff(PATCH, renamed).differing == (4, 0)


def test_context_counts_apart() -> None:
    other = diff(BASE.replace("int ret = 0;", "int ret = 1;"), HEAD + PATCHED.replace(
        "int ret = 0;", "int ret = 1;"))  # fmt: skip
    assert interdiff(PATCH, other).differing == (0, 2)
    assert {"- 	int ret = 0;", "+ 	int ret = 1;"} <= set(shown(PATCH, other))


def test_a_file_that_one_lacks_is_all_difference() -> None:
    more = PATCH + diff("a\n", "b\n", "mm/other.c")
    assert shown(PATCH, more) == [" ## mm/other.c ##", "+@@", "+-a", "++b"]
    assert shown(more, PATCH) == [" ## mm/other.c ##", "-@@", "--a", "-+b"]


_TEXTS = st.lists(st.sampled_from(["a\n", "b\n", "{\n", "}\n", "\n", "x = 1;\n"]), max_size=12)


@settings(deadline=None)  # a loaded machine is no failure
@given(_TEXTS, _TEXTS, _TEXTS)
def test_no_line_is_lost_or_made_up(base: list[str], one: list[str], other: list[str]) -> None:
    """Between the '-' and '+' sides stands all in which two patches of a file differ."""
    older, newer = (diff("".join(base), "".join(side)) for side in (one, other))
    if not older or not newer:
        return
    found = interdiff(older, newer)
    assert not interdiff(older, older)
    bodies = [[x for x in p.splitlines()[2:] if not x.startswith("@@")] for p in (older, newer)]
    assert bool(found) == (bodies[0] != bodies[1])
    lines = [line for _, rows in found.files for line in rows if line.mark != "@"]
    for side, body in zip("-+", bodies, strict=True):
        mine = Counter(str(line)[1:] for line in lines if line.side == side)
        rest = Counter(str(line)[1:] for line in lines if line.side == " ")
        assert mine <= Counter(body) and rest <= Counter(body)


@pytest.mark.parametrize("end", ["", "\r\n"])
def test_odd_line_ends_do_not_break_it(end: str) -> None:
    one = diff("a\nb" + end, "a\nc" + end)
    other = diff("a\nb" + end, "a\nd" + end)
    assert "-+c" in shown(one, other) and "++d" in shown(one, other)
