# SPDX-License-Identifier: GPL-2.0-only
"""Functions that were one in one kernel and two in another; entries and paragraphs at one spot."""

from __future__ import annotations

import pytest
from port_fixtures import diff

from zpmaint.diffs.reader import read_patch
from zpmaint.port.one_file import port_file
from zpmaint.port.values import FilePort


def ported(base: str, patched: str, target: str) -> FilePort:
    [part] = read_patch(diff(base, patched, "mm/toy.c"), "x").diffs
    return port_file(part.parsed, base.encode(), target.encode())


HELPER = """static void clean(struct toy *t)
{
	t->state |= HALTED;
	t->stopped = first(t);
	queue_reset(t, 1);
	clean_ring(t, 2);
	ring_bell(t);
}

"""
CALLER = """int handle(struct toy *t)
{
	if (halted(t)) {
		clean(t);
	}
	count(t);
	note(t, t->name);
	wake(t->parent);
	if (t->late)
		later(t);
	settle(t);
	tell(t, 3);
	return t->code;
}
"""
ONE = """int handle(struct toy *t)
{
	if (halted(t)) {
		t->state |= HALTED;
		t->stopped = first(t);
		queue_reset(t, 1);
		clean_ring(t, 2);
		ring_bell(t);
	}
	count(t);
	note(t, t->name);
	wake(t->parent);
	if (t->late)
		later(t);
	settle(t);
	tell(t, 3);
	return t->code;
}
"""
RESET = "	clean_ring(t, 2);\n"
MINE = RESET + "\n	t->stopped = NULL;\n"


def test_the_lines_of_a_function_that_was_its_callers() -> None:
    base = HELPER + CALLER
    done = ported(base, base.replace(RESET, MINE), ONE)
    deep = "\t" + RESET + "\n\t\tt->stopped = NULL;\n"
    assert done.result == ONE.replace("\t" + RESET, deep).encode()
    [hunk] = done.hunks
    assert "clean is gone, and its lines stand in handle" in hunk.why and hunk.confidence < 0.8


STAYS = {
    "the lines stand twice": ONE + ONE.replace("handle", "again"),
    "the lines stand nowhere": ONE.replace("ring_bell", "ring_no_bell").replace("queue", "que"),
    "upstream put a line between": ONE.replace("\t" + RESET, "\t" + RESET + "\t\tnew(t);\n"),
}


@pytest.mark.parametrize("case", STAYS)
def test_else_it_is_a_conflict(case: str) -> None:
    base = HELPER + CALLER
    assert ported(base, base.replace(RESET, MINE), STAYS[case]).result is None


TABLE = """static struct id ids[] = {
	/* one */
	{ USB(0x05ac, 0x8215) },

	/* last */
	{ USB(0x057c, 0x3800) },

	{ }
};
"""
LAST = "	/* last */\n"


@pytest.mark.parametrize(
    ("theirs", "first"), [("0x821a", True), ("0x8216", False), ("0x8218", None)]
)
def test_entries_that_count_up_go_in_their_turn(theirs: str, first: bool | None) -> None:
    mine = "	/* mine */\n	{ USB(0x05ac, 0x8218) },\n\n"
    other = f"	/* other */\n	{{ USB(0x05ac, {theirs}) }},\n\n"
    target = TABLE.replace(LAST, other + LAST)
    done = ported(TABLE, TABLE.replace(LAST, mine + LAST), target)
    if first is None:
        assert done.result is None or all("count up" not in hunk.why for hunk in done.hunks)
        return
    both = mine + other if first else other + mine
    assert done.result == TABLE.replace(LAST, both + LAST).encode()


def test_a_paragraph_that_stood_apart_stands_apart_once() -> None:
    """Where the target has an empty line above the place, the one below is the patch's."""
    base = "config A\n\tbool\n\thelp\n\t  Of A.\nendmenu\n"
    patched = base.replace("endmenu", "\nconfig MINE\n\tbool\n\thelp\n\t  Of mine.\nendmenu")
    target = "config B\n\tbool\n\thelp\n\t  Of B.\n\nendmenu\n"
    [part] = read_patch(diff(base, patched, "mm/Kconfig"), "x").diffs
    done = port_file(part.parsed, base.encode(), target.encode())
    wanted = target.replace("endmenu", "config MINE\n\tbool\n\thelp\n\t  Of mine.\n\nendmenu")
    assert done.result == wanted.encode()


def test_the_head_of_a_function_that_the_patch_takes_along_is_the_targets() -> None:
    """The patch gives the function's lines to a new one, and its head to what is left."""
    base = "static int work(struct toy *t)\n{\n\tone(t);\n\ttwo(t);\n\n\treturn 1;\n}\n"
    patched = base.replace("static int work(struct toy *t)", "static void part(struct toy *t)")
    patched = patched.replace(
        "\ttwo(t);\n\n", "\ttwo(t);\n}\n\nstatic int work(struct toy *t)\n{\n"
    )
    target = base.replace("struct toy *t)", "struct toy *t, int flags)")
    done = ported(base, patched, target)
    assert done.result is None
