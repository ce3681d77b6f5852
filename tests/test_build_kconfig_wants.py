# SPDX-License-Identifier: GPL-2.0-only
# ruff: noqa: E101 - Kconfig files are in here
"""Which symbols have one come on: Kconfig read as kconfig reads it."""

from __future__ import annotations

import pytest

from zpmaint.build.kconfig_expr import parse
from zpmaint.build.kconfig_tree import Symbols, read
from zpmaint.build.kconfig_wants import Ask, symbol, wanted, written

TREE = {
    "Kconfig": 'mainmenu "Toy"\nsource "arch/$(SRCARCH)/Kconfig"\nsource "drivers/Kconfig"\n',
    "arch/x86/Kconfig": """\
config 64BIT
	def_bool y

config X86_32
	def_bool !64BIT

config SMP
	bool "Processors"
	help
	  config HIDDEN in a help text is no entry.

	  Nor is this.
""",
    "drivers/Kconfig": """\
menuconfig BUS
	bool "Bus"

if BUS

menu "Cards"
	depends on !TINY

config TINY
	bool "Tiny" if EXPERT

config CARD
	tristate "Card" if SMP
	depends on SOUND!=n && \\
		   (ARCH_OTHER || COMPILE_TEST)
	select LIBRARY

config LIBRARY
	tristate

config OTHER
	bool "Other"
	depends on X86_32
	select LIBRARY

endmenu
endif # BUS

config SOUND
	tristate "Sound"
	depends on $(cc-option,-mfoo)

config COMPILE_TEST
	bool "Compile"

config FAST
	bool "Fast"
	depends on CARD && !SLOW

config SLOW
	bool "Slow"

choice
	prompt "One of"

config ONE
	bool "One"

config TWO
	bool "Two"

endchoice

config MACHINE
	def_bool y
	depends on TWO

config EGG
	bool "Egg"
	depends on HEN

config HEN
	bool "Hen"
	depends on EGG
""",
}


@pytest.fixture(scope="module")
def tree() -> Symbols:
    return read(TREE.get, "x86", "x86_64")


@pytest.mark.parametrize(
    ("name", "values", "sets"),
    [
        ("SMP", {}, {"SMP"}),
        ("SMP", {"SMP": "y"}, set()),
        ("CARD", {}, {"BUS", "SMP", "SOUND", "COMPILE_TEST", "CARD"}),
        ("CARD", {"BUS": "y", "SOUND": "m", "SMP": "y"}, {"COMPILE_TEST", "CARD"}),
        # Nobody can set it: one that selects it does.
        ("LIBRARY", {"SOUND": "y", "SMP": "y"}, {"BUS", "COMPILE_TEST", "CARD"}),
        ("FAST", {"CARD": "y"}, {"FAST"}),
        # It comes on by itself, once what it depends on is.
        ("MACHINE", {}, {"TWO"}),
    ],
)
def test_what_a_symbol_takes(
    tree: Symbols, name: str, values: dict[str, str], sets: set[str]
) -> None:
    found = wanted([Ask(symbol(name), "x.c")], tree, {"64BIT": "y", **values})
    assert {name for name, value in found.sets.items() if value == "y"} == sets
    assert found.refused == {}


@pytest.mark.parametrize(
    ("name", "values", "why"),
    [
        ("OTHER", {}, "depends on X86_32, which does not hold"),
        ("FAST", {"SLOW": "y"}, "depends on !SLOW, which does not hold: SLOW is on"),
        ("NOWHERE", {}, "is no symbol of this architecture"),
        ("HIDDEN", {}, "is no symbol of this architecture"),
        ("EGG", {}, "depends on HEN, which does not hold"),
        ("CARD", {"TINY": "y"}, "depends on !TINY, which does not hold: TINY is on"),
    ],
)  # fmt: skip
def test_what_cannot_be_had(tree: Symbols, name: str, values: dict[str, str], why: str) -> None:
    found = wanted([Ask(symbol(name), "x.c")], tree, {"64BIT": "y", **values})
    assert (found.sets, found.refused) == ({}, {name: why})


def test_what_was_refused_before_is_gone_around(tree: Symbols) -> None:
    found = wanted(
        [Ask(symbol("CARD"), "x.c")], tree, {"64BIT": "y"}, {"COMPILE_TEST": "is refused"}
    )
    assert found.sets == {} and "CARD" in found.refused


@pytest.mark.parametrize(
    ("text", "values", "holds"),
    [
        ("A && B", {"A": "y", "B": "m"}, True),
        ("A && !B", {"A": "y", "B": "m"}, False),
        ("A = m || C", {"A": "m"}, True),
        ("A!=n", {}, False),
        ("$(success,$(CC) -v) && A", {"A": "y"}, None),
        ("$(success,$(CC) -v) && A", {}, False),
        ('A = "text"', {}, None),
        ("!(A || B)", {}, True),
    ],
)
def test_expressions(text: str, values: dict[str, str], holds: bool | None) -> None:
    assert parse(text).holds(values) is holds


def test_expressions_are_written_as_kconfig_does() -> None:
    assert written(parse("A && (B || !C) && D!=n")) == "A && (B || !C) && D!=n"
