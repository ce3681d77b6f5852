# SPDX-License-Identifier: GPL-2.0-only
"""Additions whose next lines are gone, and labels of a switch."""

from __future__ import annotations

import pytest
from port_fixtures import diff

from zpmaint.diffs.reader import read_patch
from zpmaint.port.checks import remnants
from zpmaint.port.one_file import jobs_of, port_file
from zpmaint.port.placed import Placed
from zpmaint.port.placement import Placement
from zpmaint.port.values import FilePort


def ported(base: str, patched: str, target: str, path: str = "mm/toy.c") -> FilePort:
    [part] = read_patch(diff(base, patched, path), "x").diffs
    return port_file(part.parsed, base.encode(), target.encode())


SETTLED = Placed.SETTLED

IDS = """#define VENDOR_A	0x1
#define DEVICE_A_ONE	0x11

#define VENDOR_S	0x2
#define DEVICE_S_ONE	0x21
#define DEVICE_S_TWO	0x22

#define VENDOR_T	0x3
#define DEVICE_T_ONE	0x31

#define VENDOR_U	0x4
"""
T = "#define VENDOR_T"
MINE = "#define VENDOR_SX	0x9\n#define DEVICE_SX	0x91\n\n"
OLD_IDS = IDS.replace("#define DEVICE_S_TWO	0x22\n", "").replace(
    "#define VENDOR_T	0x3\n#define DEVICE_T_ONE	0x31\n\n", ""
)
TABLE = """static struct quirk quirks[] = {
	QUIRK(0x1, "one"),
	QUIRK(0x2, "two"),
	QUIRK(0x3, "three"),
	QUIRK(0x4, "four"),
	{}
};
"""
ROW = '	QUIRK(0x9, "mine"),\n'
HELPER = """static int helper(int a)
{
	return first(a);
}

"""
BODY = """{
	int b = start(a);

	keep(a, b);
	return b;
}
"""
WORK = "static int work(int a)\n" + BODY
OPS = "static struct ops late_ops = {\n	.one = one,\n};\n\n"
INC = "#include <linux/mm.h>\n\nint here;\n\n"
NEW = "static int mine(int a)\n{\n	return a;\n}\n\n"

STANDS = {
    "a paragraph of a list": (
        IDS, IDS.replace(T, MINE + T), OLD_IDS,
        OLD_IDS.replace("#define VENDOR_U", MINE + "#define VENDOR_U"),
    ),
    "a row at a table's end": (
        TABLE, TABLE.replace('	QUIRK(0x4', ROW + '	QUIRK(0x4'),
        TABLE.replace('	QUIRK(0x3, "three"),\n	QUIRK(0x4, "four"),\n', ""),
        TABLE.replace('	QUIRK(0x3, "three"),\n	QUIRK(0x4, "four"),\n', ROW),
    ),
    "a function before one whose head is another": (
        INC + OPS + WORK, INC + OPS + NEW + WORK, INC + WORK.replace("int a)", "int a, int c)"),
        INC + NEW + WORK.replace("int a)", "int a, int c)"),
    ),
}  # fmt: skip


@pytest.mark.parametrize("case", STANDS)
def test_an_addition_goes_between_what_is_left(case: str) -> None:
    base, patched, target, wanted = STANDS[case]
    done = ported(base, patched, target)
    assert done.result == wanted.encode(), [hunk.why for hunk in done.hunks]
    assert all(0.5 <= hunk.confidence < 0.9 for hunk in done.hunks)


def test_not_where_others_stand_between() -> None:
    rest = '	QUIRK(0x3, "three"),\n	QUIRK(0x4, "four"),\n'
    between = TABLE.replace(rest, "	OTHER(by_name(one)),\n	OTHER(by_name(two)),\n")
    done = ported(TABLE, TABLE.replace("	QUIRK(0x4", ROW + "	QUIRK(0x4"), between)
    assert done.result is None


def test_not_where_the_lines_left_are_in_another_block() -> None:
    base = (
        "int f(int a)\n{\n	one(a);\n	two(a);\n	three(a);\n	four(a);\n	return a;\n}\n"
    )
    target = (
        "int f(int a)\n{\n	one(a);\n	if (a) {\n		four(a);\n	}\n	return a;\n}\n"
    )
    done = ported(base, base.replace("	three", "	mine(a);\n	three"), target)
    assert done.result is None


SWITCH = """int f(int a)
{
	switch (a) {
	case 1:
		one(a);
		break;
	case 2:
		two(a);
		break;
	}
	return 0;
}
"""


def test_a_case_stays_in_its_switch() -> None:
    """Upstream put the switch into another function, and left a call under the old name."""
    patched = SWITCH.replace(
        "	case 2:\n", "	case 9:\n		nine(a);\n		break;\n	case 2:\n"
    )
    target = "int f(int a)\n{\n	one(a);\n	two(a);\n	return 0;\n}\n"
    assert ported(SWITCH, patched, target).result is None
    tied = SWITCH.replace("int f(int a)", "int f(int a, int b)").replace("one(a)", "one(a, b)")
    done = ported(SWITCH, patched, tied)
    assert done.result is not None and b"case 9:" in done.result


def test_a_block_is_not_left_without_its_head() -> None:
    """Each side took another part of a line away, and its bracket is what their merge leaves."""
    base = "int f(int a)\n{\n	if (!a->late) {\n		go(a);\n	}\n}\n"
    [part] = read_patch(diff(base, base.replace("!a->late", "a->now"), "mm/toy.c"), "x").diffs
    [job] = jobs_of(part.parsed, base.encode(), b"int f(int a)\n{\n	go(a);\n}\n")
    found = [
        remnants.left(
            job, Placement(2, 3, (head, "		go(a);\n", "	}\n"), SETTLED, 0.7, "it")
        )
        for head in ("	{\n", "	if (a->now) {\n")
    ]
    assert "no more than its bracket" in found[0] and not found[1]


MASK = """#define ONE	1
#define MASK	(ONE | \\
			TWO | \\
			THREE)

#define LAST	9
"""


def test_no_line_of_a_macro_is_left_where_its_define_went() -> None:
    """The target's macro has a line that the patch, which takes it away, does not know."""
    gone = MASK[: MASK.index("#define MASK")] + MASK[MASK.index("\n#define LAST") :]
    more = MASK.replace("			THREE", "			MORE | \\\n			THREE")
    done = ported(MASK, gone, more)
    assert done.result is None or b"MORE" not in done.result
    done = ported(MASK, gone, MASK.replace("LAST	9", "LAST	8"))
    assert done.result is not None and b"MASK" not in done.result
    kept = MASK.replace("			TWO | \\\n", "")
    done = ported(MASK, kept, more)
    assert done.result is not None and b"MORE | \\\n" in done.result
