# SPDX-License-Identifier: GPL-2.0-only
"""What lines say beyond their text: rows of numbers, who stands first, what no longer exists."""

from __future__ import annotations

import lzma
from pathlib import Path

import pytest
from port_fixtures import PATH, V, anchor, carry, diff, outcome, patchset, placed
from unidiff import PatchSet

from zpmaint.evaluate.archive import names_in
from zpmaint.port import engine
from zpmaint.port.insertion_order import Order, in_turn, order
from zpmaint.port.one_file import jobs_of
from zpmaint.port.placed import Placed
from zpmaint.port.placement import Job, Placement
from zpmaint.port.strategies import pieces
from zpmaint.port.terms import Terms
from zpmaint.port.values import Port, State

HEADER = "include/linux/toy.h"
BITS = (
    "#define TOY_BOOT\t\t0\t/* booted */\n#define TOY_RUN\t\t10\t/* runs */\n"
    "#define TOY_STOP\t\t11\t/* stops */\n\nint toy(void);\n"
)
FILL = "".join(f"\tstep{n}(dev);\n" for n in range(8))
BODY = "int probe(struct device *dev)\n{\n"
TREE = f"{BODY}{FILL}\treturn 0;\n}}\n"


def bits(text: str) -> str:
    return text.replace("stops */\n", "stops */\n#define TOY_MINE\t\t12\t/* mine */\n")


def renumbered(text: str) -> str:
    return text.replace("\t11\t", "\t10\t").replace("\t10\t/* runs", "\t9\t/* runs")


def test_a_number_goes_on_where_the_row_leaves_off() -> None:
    """The EFI_SECURE_BOOT case: upstream took a bit out, and every later one moved up."""
    ported = carry(BITS, bits(BITS), renumbered(BITS), path=HEADER)
    assert "#define TOY_MINE\t\t11\t/* mine */\n" in outcome(ported)
    assert ported.confidence <= 0.8
    assert "no longer 12" in ported.files[0].hunks[0].why


def test_a_second_number_goes_on_after_the_first() -> None:
    patched = bits(BITS).replace("mine */\n", "mine */\n#define TOY_MORE\t\t13\t/* more */\n")
    said = outcome(carry(BITS, patched, renumbered(BITS), path=HEADER))
    assert "TOY_MINE\t\t11\t" in said and "TOY_MORE\t\t12\t" in said


def test_a_number_that_upstream_gave_away_is_a_conflict() -> None:
    target = BITS.replace("stops */\n", "stops */\n#define TOY_NEW\t\t12\t/* new */\n")
    ported = carry(BITS, bits(BITS), target.replace("booted", "is up"), path=HEADER)
    assert ported.state is State.CONFLICT
    assert "as TOY_NEW of the target is by now" in ported.why


def test_a_number_of_its_own_stays() -> None:
    patched = BITS.replace("stops */\n", "stops */\n#define TOY_MINE\t\t40\t/* mine */\n")
    assert "TOY_MINE\t\t40\t" in outcome(carry(BITS, patched, renumbered(BITS), path=HEADER))


@pytest.mark.parametrize(
    ("ours", "theirs", "above", "below", "told"),
    [
        (["#endif\n"], ["int a;\n"], [], [], Order.OURS),
        (["#ifdef A\n", "int b;\n", "#endif\n"], ["int a;\n"], [], [], Order.UNKNOWN),
        (["#ifdef A\n"], ["int a;\n"], [], [], Order.OPENS),
        (["#else\n"], ["int a;\n"], [], [], Order.OPENS),
        (["int b;\n"], ["#include <n>\n"], ["#include <o>\n"], [], Order.RUN_ABOVE),
        (["int b;\n"], ["#include <n>\n"], [], ["#include <o>\n"], Order.RUN_BELOW),
        (["#include <m>\n"], ["#include <n>\n"], ["#include <o>\n"], [], Order.UNKNOWN),
        (["int b;\n"], ["int a;\n"], ["int o;\n"], [], Order.UNKNOWN),
    ],
)
def test_order(
    ours: list[str], theirs: list[str], above: list[str], below: list[str], told: Order
) -> None:
    assert order(ours, theirs, above, below) is told


def test_in_turn_keeps_paragraphs() -> None:
    assert in_turn(["a", ""], ["b"]) == ["a", "", "b"]
    assert in_turn(["", "a", ""], ["", "b", ""]) == ["", "a", "", "b", ""]
    assert in_turn(["", "a", ""], ["b", ""]) == ["", "a", "", "b", ""]
    assert in_turn(["a"], ["b"]) == ["a", "b"]


def test_upstreams_lines_stay_outside_of_what_the_patch_closes() -> None:
    base = "#ifndef H\nint a;\nint b;\nint lock(void);\n\n#endif /* H */\n"
    patched = base.replace("int a;\n", "int a;\n#ifdef RT\n").replace(
        "(void);\n\n", "(void);\n\n#endif /* RT */\n\n"
    )
    target = base.replace("(void);\n\n", "(void);\n\nint guard(void);\n\n")
    said = outcome(carry(base, patched, target, path=HEADER))
    assert "int lock(void);\n\n#endif /* RT */\n\nint guard(void);\n\n#endif /* H */\n" in said


def test_what_opens_an_if_beside_upstreams_lines_is_a_conflict() -> None:
    base = "int a;\nint b;\nint lock(void);\nint d;\nint e;\n"
    patched = base.replace("int lock", "#ifdef RT\nint lock").replace("d;\n", "d;\n#endif\n")
    target = base.replace("int b;\n", "int b;\nint fresh(int x);\n")
    ported = carry(base, patched, target, path=HEADER)
    assert ported.state is State.CONFLICT
    assert "whether they belong under it" in ported.why


def test_a_run_of_includes_is_not_broken_up() -> None:
    base = "#include <a.h>\n#include <b.h>\n\n/* Words. */\nint x;\n"
    patched = base.replace("<b.h>\n", "<b.h>\n#ifdef NS\nextern int own;\n#endif\n")
    target = base.replace("<b.h>\n", "<b.h>\n\n#include <new.h>\n")
    said = outcome(carry(base, patched, target))
    assert said == target.replace("<new.h>\n", "<new.h>\n\n#ifdef NS\nextern int own;\n#endif\n")


def test_an_addition_whose_paragraph_is_gone_is_one_of_its_own() -> None:
    base = "one:\n\ttouch one\n\nPOST := $(wildcard x)\n\ncmd_ld = ld -r\ncmd_as = as\n"
    patched = base.replace("x)\n", "x)\nLDS := $(word 1)\n")
    target = base.replace("POST := $(wildcard x)\n", "two:\n\ttouch two\n")
    said = outcome(carry(base, patched, target, path="scripts/Makefile.toy"))
    assert "\ttouch two\n\nLDS := $(word 1)\n\ncmd_ld" in said


def test_both_sides_set_the_same_variable() -> None:
    base = (
        f"{BODY}{FILL}\tif (!ready) {{\n\t\tready = true;\n\n"
        f"\t\tif (check())\n\t\t\ttrust = 1;\n\t}}\n{FILL}}}\n"
    )
    patched = base.replace("\t\tif (check())\n\t\t\ttrust = 1;\n", "\t\ttrust = 1;\n")
    target = base.replace("ready = true;\n", "ready = true;\n\t\ttrust = 0;\n")
    ported = carry(base, patched, target)
    assert ported.state is State.CONFLICT
    assert "upstream now sets trust right there, too" in ported.why
    other = base.replace("ready = true;\n", "ready = true;\n\t\tcount = 0;\n")
    assert carry(base, patched, other).state is State.PORTED


def test_a_declaration_does_not_come_to_stand_behind_statements() -> None:
    base = (
        f"{BODY}{FILL}\tif (off) {{\n\t\tstop(dev);\n"
        "\t} else {\n\t\tgo(dev);\n\t\tmore(dev);\n\t}\n}\n"
    )
    patched = base.replace(
        "\t} else {\n\t\tgo(dev);\n\t\tmore(dev);\n\t}\n",
        "\t\treturn 0;\n\t}\n\n\tgo(dev);\n\tmore(dev);\n\tmine(dev);\n",
    )
    target = base.replace("else {\n", "else {\n\t\tstruct table *facs = NULL;\n\t\tuse(facs);\n")
    ported = carry(base, patched, target)
    assert ported.state is State.CONFLICT
    assert "behind statements" in ported.why
    harmless = base.replace("else {\n", "else {\n\t\tuse(dev);\n")
    assert carry(base, patched, harmless).state is State.PORTED


def test_a_wrapped_line_that_became_the_declaration() -> None:
    """The stackprotector.h case: the other branch would use canary undeclared."""
    base = (
        f"{BODY}\tunsigned long canary;\n\n\t/* Try to get a value. */\n"
        "\tcanary = get_random();\n\tcanary ^= ticks();\n\tcanary &= MASK;\n\n"
        "\tcurrent->canary = canary;\n\treturn 0;\n}\n"
    )
    patched = base.replace(
        "\tcanary = get_random();\n",
        "#ifdef RT\n\tcanary = (long)&canary;\n#else\n\tcanary = get_random();\n#endif\n",
    )
    target = (
        f"{BODY}\tunsigned long canary = get_random();\n\n"
        "\tcurrent->canary = canary;\n\treturn 0;\n}\n"
    )
    ported = carry(base, patched, target)
    assert ported.state is State.CONFLICT
    assert "canary before the declaration" in ported.why


def test_a_patch_whose_own_hunks_split_an_entry_is_no_syntax_error() -> None:
    """The marvell.c case: one hunk opens #if 0 inside a table, the next one closes it."""
    rows = "".join(f"\t{{\n\t\t.id = {n},\n\t\t.run = run{n},\n\t}},\n" for n in range(9))
    base = f"static struct driver all[] = {{\n{rows}}};\n"
    patched = base.replace("\t{\n\t\t.id = 2,", "#if 0\n\t{\n\t\t.id = 2,").replace(
        "\t\t.run = run6,\n\t},\n", "\t\t.run = run6,\n\t},\n#endif\n"
    )
    target = base.replace(".id = 1,", ".id = ONE,").replace(".run = run7", ".run = seven")
    assert carry(base, patched, target).state is State.PORTED


def test_a_renamed_symbol_is_spoken_anew() -> None:
    """The X86_X32 case: the patch's own lines speak of what upstream calls otherwise by now."""
    base = (
        'config X32\n\tbool "x32 ABI"\n\tdepends on X64\n\nconfig COMPAT32\n\tdef_bool y\n'
        "\tselect OLD_A\n\tselect OLD_B\n\nconfig COMPAT\n\tdef_bool y\n\tdepends on IA32 || X32\n"
    )
    patched = base.replace(
        "config COMPAT\n",
        'config OFF\n\tbool "off by default"\n\tdepends on X32\n\nconfig COMPAT\n',
    )
    target = base.replace("X32\n", "X32_ABI\n").replace("\tselect OLD_B\n", "\tselect OLD_C\n")
    ported = carry(base, patched, target, path="arch/x86/Kconfig")
    assert 'config OFF\n\tbool "off by default"\n\tdepends on X32_ABI\n' in outcome(ported)
    assert "X32 is called X32_ABI by now" in ported.files[0].hunks[0].why
    gone = target.replace("X32_ABI", "Y32").replace("\tdepends on IA32 || Y32\n", "")
    assert carry(base, patched, gone, path="arch/x86/Kconfig").state is State.CONFLICT


def test_the_c_library_is_no_rename() -> None:
    """Upstream prefers sysfs_emit() here; the patch's own sprintf() is as good as it was."""
    show = (
        "ssize_t {0}(char *buf)\n{{\n\tint n = {0}_of(buf);\n"
        '\treturn sprintf(buf, "%d\\n", n);\n}}\n\n'
    )
    base = "".join(show.format(name) for name in ("one", "two", "three"))
    last = "\tint n = two_of(buf);\n"
    own = '\tsprintf(own, "%s", buf);\n'
    for name, theirs in (("sprintf", "sysfs_emit"), ("old_printf", "new_printf")):
        told = own.replace("sprintf", name)
        before = base.replace("sprintf", name)
        ported = carry(before, before.replace(last, last + told), before.replace(name, theirs))
        kept = told if name == "sprintf" else told.replace(name, theirs)
        assert last + kept in outcome(ported)


def test_no_two_empty_lines_are_left_where_a_function_went() -> None:
    base = f"int a;\n\n{TREE.replace('probe', 'gone')}int next;\n\n{TREE}"
    patched = base.replace(TREE.replace("probe", "gone"), "")
    target = base.replace("}\nint next", "}\n\nint next").replace("step1", "begin", 1)
    assert outcome(carry(base, patched, target)) == f"int a;\n\nint next;\n\n{TREE}"


@pytest.mark.parametrize("size", [10, 300])
def test_a_makefile_that_calls_itself(size: int) -> None:
    """A conditional around most of a long Makefile is the file's own, of a short one it is not:
    the hunk fits and a merge agrees, but it is a doubt."""
    rest = "".join(f"var{n} := value\n" for n in range(size))
    base = f"ifeq ($(need-sub),)\n{rest}last := x\nendif\n"
    patched = base.replace("var7 := value\n", "var7 := value\nmine := 1\n")
    target = base.replace("ifeq ($(need-sub),)", "ifdef need-sub\nelse")
    ported = carry(base, patched, target, path="Makefile")
    assert outcome(ported) == target.replace("var7 := value\n", "var7 := value\nmine := 1\n")
    assert (ported.confidence <= 0.7) is (size == 10)


def test_a_hunk_in_too_many_pieces() -> None:
    """Each piece costs; of eight that are sure by themselves too little is left."""
    sure: list[float] = []
    for count in (2, 4, 8):
        base = "".join(f"a{n}\n" for n in range(count + 1))
        patched = "".join(f"a{n}\nmine{n}\n" for n in range(count)) + f"a{count}\n"
        (job,) = jobs_of(PatchSet(diff(base, patched))[0], base.encode(), base.encode())
        done = pieces.place(job, [_where_it_was])
        sure.append(done.confidence if isinstance(done, Placement) else 0.0)
    assert sure == pytest.approx([0.65, 0.55, 0.0])


def _where_it_was(job: Job) -> Placement:
    at = job.change.start + job.change.lead
    new = [text for kind, text in job.change.lines if kind == "+"]
    return Placement(at, at, tuple(new), Placed.NEIGHBOURS, 0.75, "it stands there")


# --- names that only the tree can tell of ---------------------------------------------------------


def onto(target: str, added: str, terms: Terms) -> Port:
    patched = TREE.replace("\tstep4(dev);\n", f"\tstep4(dev);\n\t{added}\n")
    chosen = patchset(anchor(diff(TREE, patched)))
    blobs = {PATH: TREE.encode()}
    return engine.port(chosen, V("2.6.21"), {"a": blobs}, {PATH: target.encode()}, terms=terms)


def test_what_upstream_took_away_is_not_called() -> None:
    """It applies to the letter, and would not build: btrfs_alert() went in 7.1."""
    asked: list[str] = []

    def gone(name: str) -> bool:
        asked.append(name)
        return name == "alert"

    terms = Terms(gone=gone)
    ported = onto(TREE, "alert(dev);", terms)
    assert ported.state is State.CONFLICT
    assert "no longer has alert" in ported.why
    assert ported.patch == "" and all(file.result is None for file in ported.files)
    assert onto(TREE, "warn(dev);", terms).state is State.APPLIES
    assert onto(TREE, "step2(dev); /* alert */", terms).state is State.APPLIES
    assert onto(TREE, "int alert;", terms).state is State.APPLIES, "its own variable"
    assert "step2" not in asked and "dev" not in asked, "the file itself has them"


def test_what_was_spoken_anew_is_not_held_against_the_old_name() -> None:
    """2.6.23: the patch calls alloc_zeroed_user_highpage(), upstream's rename carried it."""
    base = TREE.replace("step4(dev)", "alloc(dev)")
    patched = base.replace("\tstep5(dev);\n", "\tif (retry)\n\t\talloc(dev);\n\tstep5(dev);\n")
    target = base.replace("alloc(dev)", "alloc_movable(dev)")
    chosen = patchset(anchor(diff(base, patched)))
    terms = Terms(gone=lambda name: name == "alloc")
    bases = {"a": {PATH: base.encode()}}
    ported = engine.port(chosen, V("2.6.21"), bases, {PATH: target.encode()}, terms=terms)
    assert "if (retry)\n\t\talloc_movable(dev);" in outcome(ported)


def test_a_name_is_not_asked_for_where_the_port_fails_anyhow() -> None:
    def never(name: str) -> bool:
        raise AssertionError(name)

    assert onto("int other(void);\n", "alert(dev);", Terms(gone=never)).state is State.CONFLICT


def test_a_name_in_a_conflict_with_the_tree_alone_is_settled_by_it() -> None:
    target = TREE.replace("step1(dev)", "begin(dev)")
    assert placed(onto(target, "fresh(dev);", Terms(exists=lambda name: True))) == ["exact"]


def test_names_in_an_archive(tmp_path: Path) -> None:
    archive = tmp_path / "a.tar.xz"
    archive.write_bytes(lzma.compress(b"int foo_bar(void);\nbaz->qux = 0x12;\n\xff\xfe caf\xe9"))
    wanted = {"foo_bar", "foo", "bar", "qux", "baz", "nothing"}
    assert names_in(archive, wanted) == {"foo_bar", "qux", "baz"}
