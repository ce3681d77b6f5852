# SPDX-License-Identifier: GPL-2.0-only
# ruff: noqa: E101  (Kconfig indents its help by a tab and two blanks)
"""Runs of changes that follow their neighbours, hunks in pieces, and what both sides added."""

from __future__ import annotations

import pytest

from tests.port_fixtures import carry, outcome, placed
from zpmaint.port.values import State

KCONFIG = """config A
	bool "A"
	select GAMMA
	select OMEGA
	help
	  Words of A.

config B
	bool "B"
	depends on A
	help
	  Words of B.

config C
	bool "C"
"""
INCLUDES = """#include <linux/alpha.h>
#include <linux/beta.h>
#include <linux/mm.h>

int one(void)
{
	return 1;
}
"""


def test_a_line_beside_an_edited_one() -> None:
    """Three-way calls neighbours a conflict; the entry of Kconfig tells where the line goes."""
    patched = KCONFIG.replace('	bool "B"\n', '	bool "B"\n	default y\n')
    target = KCONFIG.replace("depends on A\n", "depends on A && X\n")
    ported = carry(KCONFIG, patched, target, path="mm/Kconfig")
    assert outcome(ported) == target.replace('	bool "B"\n', '	bool "B"\n	default y\n')
    assert ported.files[0].hunks[0].scope == "B"


def test_alike_entries_are_told_apart() -> None:
    """The same lines in three entries: the hunk stays in its own, which moved."""
    entry = 'config {}\n	bool "{}"\n	depends on X\n	default y\n\n'
    base = "".join(entry.format(n, n) for n in "ABC")
    patched = base.replace('"B"\n	depends on X\n', '"B"\n	depends on X && Y\n')
    target = "".join(entry.format(n, n).replace("	bool", "	def_bool") for n in "BAC")
    ported = carry(base, patched, target, path="mm/Kconfig")
    wanted = target.replace('"B"\n	depends on X\n', '"B"\n	depends on X && Y\n')
    assert outcome(ported) == wanted


def test_both_added_to_a_sorted_list() -> None:
    patched = KCONFIG.replace("	select OMEGA\n", "	select MINE\n	select OMEGA\n")
    target = KCONFIG.replace("	select OMEGA\n", "	select KAPPA\n	select OMEGA\n")
    ported = carry(KCONFIG, patched, target, path="mm/Kconfig")
    assert "select GAMMA\n	select KAPPA\n	select MINE\n	select OMEGA\n" in outcome(ported)
    assert ported.confidence < 0.8
    target = KCONFIG.replace("	select OMEGA\n", "	select NU\n	select OMEGA\n")
    ported = carry(KCONFIG, patched, target, path="mm/Kconfig")
    assert "select GAMMA\n	select MINE\n	select NU\n	select OMEGA\n" in outcome(ported)


def test_both_added_the_same_line() -> None:
    patched = KCONFIG.replace("	select OMEGA\n", "	select MINE\n	select OMEGA\n")
    target = patched.replace("Words of A", "Text of A")
    ported = carry(KCONFIG, patched, target, path="mm/Kconfig")
    assert ported.state is State.CONFLICT
    assert "as if upstream had adopted" in ported.why


def test_both_added_includes() -> None:
    patched = INCLUDES.replace("mm.h>\n", "mm.h>\n#include <linux/own.h>\n")
    target = INCLUDES.replace("mm.h>\n", "mm.h>\n#include <linux/new.h>\n")
    ported = carry(INCLUDES, patched, target)
    assert "mm.h>\n#include <linux/new.h>\n#include <linux/own.h>\n\n" in outcome(ported)
    assert ported.confidence < 0.8


def test_the_end_of_a_file_stays_the_end() -> None:
    base = "a\nb\nc\nlast\n"
    ported = carry(base, base + "\nown\n", base + "\ntheirs\n", path=".gitignore")
    assert outcome(ported) == base + "\ntheirs\n\nown\n"
    assert ported.confidence < 0.8


def test_statements_added_at_the_same_spot_are_no_list() -> None:
    base = "int f(int a)\n{\n	start(a);\n	end(a);\n	return 0;\n}\n"
    patched = base.replace("	end(a);", "	mine(a);\n	end(a);")
    target = base.replace("	end(a);", "	yours(a);\n	end(a);")
    assert carry(base, patched, target).state is State.CONFLICT


def test_a_paragraph_goes_with_what_upstream_added_inside() -> None:
    base = "# one\na\n\n# not ours\nb1\nb2\nb3\n\n# two\nc\n"
    patched = base.replace("# not ours\nb1\nb2\nb3\n\n", "")
    target = base.replace("b2\n", "b2\nb2a\n")
    ported = carry(base, patched, target, path=".gitignore")
    assert outcome(ported) == patched
    assert "upstream's inside go along" in ported.files[0].hunks[0].why


def test_lines_that_move_are_not_deleted_with_upstreams_edits() -> None:
    """Deleted here and added there: upstream's edit must not get lost on the way."""
    block = "ifdef A\nx := one\ny := two\nz := three\nendif\n\n"
    base = f"top := a\n{block}mid := m\nrest := r\nmore := s\n\nend := e\n"
    patched = f"top := a\nmid := m\nrest := r\nmore := s\n\n{block}end := e\n"
    target = base.replace("y := two\n", "y := two\nnew := upstream\n")
    ported = carry(base, patched, target, path="Makefile")
    assert outcome(ported) == patched.replace("y := two\n", "y := two\nnew := upstream\n")


def test_pieces_of_a_hunk_in_two_functions() -> None:
    base = (
        "int f(void)\n{\n	one();\n	last();\n}\n\nint g(void)\n{\n	first();\n	two();\n"
        "	return 0;\n}\n"
    )
    patched = base.replace("	last();\n", "	last();\n	mine();\n").replace(
        "	first();\n", "	first();\n	also();\n"
    )
    target = base.replace("}\n\nint g", "}\n\nint between;\n\nint g").replace("one()", "uno()")
    ported = carry(base, patched, target)
    wanted = target.replace("	last();\n", "	last();\n	mine();\n").replace(
        "	first();\n", "	first();\n	also();\n"
    )
    assert outcome(ported) == wanted
    assert placed(ported) == ["pieces"]


def test_a_reworded_condition_is_the_same_one() -> None:
    base = "ifdef need-build\nobj-y := a.o b.o c.o\nx := 1\ny := 2\nz := 3\nendif\n"
    patched = base.replace("y := 2\n", "y := 2\nown := 1\n")
    target = base.replace("need-build", "need-sub-build").replace("z := 3", "z := 33")
    ported = carry(base, patched, target, path="Makefile")
    assert outcome(ported) == target.replace("y := 2\n", "y := 2\nown := 1\n")


def test_another_condition_is_another_place() -> None:
    base = "ifdef need-build\nobj-y := a.o b.o c.o\nx := 1\ny := 2\nz := 3\nendif\n"
    patched = base.replace("y := 2\n", "y := 2\nown := 1\n")
    target = base.replace("ifdef need-build", "ifneq ($(SRC),)").replace("z := 3", "z := 33")
    assert carry(base, patched, target, path="Makefile").state is State.CONFLICT


def test_not_into_another_ifdef() -> None:
    base = "int a;\nint b;\nint c;\n"
    patched = "int a;\nint b;\nint own;\nint c;\n"
    target = "int a;\nint q;\n#ifdef NEVER\nint b;\n#endif\nint r;\n"
    ported = carry(base, patched, target)
    assert outcome(ported) in ("", target.replace("int r;", "int own;\nint r;"))


def test_a_symbol_that_upstream_defines_too() -> None:
    """The port would define a label, a case or a config twice."""
    one = "	case 1:\n		one();\n		break;\n"
    base = f"int f(int a)\n{{\n	switch (a) {{\n{one}	}}\n	x();\n}}\n"
    patched = base.replace(one, f"{one}	case 2:\n		mine();\n		break;\n")
    target = base.replace(
        "	case 1:", "	case 2:\n		yours();\n		break;\n	case 1:"
    )
    ported = carry(base, patched, target)
    assert ported.state is State.CONFLICT
    assert "case 2" in ported.why


def test_a_deletion_that_takes_the_empty_line_behind_its_scope_along() -> None:
    """What is deleted reaches over the end of the scope that it is in."""
    rows = "config OWN\n\tbool\n\tselect A\n\tselect B\n\tselect C\n\n"
    base = f"config X\n\tbool\n\n{rows}config Y\n\tbool\n"
    patched = base.replace("\tselect B\n\tselect C\n\n", "")
    target = base.replace("select B\n", "select B\n\tselect NEW\n").replace(
        "select C\n", "select C\n\tselect D\n"
    )
    ported = carry(base, patched, target, path="mm/Kconfig")
    assert "select A\n\tselect D\n\nconfig Y" in outcome(ported)


def test_an_edit_does_not_go_to_another_entry() -> None:
    """util-linux' Makemodule.am: upstream put another program where lsfd was; between them the
    two sides leave no name of the line."""
    base = "if BUILD_LSFD\nbin_PROGRAMS += lsfd\nMANPAGES += lsfd.1\nendif\n"
    patched = base.replace("bin_PROGRAMS", "usrbin_exec_PROGRAMS")
    target = base.replace("LSFD", "PIPESZ").replace("lsfd", "pipesz")
    assert carry(base, patched, target, path="misc/Makefile.am").state is State.CONFLICT
    kept = base.replace("+= lsfd\n", "+= lsfd lsfd2\n")
    assert "usrbin_exec_PROGRAMS += lsfd lsfd2" in outcome(
        carry(base, patched, kept, path="misc/Makefile.am")
    )


@pytest.mark.parametrize(
    ("theirs", "wanted"),
    [
        ("static int links __read_mostly;", "static int links __read_mostly = 1;"),
        ("static int links __read_mostly = 2;", ""),
    ],
)
def test_zero_that_upstream_left_out_is_still_zero(theirs: str, wanted: str) -> None:
    """fs/namei.c: a variable of static storage that upstream made static, without its `= 0`."""
    base = "int other(void);\n\nint links __read_mostly = 0;\nint fifos __read_mostly;\n"
    patched = base.replace("= 0", "= 1")
    target = base.replace("int links __read_mostly = 0;", theirs).replace("int f", "static int f")
    said = outcome(carry(base, patched, target))
    assert said == (target.replace(theirs, wanted) if wanted else "")


def test_a_local_that_upstream_sets_later_is_no_zero() -> None:
    base = "int f(int a)\n{\n	int err = 0;\n	int ret;\n	go(a);\n	return err;\n}\n"
    patched = base.replace("err = 0;", "err = 1;")
    target = base.replace("int err = 0;", "long err;").replace("int ret;", "long ret;")
    assert carry(base, patched, target).state is State.CONFLICT


LIST = "static const char *const names[] = {{\n{}\tlast_of_all,\n}};\n"


def names(*given: str) -> str:
    return LIST.format("".join(f"\tword_{name},\n" for name in given))


def test_a_row_whose_neighbour_has_become_another() -> None:
    """The row below is gone, and the target has one of its own there: that is less sure."""
    base, patched = names("a", "b", "c", "d"), names("a", "b", "mine", "c", "d")
    target = names("a", "b", "d").replace("\tword_d", "\tother(of, another, kind),\n\tword_d")
    ported = carry(base, patched, target)
    gone = carry(base, patched, names("a", "b", "d"))
    assert outcome(gone) == names("a", "b", "mine", "d")
    assert ported.confidence <= 0.75
