# SPDX-License-Identifier: GPL-2.0-only
"""Tables of conditions: what they may hold, and that the set made of one covers every pair."""

from __future__ import annotations

import itertools
import subprocess
from pathlib import Path

import pytest

from zpmaint.core.errors import UserError
from zpmaint.suites.fault_path.conditions import (
    Table,
    conditions_header,
    conditions_source,
    covering,
    read_table,
)
from zpmaint.suites.fault_path.suite import HERE, condition_tables
from zpmaint.suites.guest.compile import SOURCES as RUNTIME

OURS = ("conditions", "sharing")
SMALL = """
[[property]]
name = "colour"
why = "w"
values = [{ name = "red" }, { name = "dark-blue", since = "4.0-rc1" }, { name = "green" }]
[[property]]
name = "size"
why = "w"
values = [{ name = "small" }, { name = "large" }]
[[property]]
name = "age"
why = "w"
values = [{ name = "new" }, { name = "old" }, { name = "older" }]
[[without]]
these = ["size=large", "colour=green"]
why = "w"
"""


def table_of(name: str) -> Table:
    path = HERE / f"{name}.toml"
    return read_table(path.read_text(encoding="utf-8"), str(path))


@pytest.mark.parametrize("text", [SMALL, *((HERE / f"{name}.toml").read_text() for name in OURS)])
def test_every_two_values_that_go_together_meet_and_no_others(text: str) -> None:
    table = read_table(text, "t")
    rows = covering(table)
    met = {pair for row in rows for pair in itertools.combinations(enumerate(row), 2)}
    assert met == table.pairs()
    assert rows[0] == (0,) * len(table.properties), "the plain one comes first"
    assert len(set(rows)) == len(rows)


def test_the_set_is_small_and_the_same_each_time() -> None:
    table = table_of("conditions")
    sizes = sorted((len(prop.values) for prop in table.properties), reverse=True)
    rows = covering(table)
    assert sizes[0] * sizes[1] * 0.9 <= len(rows) <= sizes[0] * sizes[1] * 1.25
    assert covering(table_of("conditions")) == rows


def test_a_table_becomes_c(tmp_path: Path) -> None:
    table = read_table(SMALL, "t")
    header = conditions_header(table)
    assert "enum { COLOUR, SIZE, AGE };" in header
    assert "enum { COLOUR_RED, COLOUR_DARK_BLUE, COLOUR_GREEN };" in header
    source = conditions_source(table, [(0, 0, 0), (1, 1, 2)], "small")
    assert '{"dark-blue", RELEASE(4, 0, 0)}' in source
    assert "\t{{1, 1, 2}},\n" in source
    assert "const struct table small = {3, 2, properties, rows};" in source


def test_our_tables_fit_into_a_row_of_the_guest() -> None:
    most = next(
        int(line.split("=")[1].split()[0])
        for line in (HERE / "c" / "rows.h").read_text().splitlines()
        if "ROW_MOST =" in line
    )
    assert all(len(table_of(name).properties) <= most for name in OURS)
    assert [name for name, _ in condition_tables()] == [
        f"{name}.gen.{kind}" for name in OURS for kind in "hc"
    ]
    assert (RUNTIME / "suite.h").is_file()


@pytest.mark.parametrize(
    ("old", "new", "fault"),
    [
        (
            '"size=large", "colour=green"',
            '"size=large", "colour=grey"',
            "'colour=grey'|colour=grey",
        ),
        ('"size=large", "colour=green"', '"size=large"', "two, and a why"),
        ('"size=large", "colour=green"', '"size=large", "size=small"', "never meet"),
        ('name = "age"\nwhy = "w"', 'name = "age"', "property 'age'"),
        ('since = "4.0-rc1"', 'since = "soon"', "'soon' is not a kernel version"),
        ("[[property]]", "[[property", "not TOML"),
    ],
)
def test_a_wrong_table_is_refused(old: str, new: str, fault: str) -> None:
    assert old in SMALL
    with pytest.raises(UserError, match=fault):
        read_table(SMALL.replace(old, new, 1), "t")


def test_a_value_that_goes_with_nothing_is_told() -> None:
    alone = "".join(
        f'[[without]]\nthese = ["size=large", "age={age}"]\nwhy = "w"\n'
        for age in ("new", "old", "older")
    )
    with pytest.raises(UserError, match="fits into no row"):
        covering(read_table(SMALL + alone, "t"))


ROWS = r"""
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>
#include "rows.h"
#include "suite.h"
#include "tell.h"
#include "small.gen.h"
extern const struct table small;
struct choice choice = {.as_init = 1};
static void body(struct row *row, int way)
{
	if (row->is[AGE] == AGE_OLD && row->is[SIZE] == SIZE_LARGE)
		BAD;
	strcpy(outcome->word, way ? "b" : "a");
}
int main(void)
{
	static const char *const words[] = {"a", "b", NULL};
	tell_to(1);
	run_table(&small, body, 0, words);
}
"""


@pytest.mark.parametrize(
    ("bad", "lines"),
    [
        ("(void)0", ["O a"]),
        ('fails("wrong", "text %d", 7)', ["N size=large age=old (way 0): text 7", "F wrong"]),
        ("_exit(3)", ["N size=large age=old (way 0): exit status 3", "F no-word"]),
        ("*(volatile char *)8 = 1", ["N size=large age=old (way 0): by signal 11", "F killed"]),
        ("way = 1", ["N size=large age=old (way 0): b, and a elsewhere", "F mixed"]),
    ],
)
def test_the_guest_makes_a_failing_row_smaller(tmp_path: Path, bad: str, lines: list[str]) -> None:
    table = read_table(SMALL.replace('since = "4.0-rc1"', 'since = "2.6.16"'), "t")
    (tmp_path / "small.gen.h").write_text(conditions_header(table))
    (tmp_path / "small.gen.c").write_text(conditions_source(table, covering(table), "small"))
    (tmp_path / "main.c").write_text(ROWS.replace("BAD", bad))
    folders = (tmp_path, HERE / "c", RUNTIME)
    sources = [tmp_path / "small.gen.c", tmp_path / "main.c", HERE / "c" / "rows.c"]
    command = ["gcc", "-std=gnu11", "-o", tmp_path / "rows", *(f"-I{f}" for f in folders)]
    subprocess.run([*command, *sources, RUNTIME / "tell.c"], check=True)
    told = subprocess.run([tmp_path / "rows"], capture_output=True, text=True, check=False).stdout
    assert [line for line in told.splitlines() if "left out" not in line] == lines
