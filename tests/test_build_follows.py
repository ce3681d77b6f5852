# SPDX-License-Identifier: GPL-2.0-only

"""The configuration follows the patch: what a change asks for, and what is set for it."""

from __future__ import annotations

import io
from pathlib import Path
from types import SimpleNamespace
from typing import cast

import pytest
from build_fixtures import VERSION, toy_set
from evidence_fixtures import CARD, KCONFIG, MEMORY, diff
from proof_fixtures import ProofToy, toy
from rich.console import Console

from zpmaint.app.pair import follow as follow_patch
from zpmaint.app.pair import fragments_of
from zpmaint.app.session import Session
from zpmaint.build import derived, makefiles
from zpmaint.build.arm_exprs import enabled_in, line_expr
from zpmaint.build.change import changes
from zpmaint.build.change_asks import asks
from zpmaint.build.clines import read as read_c
from zpmaint.build.conditions import SourceView
from zpmaint.build.derive import derive
from zpmaint.build.derived import Derived
from zpmaint.build.evidence import Compiled, Evidence, from_json
from zpmaint.build.kconfig_expr import parse
from zpmaint.build.kconfig_tree import read
from zpmaint.build.kconfig_wants import Ask, Wanted, symbol, wanted, written
from zpmaint.build.options import BuildOptions
from zpmaint.build.pair import build
from zpmaint.build.proof_plan import Planner
from zpmaint.build.values import Pair
from zpmaint.build.worktree import WorkTree, fingerprint
from zpmaint.cli import evidence_tables
from zpmaint.core.wishes import Fragment, fragment_of
from zpmaint.patchset.load import load_patchset
from zpmaint.port.values import Port, PortStep

__all__ = ["toy"]

# Conditionals


@pytest.mark.parametrize(
    ("openers", "asked"),
    [
        (["#ifdef CONFIG_A"], "A"),
        (["#ifndef CONFIG_A"], "!A"),
        (["#if defined(CONFIG_A) || defined CONFIG_B"], "(A || B)"),
        (["#if IS_ENABLED(CONFIG_A) && !IS_BUILTIN(CONFIG_B)"], "A && !B"),
        (["#if (CONFIG_A && IS_MODULE( CONFIG_B ))"], "A && B"),
        (["#if defined(CONFIG_A) || defined(CONFIG_A_MODULE)"], "(A || A)"),
        (["#ifdef CONFIG_A", "#else"], "!A"),
        (["#ifdef CONFIG_A", "#elif defined(CONFIG_B)"], "!A && B"),
        (["#ifdef CONFIG_A", "#elif defined(CONFIG_B)", "#else"], "!A && !B"),
        (["#if CONFIG_LEVELS > 3"], "..."),
        (["#if defined(__KERNEL__) && defined(CONFIG_A)"], "... && A"),
        (["#if LINUX_VERSION_CODE < KERNEL_VERSION(2, 6, 0)"], "..."),
        (["#if 0"], "n"),
        (["#if 1"], "y"),
    ],
)
def test_what_a_conditional_asks_for(openers: list[str], asked: str) -> None:
    source = read_c("\n".join([*openers, "code;", "#endif"]))
    assert written(line_expr(source, len(openers) + 1)) == asked


def test_conditionals_around_one_another_are_all_asked_for() -> None:
    source = read_c("#ifdef CONFIG_A\n#ifndef CONFIG_B\ncode;\n#endif\nmore;\n#endif\nlast;\n")
    assert [written(line_expr(source, n)) for n in (3, 5, 7)] == ["A && !B", "A", "y"]


def test_symbols_that_a_line_asks_for_itself() -> None:
    line = "if (IS_ENABLED(CONFIG_A) && !IS_ENABLED(CONFIG_B) && IS_REACHABLE( CONFIG_C ))"
    assert enabled_in(line) == ("A", "C")


# Makefiles


@pytest.mark.parametrize(
    ("path", "files", "symbols"),
    [
        (
            "arch/x86/pci/direct.c",
            {
                "arch/x86/Makefile": "drivers-$(CONFIG_PCI) += arch/x86/pci/\n",
                "arch/x86/pci/Makefile": "obj-y := direct.o\n",
            },
            ("PCI",),
        ),
        (
            "d/i2c.c",
            {
                "d/Makefile": "obj-$(subst m,y,$(CONFIG_I2C)) += i2c.o\n",
                "Makefile": "drivers-y := d/\n",
            },
            ("I2C",),
        ),
        ("d/a.c", {"d/Makefile": "ifneq ($(CONFIG_A),)\nobj-y += a.o\nendif\n"}, ("A",)),
        ("d/a.c", {"d/Makefile": "ifeq ($(CONFIG_A),)\nobj-y += a.o\nendif\n"}, ()),
        ("d/a.c", {"d/Makefile": "ifeq ($(CONFIG_A),y)\nelse\nobj-y += a.o\nendif\n"}, ()),
        ("d/a.c", {"d/Makefile": "ifndef CONFIG_A\nelse\nobj-y += a.o\nendif\n"}, ("A",)),
        (
            "d/e/a.c",
            {
                "d/Makefile": "obj-$(CONFIG_D) += e/\n",
                "d/e/Makefile": "obj-$(CONFIG_E) += e.o\ne-y := main.o\ne-$(CONFIG_F) += a.o\n",
                "Makefile": "core-y := d/\n",
            },
            ("D", "E", "F"),
        ),
    ],
)  # fmt: skip
def test_which_symbols_build_a_source(
    path: str, files: dict[str, str], symbols: tuple[str, ...]
) -> None:
    assert makefiles.symbols_for(path, files.get) == symbols


# What a change asks for


def asked(tmp_path: Path, old: dict[str, str], new: dict[str, str]) -> dict[str, str]:
    """By what is asked for who asks, of the patch that makes `new` of `old`."""
    for path, text in old.items():
        (tmp_path / path).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / path).write_text(text)
    text = "".join(diff(path, old.get(path), after) for path, after in new.items())
    result: dict[str, bytes | None] = {path: after.encode() for path, after in new.items()}
    stock, view = SourceView(tmp_path), SourceView(tmp_path, result)
    changed = changes([PortStep("", text, result)], stock.read)
    plans = Planner(view, "x86_64", {}, lambda path: ()).plans([*new])
    found = asks(plans, changed, view.text, stock.text)
    return {written(ask.expr): ask.why for ask in found}


def test_a_source_asks_for_the_symbols_that_build_it_and_those_around_its_lines(
    tmp_path: Path,
) -> None:
    old = {
        "Makefile": "obj-y := d/\n",
        "d/Makefile": "obj-$(CONFIG_D) += a.o\n",
        "d/a.c": "int a;\n",
    }
    new = "int a;\n#ifdef CONFIG_X\nint x;\n#endif\n#ifdef CONFIG_Y\n/* a word */\n#endif\n"
    found = asked(tmp_path, old, {"d/a.c": new})
    assert found == {
        "D": "d/a.c",
        "X": "d/a.c:2 under #ifdef CONFIG_X",
        "Y": "d/a.c:5 under #ifdef CONFIG_Y",
    }


def test_code_that_is_taken_away_asks_for_what_stock_compiles_it_under(tmp_path: Path) -> None:
    old = {"Makefile": "obj-y := a.o\n", "a.c": "#ifdef CONFIG_X\nint x;\nint y;\n#endif\n"}
    found = asked(tmp_path, old, {"a.c": "#ifdef CONFIG_X\nint y;\n#endif\n"})
    assert found == {"X": "a.c:2 under #ifdef CONFIG_X"}


def test_code_as_it_was_in_an_else_of_its_own_asks_for_nothing(tmp_path: Path) -> None:
    old = {"Makefile": "obj-y := a.o\n", "a.c": "int one;\n"}
    new = "#ifdef CONFIG_X\nint two;\n#else\nint one;\n#endif\n"
    assert [*asked(tmp_path, old, {"a.c": new})] == ["X"]
    both = new.replace("one", "three")
    assert [*asked(tmp_path, old, {"a.c": both})] == ["X", "!X"]


def test_kconfig_and_makefile_lines_ask_for_their_symbols(tmp_path: Path) -> None:
    old = {
        "Makefile": "obj-y := d/\n",
        "d/Makefile": "obj-y += b.o\n",
        "d/b.c": "int b;\n",
        "d/Kconfig": 'config OLD\n\tbool "Old"\n\nconfig HELPED\n\tbool "H"\n\thelp\n\t  A word.\n',
    }
    new = {
        "d/Kconfig": 'config OLD\n\tbool "Older"\n\nconfig HELPED\n\tbool "H"\n\thelp\n'
        '\t  Two words.\n\nconfig FRESH\n\tbool "Fresh"\n',
        "d/Makefile": "obj-y += b.o\nobj-$(CONFIG_FRESH) += fresh.o\n",
        "d/fresh.c": "int fresh;\n",
    }  # fmt: skip
    assert asked(tmp_path, old, new) == {"FRESH": "d/fresh.c", "OLD": "its entry in d/Kconfig"}
    assert asked(tmp_path, old, {"d/Kconfig": new["d/Kconfig"]})["FRESH"] == "new in d/Kconfig"


def test_a_source_that_another_one_includes_asks_for_its_condition(tmp_path: Path) -> None:
    unit = '#include "a.c"\n#ifdef CONFIG_DEBUG\n# include "b.c"\n#endif\n'
    old = {"Makefile": "obj-y := u.o\n", "u.c": unit, "a.c": "int a;\n", "b.c": "int b;\n"}
    assert asked(tmp_path, old, {"a.c": "int a = 1;\n"}) == {"y": "u.c:1 includes it"}
    assert asked(tmp_path, old, {"b.c": "int b = 1;\n"}) == {"DEBUG": "u.c:3 includes it"}


def test_other_architectures_and_prose_ask_for_nothing(tmp_path: Path) -> None:
    old = {
        "arch/arm/Makefile": "obj-$(CONFIG_ARM_X) += a.o\n",
        "arch/arm/a.c": "int a;\n",
        "Documentation/x.rst": "a\n",
    }
    new = {"arch/arm/a.c": "#ifdef CONFIG_Y\nint b;\n#endif\n", "Documentation/x.rst": "b\n"}
    assert asked(tmp_path, old, new) == {}


# What is set for it

_KCONFIG = """\
config MODULES
	bool "Modules"

config NUMBER
	int "Number"
	default 3
	depends on BASE

config BASE
	bool "Base"

choice
	prompt "One of"

config FIRST
	bool "First"

config SECOND
	bool "Second"
	select HELPER

endchoice

config HELPER
	bool

config TEST
	tristate "Test"
	depends on BASE && m

config BOTH
	def_bool BASE && SECOND

config TOP
	bool "Top"
	depends on MIDDLE

config MIDDLE
	bool "Middle"
	depends on BASE
"""


def solved(asked: list[str], values: dict[str, str], held: dict[str, str]) -> Wanted:
    tree = read({"Kconfig": _KCONFIG}.get, "x86", "x86_64")
    return wanted([Ask(parse(text), "a.c") for text in asked], tree, values, held)


@pytest.mark.parametrize(
    ("asked", "values", "sets"),
    [
        (["NUMBER"], {}, {"BASE": "y"}),  # a number has its default
        (["NUMBER"], {"NUMBER": "5", "BASE": "y"}, {}),
        (["SECOND"], {"FIRST": "y"}, {"SECOND": "y"}),  # in the other one's place
        (["TEST"], {}, {"BASE": "y", "MODULES": "y", "TEST": "m"}),
        (["BOTH"], {}, {"BASE": "y", "SECOND": "y"}),
        (["BASE || SECOND"], {"SECOND": "y"}, {}),
        (["BASE || SECOND"], {}, {"BASE": "y"}),
        (["!BASE"], {"BASE": "y"}, {"BASE": "n"}),
        (["!BASE"], {}, {}),
        (["!(BASE || FIRST)"], {}, {}),
        (["$(other) && BASE"], {}, {"BASE": "y"}),
    ],
)
def test_what_is_set(asked: list[str], values: dict[str, str], sets: dict[str, str]) -> None:
    found = solved(asked, values, {})
    assert (found.sets, found.refused) == (sets, {})


@pytest.mark.parametrize(
    ("asked", "values", "held", "why"),
    [
        (["FIRST", "SECOND"], {}, {}, "is one of a choice of which another one is on"),
        (["BASE", "!BASE"], {}, {}, "BASE is on for the other lines of the patch"),
        (["!HELPER"], {"HELPER": "y"}, {}, "HELPER is on and cannot be switched off"),
        (["BASE"], {}, {"BASE": "is off by mine"}, "is off by mine"),
        (["!BASE"], {"BASE": "y"}, {"BASE": "is set by mine"}, "BASE is set by mine"),
        (["TOP"], {}, {"BASE": "is off by mine"},
         "depends on MIDDLE, which does not hold: "
         "MIDDLE depends on BASE, which does not hold: BASE is off by mine"),
        (["TOP && FIRST"], {}, {"BASE": "is off by mine"},
         "needs TOP, which depends on MIDDLE, which does not hold: "
         "MIDDLE depends on BASE, which does not hold: BASE is off by mine"),
        (["SECOND"], {"FIRST": "y"}, {"FIRST": "is set by mine"},
         "is one of a choice of which another one is on"),
    ],
)  # fmt: skip
def test_what_stays_as_it_is_and_what_holds_it(
    asked: list[str], values: dict[str, str], held: dict[str, str], why: str
) -> None:
    found = solved(asked, values, held)
    assert [*found.refused.values()] == [why]


def test_who_asks_is_known_of_each_symbol() -> None:
    found = solved(["TOP"], {}, {})
    assert found.because == {"BASE": "for MIDDLE", "MIDDLE": "for TOP", "TOP": "a.c"}


def test_a_maze_of_selects_without_an_end_is_left() -> None:
    layers = range(20)
    maze = "".join(
        f"config S{at}_{one}\n\tbool\n"
        + "".join(f"\tselect S{at - 1}_{other}\n" for other in range(10) if at)
        for at in layers
        for one in range(10)
    )
    tree = read({"Kconfig": maze}.get, "x86", "x86_64")
    found = wanted([Ask(symbol("S0_0"), "a.c")], tree, {})
    assert found.refused == {"S0_0": "can be set by nobody"}


# On a toy kernel, with make


def follow(toy: ProofToy, files: dict[str, str | None], fragment: str = "") -> Derived:
    return derive(
        VERSION,
        toy.tree,
        BuildOptions(jobs=2),
        [toy.step(files)],
        work=toy.work,
        source_id=fingerprint(toy.tree),
        reporter=toy.kept,
        fragments=own(fragment),
    )


def own(fragment: str) -> list[Fragment]:
    return [fragment_of(fragment, "mine.config", "mine.config")] if fragment else []


def built(toy: ProofToy, files: dict[str, str | None], found: Derived) -> Pair:
    step = toy.step(files)
    return build(
        VERSION,
        toy.tree,
        BuildOptions(jobs=2),
        step.result,
        work=toy.work,
        reporter=toy.kept,
        steps=[step],
        fragments=[f for f in [found.fragment] if f],
    )


CHANGED: dict[str, str | None] = {"drivers/card.c": CARD.replace("1", "2")}


def test_a_driver_is_compiled_into_both_kernels_of_one_configuration(toy: ProofToy) -> None:
    found = follow(toy, CHANGED)
    assert found.on == "switched on for the patch: BUS (for CARD), CARD (drivers/card.c)"
    pair = built(toy, CHANGED, found)
    assert pair.evidence and pair.evidence.is_whole
    assert pair.evidence.files[0].objects == ("drivers/card.o",)
    assert pair.patched and pair.patched.autoconf and pair.stock.autoconf
    stock, patched = pair.stock.autoconf.read_text(), pair.patched.autoconf.read_text()
    assert stock == patched and "#define CONFIG_CARD 1\n" in stock
    kept = pair.evidence.as_json() | {"derived": found.as_json()}
    assert from_json(kept) == Evidence(pair.evidence.files, pair.evidence.profile, found)
    toy.kept.titles.clear()
    assert follow(toy, CHANGED) == found
    assert toy.kept.titles == []  # it was kept


def test_what_is_compiled_anyway_changes_no_configuration(toy: ProofToy) -> None:
    found = follow(toy, {"mm/memory.c": MEMORY + "int more;\n"})
    assert (found, found.fragment) == (Derived(), None)


def test_a_fragment_of_the_set_has_the_last_word(toy: ProofToy) -> None:
    found = follow(toy, CHANGED, "# a trial\nCONFIG_BUS=n\n")
    assert found.switched == ()
    assert found.off == (
        "stays off: CARD (for drivers/card.c): depends on BUS, which does not hold: "
        "BUS is switched off by mine.config"
    )


def test_what_kconfig_refuses_is_not_set(toy: ProofToy) -> None:
    toy.write("Kconfig", (toy.tree / "Kconfig").read_text() + "\trefuses CARD\n")
    found = follow(toy, CHANGED)
    assert found.switched == ()
    assert found.off == "stays off: CARD (for drivers/card.c): is refused by kconfig"


def test_what_would_undo_a_required_line_is_not_set(toy: ProofToy) -> None:
    """The profile asks for PVH: a choice's other symbol would take its place."""
    chosen = KCONFIG.replace("config PVH\n\tbool\n", "")
    choice = 'choice\n\tprompt "P"\nconfig PVH\n\tbool "P"\nconfig OTHER\n\tbool "O"\nendchoice\n'
    toy.write("Kconfig", f'{choice}{chosen}source "mm/Kconfig"\nsource "drivers/Kconfig"\n')
    toy.write("drivers/Makefile", "obj-$(CONFIG_OTHER) += card.o\n")
    found = follow(toy, CHANGED)
    assert found.switched == ()
    assert found.off == (
        "stays off: OTHER (for drivers/card.c): is one of a choice of which another one is on"
    )


def test_a_patch_may_bring_its_own_symbol_and_stock_does_without(toy: ProofToy) -> None:
    files: dict[str, str | None] = {
        "mm/Kconfig": 'config HUGE\n\tbool\nconfig TINY\n\tbool "Tiny"\n\tdepends on HUGE2\n'
        'config HUGE2\n\tbool "Huge"\n',
        "mm/Makefile": "obj-y := memory.o\nobj-$(CONFIG_TINY) += tiny.o\n",
        "mm/tiny.c": "int tiny;\n",
    }
    found = follow(toy, files)
    assert [str(one) for one in found.switched] == [
        "HUGE2 (for TINY)",
        "TINY (mm/tiny.c)",
    ]
    toy.kept.notes.clear()
    pair = built(toy, files, found)
    assert [note for note in toy.kept.notes if "TINY" in note] == []
    assert pair.evidence and pair.evidence.is_whole
    assert {file.compiled for file in pair.evidence.files} == {Compiled.KERNEL}
    assert pair.stock.autoconf and "TINY" not in pair.stock.autoconf.read_text()


def test_an_image_that_is_there_stays_what_it_is(toy: ProofToy) -> None:
    """The folder of the profile serves to ask kconfig: what it holds of a kernel is not taken for
    that kernel's afterwards."""
    memory: dict[str, str | None] = {"mm/memory.c": MEMORY + "int more;\n"}
    first = built(toy, memory, Derived())
    place = WorkTree(toy.place)
    assert first.patched and place.whole == first.patched.inputs
    follow(toy, CHANGED)
    assert place.whole == ""
    again = built(toy, memory, Derived())
    assert again.evidence == first.evidence
    assert again.patched and again.patched.seconds == 0.0


def test_a_set_may_want_the_profile_alone(toy: ProofToy, tmp_path: Path) -> None:
    place = tmp_path / "sets/card"
    place.mkdir(parents=True)
    step = toy.step(CHANGED)
    (place / "v6.12.107.patch").write_text(step.text)
    table = toy_set("6.12.107")
    session = cast(
        Session,
        SimpleNamespace(
            places=SimpleNamespace(cache=toy.work.parent), reporter=toy.kept, build_data=None
        ),
    )
    port = cast(Port, SimpleNamespace(patch=step.text, steps=[step]))
    options, found = BuildOptions(jobs=2), []
    for text in (table, f"config_follows = false\n{table}"):
        (place / "patch.toml").write_text(text)
        patchset = load_patchset(place)
        derived_now = follow_patch(
            session, patchset, VERSION, toy.tree, port,
            options=options, source_id=fingerprint(toy.tree),
        )  # fmt: skip
        found.append([f.name for f in fragments_of(patchset, VERSION, options, derived_now)])
    assert found == [[derived.NAME], []]


def test_what_the_command_line_shows_of_it() -> None:
    out = Console(file=io.StringIO(), width=200)
    found = Derived(
        (derived.Switched("CARD", "y", "drivers/card.c"),),
        (derived.StaysOff("X", "x.c", "is switched off by mine.config"),),
    )
    evidence_tables.evidence(out, Evidence((), "modern", found))
    said = cast(io.StringIO, out.file).getvalue()
    assert [line.split() for line in said.splitlines() if "CARD" in line] == [
        ["CARD", "y", "drivers/card.c"]
    ]
    assert "stays off: X (for x.c): is switched off by mine.config" in said


def test_what_is_told_of_it() -> None:
    found = Derived(
        (
            derived.Switched("A", "y", "a.c"),
            derived.Switched("B", "n", "b.c:1 under #ifndef CONFIG_B"),
        ),
        (derived.StaysOff("C", "c.c", "is no symbol of this architecture"),),
    )  # fmt: skip
    assert found.words == (
        "switched on for the patch: A (a.c), B off (b.c:1 under #ifndef CONFIG_B); "
        "stays off: C (for c.c): is no symbol of this architecture"
    )
    assert derived.from_json(found.as_json()) == found
    seen = Evidence((), "modern", found)
    assert from_json(seen.as_json()) == seen
    assert from_json({"files": [], "profile": "modern"}).derived == Derived()
    assert symbol("A").holds({"A": "y"})
