# SPDX-License-Identifier: GPL-2.0-only
"""Scopes of what is no C: Kconfig, Makefiles, prose, assembler, device trees, scripts, entries."""
# ruff: noqa: E101  (Kconfig indents its help by a tab and two blanks)

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from zpmaint.port.outlines import OUTLINES, language
from zpmaint.port.scopes import Scope, source

KCONFIG = b"""menu "Things"

config ONE
	bool "One"
	select HELPER
	help
	  config NOT_ONE is spoken of here, and so is
	  if this were a keyword.

	  endmenu is, too.

if ONE

choice
	prompt "Which"
	default A

config A
	bool "A"

endchoice

endif # ONE

menuconfig TWO
	tristate "Two"
	depends on ONE && \\
		A

endmenu
"""
MAKE = b"""# if this were C
obj-y := a.o \\
	b.o \\
	c.o
obj-$(CONFIG_X) += x.o

ifdef CONFIG_Y
obj-y += y.o
else ifeq ($(Z),1)
obj-y += z.o
endif

define filechk_it
	echo ifdef
endef

$(obj)/%.o: $(src)/%.c FORCE
	$(call one)
ifdef DEEP

	$(call two)
endif

all: a
	true
"""
RST = b"""=====
Title
=====

Words.

First part
----------

More words.

	literal
	=======

Second part
-----------
The last.
"""
PARAMETERS = b"""Text ahead.

	acpi=		[HW,ACPI]
			Format: x
			more

	noacpi		Words
	acpi_old=	[X86]
			other
"""
ASM = b"""#ifdef CONFIG_A
SYM_FUNC_START(one)
	mov x0, x1
.Linner:
	ret
SYM_FUNC_END(one)
#endif

	.macro save, reg
	push \\reg
	.endm

ENTRY(two)
	nop
ENDPROC(two)

label:
	nop
	nop
"""
DTS = b"""/ {
	model = "x";

	leds {
		led-0 {
			a = <1>;
		};
	};
};

&uart0 {
	status = "okay";
};
"""
PYTHON = b"""import os

class A:
    def one(self):
        return 1

    def two(self,
            b):

        return 2

def three():
    pass

print(three())
"""
SHELL = b"""#!/bin/sh
usage()
{
	echo no
}

function other {
	echo yes
}
"""
MAINTAINERS = b"""Maintainers List
----------------

3C59X NETWORK DRIVER
M:	A <a@example.org>
F:	drivers/net/3c59x.c

ZERO
L:	list@example.org
F:	mm/
"""


def told(name: str, data: bytes) -> list[tuple[str, str, int, int]]:
    return [(s.kind, s.name, s.start, s.end) for s in source(data, name).scopes]


def test_the_language_of_a_path() -> None:
    assert [language(path) for path in ("arch/x86/Kconfig.cpu", "lib/Kconfig", "Makefile")] == [
        "kconfig",
        "kconfig",
        "make",
    ]
    assert language("scripts/mkcompile_h") == "script"
    assert language("arch/x86/kernel/vmlinux.lds.S") == "preprocessed"
    assert language("arch/x86/entry/entry_64.S") == "assembler"
    assert language("mm/memory.c") == language("include/linux/mm.h") == "c"
    assert language("README") == "text"


def test_kconfig_entries_and_their_help() -> None:
    assert told("kconfig", KCONFIG) == [
        ("menu", '"Things"', 0, 1),
        ("config", "ONE", 2, 10),
        ("choice", '"Which"', 13, 16),
        ("config", "A", 17, 19),
        ("config", "TWO", 24, 28),
    ]


def test_kconfig_conditions() -> None:
    read = source(KCONFIG, "kconfig")
    at = {scope.name: scope.conditions for scope in read.scopes}
    assert at["ONE"] == ('menu "Things"',)
    assert at["A"] == ('menu "Things"', "if ONE", 'choice "Which"')
    assert at["TWO"] == ('menu "Things"',)
    assert read.conditions[-1] == ()


def test_makefile_rules_lists_and_conditions() -> None:
    assert told("make", MAKE) == [
        ("list", "obj-y", 1, 4),
        ("define", "filechk_it", 12, 15),
        ("rule", "$(obj)/%.o", 16, 21),
        ("rule", "all", 23, 25),
    ]
    conditions = source(MAKE, "make").conditions
    assert conditions[0] == ()
    assert conditions[7] == ("ifdef CONFIG_Y",)
    assert conditions[9] == ("ifdef CONFIG_Y / else ifeq ($(Z),1)",)
    assert conditions[11] == ()


def test_sections_of_prose() -> None:
    assert [name for _, name, _, _ in told("prose", RST)] == ["Title", "First part", "Second part"]


def test_parameters_by_their_indentation() -> None:
    assert told("prose", PARAMETERS) == [
        ("parameter", "acpi", 2, 5),
        ("parameter", "acpi_old", 7, 9),
    ]


def test_assembler() -> None:
    assert told("assembler", ASM) == [
        ("function", "one", 1, 6),
        ("macro", "save", 8, 11),
        ("function", "two", 12, 15),
        ("label", "label", 16, 19),
    ]
    assert source(ASM, "assembler").scopes[0].conditions == ("ifdef CONFIG_A",)


def test_device_tree() -> None:
    assert told("devicetree", DTS) == [("node", "///leds", 3, 8), ("node", "/&uart0", 10, 13)]


def test_python_methods_and_functions() -> None:
    assert [name for _, name, _, _ in told("script", PYTHON)] == ["A.one", "A.two", "three"]
    assert told("script", PYTHON)[1][2:] == (6, 10)


def test_shell_functions() -> None:
    assert told("script", SHELL) == [("function", "usage", 1, 5), ("function", "other", 6, 9)]


def test_maintainers() -> None:
    assert [name for _, name, _, _ in told("entries", MAINTAINERS)] == [
        "3C59X NETWORK DRIVER",
        "ZERO",
    ]


@pytest.mark.parametrize("name", sorted(OUTLINES))
@given(
    st.lists(
        st.sampled_from(
            (KCONFIG + MAKE + RST + PARAMETERS + ASM + DTS + PYTHON + SHELL + MAINTAINERS)
            .decode()
            .splitlines(keepends=True)
        ),
        max_size=60,
    )
)
def test_any_text_has_an_outline(name: str, lines: list[str]) -> None:
    """Whatever the lines: scopes in order, none within another; a condition for every line."""
    read = source("".join(lines).encode(), name)
    assert len(read.conditions) == len(read.lines)
    end = 0
    for scope in read.scopes:
        assert isinstance(scope, Scope)
        assert end <= scope.start < scope.end <= len(read.lines)
        end = scope.end
