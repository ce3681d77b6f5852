# SPDX-License-Identifier: GPL-2.0-only
"""Planting a bug: exact text, in its function, once; or said not to be there."""

from __future__ import annotations

import pytest

from zpmaint.core.eras import Era
from zpmaint.core.versions import KernelVersion
from zpmaint.mutation.place import place
from zpmaint.mutation.values import Edit, Mutant, Placed, Text

V612 = KernelVersion.parse("6.12.107")
SOURCE = b"""\
static int helper(void)
{
	lock();
	count++;
	return 0;
}

int fault(void)
{
	lock();
	count++;
	if (twice)
		lock();
	return 0;
}
"""


def edit(find: str, replace: str, scope: str = "fault", file: str = "mm/memory.c") -> Edit:
    return Edit(file, scope, find, replace)


def mutant(*texts: Text) -> Mutant:
    return Mutant("bug", "counter", "why", {}, texts)


def planted(*edits: Edit) -> Placed | str:
    files = {"mm/memory.c": SOURCE, "mm/other.c": b"int other(void)\n{\n\treturn 1;\n}\n"}
    return place(mutant(Text(Era(), edits, "")), V612, files.get)


def test_only_its_function_is_touched() -> None:
    got = planted(edit("count++;", ";"))
    assert isinstance(got, Placed)
    after = got.files["mm/memory.c"]
    assert after.count(b"count++;") == 1
    assert after.index(b"count++;") < after.index(b"int fault")
    assert after == SOURCE[: SOURCE.rindex(b"count++;")] + after[SOURCE.rindex(b"count++;") :]


@pytest.mark.parametrize(
    ("one", "why"),
    [
        (edit("lock();", ";"), "mm/memory.c: fault: its text is there 2 times"),
        (edit("unlock();", ";"), "mm/memory.c: fault: not its text"),
        (edit("count++;", ";", scope="gone"), "mm/memory.c: gone is not there"),
        (edit("count++;", ";", scope=""), "mm/memory.c: its text is there 2 times"),
        (edit("count++;", ";", file="mm/gone.c"), "mm/gone.c is not there"),
    ],
)
def test_what_cannot_be_placed_says_why(one: Edit, why: str) -> None:
    assert planted(one) == why


def test_twins_that_both_hold_the_text_are_no_place() -> None:
    twins = b"int f(void)\n{\n\ta();\n}\n\nint f(void)\n{\n\ta();\n}\n"
    text = Text(Era(), (Edit("f.c", "f", "a();", ";"),), "")
    got = place(mutant(text), V612, {"f.c": twins}.get)
    assert got == "f.c: f: its text in several functions"


def test_of_twins_the_one_that_holds_the_text_is_meant() -> None:
    twins = b"#ifdef A\nint f(void)\n{\n\ta();\n}\n#else\nint f(void)\n{\n\tb();\n}\n#endif\n"
    text = Text(Era(), (Edit("f.c", "f", "b();", ";"),), "")
    got = place(mutant(text), V612, {"f.c": twins}.get)
    assert isinstance(got, Placed)
    assert got.files["f.c"] == twins.replace(b"b();", b";")


def test_a_bug_of_two_places_is_planted_whole_or_not() -> None:
    both = planted(edit("count++;", ";"), edit("return 1;", "return 2;", "other", "mm/other.c"))
    assert isinstance(both, Placed)
    assert set(both.files) == {"mm/memory.c", "mm/other.c"}
    assert isinstance(planted(edit("count++;", ";"), edit("gone();", ";")), str)


def test_two_edits_of_one_file_add_up() -> None:
    got = planted(edit("count++;", ";"), edit("if (twice)", "if (0)"))
    assert isinstance(got, Placed)
    assert b"if (0)" in got.files["mm/memory.c"]
    assert got.files["mm/memory.c"].count(b"count++;") == 1


def test_the_lines_below_keep_their_numbers() -> None:
    got = planted(edit("count++;\n\tif (twice)\n\t\tlock();\n", ""))
    assert isinstance(got, Placed)
    after = got.files["mm/memory.c"]
    assert after.count(b"\n") == SOURCE.count(b"\n")
    assert after.splitlines().index(b"\treturn 0;", 6) == 13


def test_the_first_text_of_the_kernels_era_that_can_be_placed_is_it() -> None:
    old = Text(Era(until=KernelVersion.parse("3.0")), (edit("count++;", "old;"),), "")
    other = Text(Era(), (edit("gone();", "other;"),), "")
    right = Text(Era(), (edit("count++;", "right;"),), "argued")
    got = place(mutant(old, other, right), V612, {"mm/memory.c": SOURCE}.get)
    assert isinstance(got, Placed)
    assert got.text is right
    assert b"right;" in got.files["mm/memory.c"]
    assert place(mutant(old), V612, {"mm/memory.c": SOURCE}.get) == "no text is for 6.12.107"
