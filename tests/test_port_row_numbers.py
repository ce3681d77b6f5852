# SPDX-License-Identifier: GPL-2.0-only
"""Rows of a table that other lines name by their number."""

from __future__ import annotations

import pytest
from port_fixtures import diff

from zpmaint.diffs.reader import read_patch
from zpmaint.port.one_file import port_file
from zpmaint.port.row_numbers import rows
from zpmaint.port.scopes import source
from zpmaint.port.values import FilePort


def ported(base: str, patched: str, target: str) -> FilePort:
    [part] = read_patch(diff(base, patched, "mm/toy.c"), "x").diffs
    return port_file(part.parsed, base.encode(), target.encode())


def table(*names: str) -> str:
    return (
        "static struct id ids[] = {\n"
        + "".join(f"	{{ ID(VENDOR, {name}) }},\n" for name in names)
        + "	{ 0 }\n};\n\n"
    )


def devices(count: int, *more: str) -> str:
    return (
        f"static struct dev devs = {{\n	.count = {count},\n	.devs = {{\n"
        '		{ "first",\n			{ &ids[0], NULL },\n		},\n'
        + "".join(more)
        + "	},\n};\n"
    )


def mine(number: int) -> str:
    return f'		{{ "mine",\n			{{ &ids[{number}], NULL }},\n		}},\n'


BASE = table("A", "B", "C", "D") + devices(1)
PATCHED = table("A", "B", "C", "D", "MINE") + devices(2, mine(4))


def test_a_row_that_the_patch_adds_has_the_targets_number() -> None:
    target = table("A", "B") + devices(1)
    done = ported(BASE, PATCHED, target)
    assert done.result == (table("A", "B", "MINE") + devices(2, mine(2))).encode()
    assert any("ids[4] is ids[2] here" in hunk.why for hunk in done.hunks)


def test_where_the_number_is_the_same_nothing_is_said() -> None:
    target = table("A", "B", "X", "Y") + devices(1)
    done = ported(BASE, PATCHED, target)
    assert done.result == (table("A", "B", "X", "Y", "MINE") + devices(2, mine(4))).encode()
    assert all("here" not in hunk.why for hunk in done.hunks)


def test_a_row_that_the_target_does_not_have_is_a_conflict() -> None:
    """The patch's line names a row of before: that row is not there."""
    patched = BASE.replace(devices(1), devices(2, mine(3)))
    target = (table("A", "B", "X", "Y") + devices(1)).replace('"first"', '"one"')
    assert ported(BASE, patched, target).result is None


ROWS = [
    ("static int t[] = {\n	1, 2, 3\n};\n", [("1",), ("2",), ("3",)]),
    ("static int t[] = {\n	F(1, 2),\n	{ 3, { 4, 5 } },\n};\n", 2),
    ("static int t[] = {\n	[ONE] = 1,\n	[TWO] = 2,\n};\n", None),
    ("static int t[] = {\n#ifdef A\n	1,\n#endif\n	2,\n};\n", None),
    ("static int u[] = { 1 };\n", None),
]


@pytest.mark.parametrize(("text", "wanted"), ROWS)
def test_the_rows_of_a_table(text: str, wanted: object) -> None:
    found = rows(source(text.encode()), "t")
    assert (len(found) if isinstance(wanted, int) and found is not None else found) == wanted
