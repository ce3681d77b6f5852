# SPDX-License-Identifier: GPL-2.0-only
"""Never worse than the plain tools: what `patch -F0` takes and a merge agrees with goes in so."""

from __future__ import annotations

import pytest
from port_fixtures import carry, outcome, placed

from zpmaint.port.values import Port, State

BODY = "".join(f"\tstep{n}(a);\n" for n in range(8))
MINE = "\tmine(a);\n"


def goes_in(base: str, patched: str, target: str, wanted: str, path: str = "mm/toy.c") -> float:
    """The confidence of a port that does what the tools do."""
    ported = carry(base, patched, target, path=path)
    assert outcome(ported) == wanted, ported.why
    assert set(placed(ported)) <= {"exact", "offset"}
    return ported.confidence


def test_an_if_that_upstream_reworded() -> None:
    base = f"int f(int a)\n{{\n#ifdef CONFIG_A\n{BODY}#endif\n\tx();\n\ty();\n}}\n"
    patched = base.replace("\tstep4(a);\n", f"\tstep4(a);\n{MINE}")
    for other in ("#if 1", "#if defined(CONFIG_B) && !CONFIG_C\n\tb(a);"):
        target = base.replace("#ifdef CONFIG_A", other).replace("\tx();", "\txx();")
        wanted = target.replace("\tstep4(a);\n", f"\tstep4(a);\n{MINE}")
        assert goes_in(base, patched, target, wanted) <= 0.7


@pytest.mark.parametrize(
    ("row", "path"),
    [
        ("\tselect CRC\n", "drivers/Kconfig"),
        ("\tdefault y\n", "drivers/Kconfig"),
        ("\tdefault y if CRC\n", "drivers/Kconfig"),
    ],
)
def test_what_entries_of_a_kconfig_may_share(row: str, path: str) -> None:
    """A line that stands in an entry once may stand in the next one, too."""
    one, two = "config ONE\n\tbool\n\tdepends on A\n\n", "config TWO\n\tbool\n\tdepends on B\n\n"
    base = f"menu X\n\n{one}{two}endmenu\n"
    mine = "config MINE\n\ttristate\n" + row + "\n"
    patched = base.replace("endmenu", f"{mine}endmenu")
    target = base.replace(one, f"{one[:-1]}{row}\n")
    assert goes_in(base, patched, target, target.replace("endmenu", f"{mine}endmenu"), path) >= 0.99
    # Beside a menu's end, outside of any entry that is known, it is no worse.
    loose = base.replace("endmenu", f"if SOME\n{row}endif\nendmenu")
    there = target.replace("endmenu", f"if SOME\n{row}endif\nendmenu")
    assert goes_in(base, loose, target, there, path) > 0


def test_a_line_that_upstream_has_elsewhere_is_a_doubt() -> None:
    base = f"#include <a.h>\n#include <b.h>\n\nint f(int a)\n{{\n{BODY}}}\n\nint end;\n\nint e2;\n"
    patched = base.replace("<a.h>\n", "<a.h>\n#include <own.h>\n")
    target = base.replace("int end;\n", "int end;\n#include <own.h>\n")
    wanted = target.replace("<a.h>\n", "<a.h>\n#include <own.h>\n")
    assert goes_in(base, patched, target, wanted) <= 0.7
    assert "own.h" in carry(base, patched, target).files[0].hunks[0].why


def test_a_patch_s_own_line_is_not_renamed() -> None:
    """Upstream put another member in the stead of one; the patch's operations keep theirs."""
    ops = "static struct ops {0} = {{\n\t.name = N,\n\t.round = {0}_round,\n\t.set = S,\n}};\n\n"
    tail = "int x;\nint y;\nint z;\nint last;\n"
    base = ops.format("one") + ops.format("two") + tail
    mine = ops.format("v2")
    patched = base.replace(tail, mine + tail)
    target = base.replace(".round =", ".determine =") + "int more;\n"
    assert goes_in(base, patched, target, target.replace(tail, mine + tail)) > 0


def test_functions_that_a_parser_does_not_read() -> None:
    """`static __always_inline` with a macro for a head, on both sides: no alarm of the port's."""
    head = "static __always_inline __attr(x)\nDEFINE_THING(f, int, a)\n{\n"
    base = f"{head}{BODY}}}\n\nint end;\n"
    patched = base.replace("\tstep4(a);\n", f"\tstep4(a);\n{MINE}")
    target = base.replace("\tstep0(a);\n", "\tstep0(a);\n\textra(a);\n")
    wanted = target.replace("\tstep4(a);\n", f"\tstep4(a);\n{MINE}")
    assert goes_in(base, patched, target, wanted) > 0


def test_what_cannot_compile_is_still_refused() -> None:
    base = f"#define OLD 1\n\nint f(int a)\n{{\n{BODY}}}\n"
    patched = base.replace("\tstep4(a);\n", "\tstep4(a);\n\tuse(OLD);\n")
    target = base.replace("#define OLD 1", "#define OTHER 2")
    ported = carry(base, patched, target)
    assert ported.state is State.CONFLICT or "use(OLD)" not in outcome(ported)


def test_not_where_the_merge_disagrees() -> None:
    """The hunk's lines have left their function, and another one has them now."""
    other = "\tif (a > 2)\n\t\treturn -1;\n\tcount += a;\n"
    both = "int {}(int a)\n{{\n{}\treturn a;\n}}\n\nint {}(int a)\n{{\n{}\treturn a;\n}}\n"
    base = both.format("f", BODY, "g", other)
    patched = base.replace("\tstep4(a);\n", f"\tstep4(a);\n{MINE}")
    target = both.format("f", other, "g", BODY)
    assert carry(base, patched, target).state is State.CONFLICT


def test_what_upstream_took_the_if_away_from() -> None:
    """The lines are the base's, the #ifdef around them is gone: the hunk goes with its lines."""
    inside = "\tint a;\n\tint b;\n\tint c;\n\tint d;\n"
    base = f"struct s {{\n\tint x;\n#ifdef CONFIG_A\n{inside}#endif\n\tint y;\n\tint z;\n}};\n"
    patched = base.replace("\tint b;\n", "\tint b;\n\tint own;\n")
    target = base.replace("#ifdef CONFIG_A\n", "").replace("#endif\n", "\tint more;\n")
    ported = carry(base, patched, target)
    assert outcome(ported) == target.replace("\tint b;\n", "\tint b;\n\tint own;\n")
    assert ported.confidence <= 0.7
    assert carry(base, patched, target.replace("\tint a;\n", "\tint aa;\n")).confidence <= 0.6


def test_what_left_its_if_is_another_place() -> None:
    """The same, but the #ifdef still stands, around other lines."""
    inside = "\tint a;\n\tint b;\n\tint c;\n\tint d;\n"
    base = f"struct s {{\n#ifdef CONFIG_A\n\tint p;\n{inside}#endif\n\tint y;\n\tint z;\n}};\n"
    patched = base.replace("\tint b;\n", "\tint b;\n\tint own;\n")
    target = f"struct s {{\n#ifdef CONFIG_A\n\tint p;\n#endif\n{inside}\tint y;\n\tint z;\n}};\n"
    assert carry(base, patched, target).state is State.CONFLICT


def test_rows_of_a_table_are_no_rivals() -> None:
    """Each sets its own members, upstream's new one and the patch's."""
    row = '\t{{ .compatible = "{0}", .data = &{0} }},\n'
    rows = row.format("one") + row.format("two")
    base = f"static const struct id ids[] = {{\n{rows}\t{{ }},\n}};\nint x;\n"
    patched = base.replace("\t{ },\n", row.format("mine") + "\t{ },\n")
    target = base.replace(row.format("two"), row.format("two") + row.format("yours"))
    ported = carry(base, patched, target)
    assert ported.state.leads_on, ported.why
    assert row.format("mine") in outcome(ported)


def without_base(base: str, patched: str, target: str) -> Port:
    return carry(None, patched, target, cut_from=base)


def test_without_a_base_the_hunks_of_a_file_show_each_other_s_place() -> None:
    """The second hunk's lines stand twice; the first one, whose do not, tells of its offset."""
    block = "\tlock(a);\n\tdo_it(a);\n\tif (a)\n\t\tfix(a);\n\tmore(a);\n\tunlock(a);\n\tend(a);\n"
    base = f"int e;\nint h;\n\nint f(int a)\n{{\n{BODY}{block}\tmid(a);\n{block}\treturn a;\n}}\n"
    second = base.rindex("\t\tfix(a);\n")
    patched = base[:second] + "\t\tfix(a, 2);\n" + base[second + len("\t\tfix(a);\n") :]
    patched = patched.replace("\tstep1(a);\n", "\tstep1(a);\n\tmine(a);\n")
    above = "/* more\n * above\n */\n"
    ported = without_base(base, patched, above + base)
    assert outcome(ported) == above + patched
    assert ported.confidence <= 0.7
    # By itself it is a guess.
    alone = base[:second] + "\t\tfix(a, 2);\n" + base[second + len("\t\tfix(a);\n") :]
    assert without_base(base, alone, above + base).state is State.CONFLICT


def test_without_a_base_what_a_patch_moves_away_may_still_have_users() -> None:
    """The function goes to another file of the patch; its callers stay."""
    base = f"int go(int a)\n{{\n{BODY}\treturn a;\n}}\n\nint f(int a)\n{{\n\treturn go(a);\n}}\n"
    patched = base[base.index("int f") :]
    ported = without_base(base, patched, base)
    assert outcome(ported) == patched
    assert "still uses it" in ported.files[0].hunks[0].why
