# SPDX-License-Identifier: GPL-2.0-only
"""What a compiler would say of a port, told from the files alone: each kind both ways."""

from __future__ import annotations

from dataclasses import dataclass

import pytest
from port_fixtures import carry, diff
from unidiff.patch import PatchSet as UnifiedDiff

from zpmaint.merge.lines import join
from zpmaint.port import checks
from zpmaint.port.hunks import Change
from zpmaint.port.placed import Placed
from zpmaint.port.placement import Job, Placement
from zpmaint.port.scopes import source
from zpmaint.port.values import Port, State

HEAD = "int helper(int a)\n{\n\treturn a;\n}\n\n"
BODY = """int work(struct box *b, int a)
{
	int n = 0;

	first(a);
	n = helper(a);
	second(n);
	third(n);
	return n;
}
"""


@dataclass(frozen=True)
class Case:
    """A change, and what upstream did meanwhile."""

    base: str
    edit: tuple[str, str]
    """What the patch replaces in the base, and by what."""
    drift: tuple[tuple[str, str], ...]
    path: str = "mm/toy.c"

    def port(self, *, drift: tuple[tuple[str, str], ...] | None = None) -> Port:
        target = self.base
        for old, new in self.drift if drift is None else drift:
            assert old in target
            target = target.replace(old, new)
        assert self.edit[0] in self.base
        return carry(self.base, self.base.replace(*self.edit, 1), target, path=self.path)


def said(ported: Port) -> str:
    return "; ".join(hunk.why for file in ported.files for hunk in file.hunks)


NEAR = ("\tsecond(n);\n", "\tsecond(n, 0);\n")
"""Drift beside the hunk, so that it does not apply as it is."""
CALL = ("\tthird(n);\n", "\tthird(n);\n\tn += helper(n);\n")

ARITY = Case(HEAD + BODY, CALL, (NEAR,))
USED = Case(BODY, CALL, (("helper(a)", "helper(a, b)"),))
"""Nothing defines helper() here: only its callers tell."""
SPOKEN = Case(
    BODY.replace("first(a)", 'warn(b, "one")').replace("second(n)", 'warn(b, "%d", n)'),
    ("\tthird(n);\n", '\tthird(n);\n\twarn(b, "three");\n'),
    (('warn(b, "one"', 'warn(b, 7, "one", 0'), ('warn(b, "%d"', 'warn(b, 7, "%d"')),
)
STRUCT = "struct box {\n\tint size;\n\tint weight;\n};\n\n"
MEMBER = Case(STRUCT + BODY, ("\tthird(n);\n", "\tthird(n);\n\tb->weight = n;\n"), (NEAR,))
NO_WEIGHT = (("\tint weight;\n", ""), ("first(a)", "weight(a)"))
OPS = "struct ops {\n\tint (*go)(int);\n\tint (*stop)(int);\n};\n\n"
TABLE = Case(
    OPS + BODY + "\nstatic struct ops ops = {\n\t.name = 1,\n\t.kind = 2,\n\t.more = 3,\n"
    "\t.go = work,\n\t.last = 4,\n};\n",
    ("\t.go = work,\n", "\t.go = work,\n\t.stop = halt,\n"),
    (("\t.name = 1,\n\t.kind = 2,\n", "\t.name = 1,\n\t.kind = 5,\n"),),
)
DOTTED = Case(
    BODY.replace("first(a)", "first(b->size)"),
    ("\tthird(n);\n", "\tthird(n);\n\tb->weight = n;\n"),
    (("struct box *b", "struct box b"), ("b->size", "b.size"), NEAR),
)


def returning(before: str, after: str, value: str) -> Case:
    """A function whose type changes from one to another, and a patch that returns a value."""
    base = BODY.replace("int work", f"{before} work").replace("\treturn n;\n", "\treturn end(n);\n")
    if before == "void":
        base = base.replace("\treturn end(n);\n", "\tend(n);\n")
    edit = ("\tthird(n);\n", f"\tthird(n);\n\tif (n)\n\t\treturn{value};\n")
    return Case(base, edit, ((f"{before} work", f"{after} work"), NEAR))


ROW = "#define AB_ONE\tBIT(0)\n#define AB_TWO\tBIT(1)\n"
FLAGS = Case(
    ROW + "\n" + BODY,
    (ROW, ROW + "#define AB_MINE\tBIT(3)\n"),
    ((ROW, ROW + "#define AB_THREE\t(1 << 2)\n#define AB_FOUR\t0x8\n"),),
)
ENUM = "enum kind {\n\tKIND_A = 1,\n\tKIND_B = 2,\n\tKIND_C = 4,\n};\n"
NUMBERS = Case(
    ENUM,
    ("\tKIND_C = 4,\n", "\tKIND_C = 4,\n\tKIND_MINE = 16,\n"),
    (("\tKIND_C = 4,\n", "\tKIND_C = 4,\n\tKIND_D = 8,\n\tKIND_E = 16,\n"),),
)
INCLUDES = Case(
    "#include <linux/list.h>\n#include <linux/clk.h>\n\n" + BODY,
    ("\tthird(n);\n", "\tthird(n);\n\tclk_enable(n);\n"),
    (("#include <linux/clk.h>\n", ""), NEAR),
)


@pytest.mark.parametrize(
    ("case", "drift", "words"),
    [
        (
            ARITY,
            (("helper(int a)", "helper(int a, int b)"), ("helper(a)", "helper(a, 0)")),
            "2 arg",
        ),
        (ARITY, (("helper(int a)", "helper(void)"), ("helper(a)", "helper()")), "takes 0 arg"),
        (USED, (), "helper() takes 2 argument(s) in the target, and the patch gives 1"),
        (SPOKEN, (), "has its string as argument 3"),
        (MEMBER, NO_WEIGHT, "struct box has no weight"),
        (TABLE, (("\tint (*stop)(int);\n", ""), ("first(a)", "stop(a)")), "struct ops has no stop"),
        (DOTTED, (), "b-> is b. in the target"),
        (returning("int", "bool", " -EINVAL"), (), "returns a bool"),
        (returning("bool", "int", " true"), (), "returns a number"),
        (returning("bool", "enum outcome", " true"), (), "returns another type"),
        (returning("int", "struct box *", " -EINVAL"), (), "returns a pointer"),
        (returning("struct box *", "int", " NULL"), (), "returns a number"),
        (returning("int", "void", " n"), (), "returns nothing"),
        (returning("void", "int", ""), (), "would return nothing"),
        (FLAGS, (), "AB_MINE would be 0x8, as AB_FOUR"),
        (NUMBERS, (), "KIND_MINE would be 0x10, as KIND_E"),
        (INCLUDES, (), "no longer includes linux/clk.h"),
    ],
)
def test_what_would_not_compile_is_a_conflict(
    case: Case, drift: tuple[tuple[str, str], ...], words: str
) -> None:
    ported = case.port(drift=(*case.drift, *drift))
    assert words in said(ported)
    assert ported.state is State.CONFLICT


@pytest.mark.parametrize(
    ("case", "drift"),
    [
        (ARITY, ()),
        (ARITY, (("helper(int a)", "helper(int a, ...)"),)),
        (ARITY, (("int helper(int a)\n{\n\treturn a;\n}\n", "#define helper(a) other(a, 1)\n"),)),
        (USED, (("helper(a, b)", "helper(a)"),)),
        (SPOKEN, (('warn(b, 7, "%d"', 'warn(b, "%d"'),)),
        (MEMBER, ()),
        (MEMBER, (("\tint size;\n", "\tlong size;\n\tint more;\n"),)),
        (TABLE, ()),
        (DOTTED, (("struct box b", "struct box *b"), ("b.size", "b->size"))),
        (returning("int", "long", " -EINVAL"), ()),
        (returning("int", "static int", " -EINVAL"), ()),
        (returning("bool", "bool", " true"), ()),
        (returning("void", "static void", ""), ()),
        (returning("int", "int", " n"), ()),
        (INCLUDES, (("\tfirst(a);\n", "\tfirst(a);\n\tclk_disable(n);\n"),)),
    ],
)
def test_what_compiles_is_none(case: Case, drift: tuple[tuple[str, str], ...]) -> None:
    ported = case.port(drift=(*case.drift, *drift))
    assert ported.state in (State.PORTED, State.APPLIES), said(ported)
    assert "but" not in said(ported)


def test_a_hunk_that_applies_as_it_is_is_less_sure() -> None:
    """Its author's kernel may have had the same: it is said, and no conflict."""
    ported = ARITY.port(drift=(("int helper(int a)", "int helper(int a, int b)"),))
    assert ported.state is State.APPLIES
    assert ported.confidence == 0.7
    assert "but helper() takes 2 argument(s)" in said(ported)


def test_callers_that_upstream_added_are_not_left_behind() -> None:
    """The patch gives a function another parameter, and all callers that it knew of."""
    more = "int later(int a)\n{\n\treturn helper(a);\n}\n"
    base = HEAD + BODY
    new = base.replace("helper(int a)", "helper(int a, int b)").replace(
        "helper(a);", "helper(a, 1);"
    )
    drifted = base.replace("{\n\treturn a;\n", "{\n\t/* as it is */\n\treturn a;\n")
    ported = carry(base, new, drifted + "\n" + more)
    assert "the target has calls with 1" in said(ported)
    assert "the target has calls" not in said(carry(base, new, drifted))


@pytest.mark.parametrize(
    ("path", "told"), [("include/uapi/linux/toy.h", True), ("mm/toy.h", False)]
)
def test_only_what_programs_see_is_held_to_its_numbers(path: str, told: bool) -> None:
    base = "enum kind {\n\tKIND_A,\n\tKIND_B,\n\tKIND_C,\n\tKIND_D,\n};\n"
    edit = ("\tKIND_D,\n", "\tKIND_D,\n\tKIND_MINE,\n")
    drift = (
        ("\tKIND_B,\n", "\tKIND_B,\t/* of old */\n"),
        ("\tKIND_D,\n", "\tKIND_D,\n\n\tKIND_NEW,\n"),
    )
    ported = Case(base, edit, drift, path).port()
    assert ("programs know KIND_NEW as 4, and it would be 5" in said(ported)) is told


def test_two_switches_have_a_default_each() -> None:
    base = (
        "int f(int a)\n{\n\tswitch (a) {\n\tcase 1:\n\t\tone();\n\t\tbreak;\n\t}\n\tmiddle(a);\n"
        "\tmore(a);\n\tswitch (a) {\n\tcase 2:\n\t\ttwo();\n\t\tbreak;\n\t}\n\treturn a;\n}\n"
    )
    new = base.replace(
        "\t\ttwo();\n\t\tbreak;\n", "\t\ttwo();\n\t\tbreak;\n\tdefault:\n\t\tother();\n"
    )
    drifted = base.replace(
        "\t\tone();\n\t\tbreak;\n", "\t\tone();\n\t\tbreak;\n\tdefault:\n\t\tnone();\n"
    )
    ported = carry(base, new, drifted.replace("\t\ttwo();\n", "\t\ttwo(a);\n"))
    assert ported.state is State.PORTED, said(ported)


TYPED = "void keep(struct box *b)\n{\n\tuse(b);\n}\n\n" + BODY
CALLED = (
    "int other(struct box *b)\n{\n\tkeep(b);\n\treturn 0;\n}\n\n"
    "int more(struct bag *g)\n{\n\treturn g->n;\n}\n\n" + BODY
)
KEEPS = ("\tthird(n);\n", "\tthird(n);\n\tkeep(b);\n")
BAGS = (("\treturn g", "\tkeep(g);\n\treturn g"), NEAR)


@pytest.mark.parametrize(
    ("case", "told"),
    [
        (Case(TYPED, KEEPS, (("keep(struct box *b)", "keep(struct bag *b)"), NEAR)), True),
        (Case(TYPED, KEEPS, (("keep(struct box *b)", "keep(const struct box *box)"), NEAR)), False),
        (
            Case(
                CALLED,
                KEEPS,
                (("\tkeep(b);\n", ""), ("\treturn g", "\tkeep(g);\n\treturn g"), NEAR),
            ),
            True,
        ),
        (Case(CALLED, KEEPS, BAGS), False),
    ],
)
def test_a_call_is_given_the_struct_that_it_takes(case: Case, *, told: bool) -> None:
    ported = case.port()
    assert ("keep() takes a struct bag as argument 1" in said(ported)) is told
    assert (ported.state is State.CONFLICT) is told


SWITCH = (
    "int f(int a)\n{\n\tstart(a);\n\tswitch (a) {\n\tcase 1:\n\t\tone();\n\t\tbreak;\n"
    "\tcase 2:\n\t\ttwo();\n\t\tbreak;\n\t}\n\treturn a;\n}\n"
)


def _placed_at(line: str, new: tuple[str, ...]) -> str:
    """What the checks say of a hunk for the switch, put before a line of the function."""
    patched = SWITCH.replace("\tcase 2:\n", "\tcase 3:\n\t\tthree();\n\t\tbreak;\n\tcase 2:\n")
    change = Change.of(UnifiedDiff.from_string(diff(SWITCH, patched))[0][0])
    base = source(SWITCH.encode())
    at = base.lines.index(line)
    placement = Placement(at, at, new, Placed.SCOPE, 0.9, "by hand")
    result = source(join([*base.lines[:at], *new, *base.lines[at:]]))
    return "; ".join(checks.of_scope(Job(change, base, base), placement, result))


@pytest.mark.parametrize(
    ("line", "new", "told"),
    [
        ("\treturn a;\n", ("\tcase 3:\n", "\t\tthree();\n"), "case in f would stand in no switch"),
        ("\treturn a;\n", ("\tif (a)\n", "\t\tcontinue;\n"), "continue in f would stand in no"),
        ("\tcase 2:\n", ("\tcase 3:\n", "\t\tthree();\n", "\t\tbreak;\n"), ""),
        (
            "\treturn a;\n",
            ("\teach(x, y) {\n", "\t\tif (x)\n", "\t\t\tbreak;\n", "\t}\n"),
            "",
        ),
        ("\treturn a;\n", ("\teach(x, y)\n", "\t\tif (x)\n", "\t\t\tbreak;\n"), ""),
        ("\treturn a;\n", ("\twhile (a)\n", "\t\tif (x)\n", "\t\t\tcontinue;\n"), ""),
    ],
)
def test_a_case_stands_in_a_switch(line: str, new: tuple[str, ...], told: str) -> None:
    found = _placed_at(line, new)
    assert told in found
    assert bool(told) or "would stand in no" not in found


IDS = "static struct id ids[] = {\n\t{ 1, 1 },\n\t{ 2, 2 },\n\t{ 0 }\n};\n\n"
GROWN = "static struct id ids[] = {\n\t{ 1, 1 },\n\t{ 7, 7 },\n\t{ 2, 2 },\n\t{ 0 }\n};\n\n"


@pytest.mark.parametrize("counted", [True, False])
@pytest.mark.parametrize("grown", [True, False])
def test_an_index_means_the_row_that_the_patch_means(grown: bool, counted: bool) -> None:
    """It adds a row to a table, and speaks of it by number; comments may count them."""
    base = (IDS.replace("\t{ 2,", "/* 1 */\t{ 2,") if counted else IDS) + BODY
    new = base.replace("\t{ 0 }\n", "\t{ 3, 3 },\n\t{ 0 }\n").replace(
        "\tthird(n);\n", "\tthird(n);\n\tuse(&ids[2]);\n"
    )
    target = (GROWN + BODY if grown else base).replace(*NEAR)
    ported = carry(base, new, target)
    assert ("what the patch means is ids[3] there" in said(ported)) is grown
    assert (ported.state is State.CONFLICT) is grown


@pytest.mark.parametrize("theirs", [True, False])
def test_nothing_is_defined_twice(theirs: bool) -> None:
    """Upstream has brought the function, too, elsewhere in the file and in other words."""
    new = BODY + "\nint mine(int a)\n{\n\tint more = a + 1;\n\n\treturn more;\n}\n"
    other = "int mine(int a)\n{\n\treturn a + 1;\n}\n\n" if theirs else ""
    ported = carry(BODY, new, other + BODY.replace("\tfirst(a);\n", "\tfirst(a, 0);\n"))
    assert ("mine is defined in the target already" in said(ported)) is theirs
    assert (ported.confidence <= 0.7) is theirs


@pytest.mark.parametrize("remark", [" * helper() says\n", " * what helper(a, b, c) says\n"])
def test_what_a_comment_says_is_no_call(remark: str) -> None:
    """The hunk stands in a comment that opens above it."""
    base = HEAD + "/**\n * one\n * two\n * three\n */\n" + BODY
    new = base.replace(" * three\n", " * three\n" + remark)
    target = base.replace(" * one\n", " * one more\n").replace(
        "helper(int a)", "helper(int a, int b)"
    )
    ported = carry(base, new, target)
    assert "argument(s)" not in said(ported)


TWINS = "#define AB_ONE\tBIT(0)\n#define AB_ALSO\tBIT(0)\n"


@pytest.mark.parametrize(
    ("row", "theirs"),
    [
        (ROW, "#define AB_THREE\t(1 << 2)\n\n#define AB_CMD\t0x8\n"),
        (ROW, "#define AB_THREE\t(1 << 2)\n#define   AB_BIT\t0x8\n"),
        (ROW, "#define AB_THREE\t(1 << 2)\n#define OTHER\t0x8\n"),
        (TWINS, "#define AB_THREE\t(1 << 2)\n#define AB_FOUR\t0x8\n"),
    ],
)
def test_a_number_of_another_row_collides_with_nothing(row: str, theirs: str) -> None:
    """Parted by an empty line, written further in, named otherwise; or a row that has numbers
    twice by itself."""
    case = Case(row + "\n" + BODY, (row, row + "#define AB_MINE\tBIT(3)\n"), ((row, row + theirs),))
    assert "AB_MINE would be" not in said(case.port())
