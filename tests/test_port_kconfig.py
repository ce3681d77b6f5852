# SPDX-License-Identifier: GPL-2.0-only
"""Kconfig and the top Makefile: entries, blocks, and the kernel's version."""

from __future__ import annotations

import pytest
from port_fixtures import carry, diff, outcome, placed
from unidiff.patch import PatchSet as UnifiedDiff

from zpmaint.port import checks
from zpmaint.port.hunks import Change
from zpmaint.port.placed import Placed
from zpmaint.port.placement import Job, Placement
from zpmaint.port.scopes import source
from zpmaint.port.values import State

MENU = """menu "Toys"

if TOYS

config TOY_A
	bool "a"
	default y
	select HELPER

source "drivers/toys/a/Kconfig"

source "drivers/toys/b/Kconfig"

endif # TOYS

endmenu
"""


def _kconfig(patched: str, target: str) -> str:
    ported = carry(MENU, patched, target, path="drivers/toys/Kconfig")
    assert ported.state is not State.CONFLICT, ported.why
    return outcome(ported)


def test_a_source_stays_in_its_block() -> None:
    """Upstream has added to the block, and moved a line out of it."""
    patched = MENU.replace('b/Kconfig"\n', 'b/Kconfig"\n\nsource "drivers/toys/mine/Kconfig"\n')
    target = MENU.replace('source "drivers/toys/a/Kconfig"\n\n', "").replace(
        "endif # TOYS\n", 'endif # TOYS\n\nsource "drivers/toys/a/Kconfig"\n'
    )
    lines = _kconfig(patched, target.replace('b/Kconfig"\n', 'b/Kconfig"\n\nsource "x"\n'))
    assert lines.index("mine/Kconfig") < lines.index("endif")


def test_entries_select_the_same() -> None:
    """A second entry of upstream's selects what the patch's new one selects, too."""
    mine = 'config TOY_M\n\tbool "m"\n\tdefault y\n\tselect OTHER\n\n'
    theirs = 'config TOY_T\n\tbool "t"\n\tdefault y\n\tselect OTHER\n\n'
    patched = MENU.replace('source "drivers/toys/a', mine + 'source "drivers/toys/a')
    lines = _kconfig(patched, MENU.replace("config TOY_A", theirs + "config TOY_A"))
    assert lines.count("select OTHER") == 2


def test_a_block_that_is_left_open_is_named() -> None:
    patched = MENU.replace("endif # TOYS\n", "endif # TOYS\n\nif MORE\n\nendif\n")
    change = Change.of(UnifiedDiff.from_string(diff(MENU, patched))[0][0], "kconfig")
    base = source(MENU.encode(), "kconfig")
    at = base.lines.index("endif # TOYS\n")
    for lines, told in ((("if MORE\n",), True), (("if MORE\n", "endif\n"), False)):
        placement = Placement(at, at, lines, Placed.NEIGHBOURS, 0.9, "by hand")
        reasons = checks.of_hunk(Job(change, base, base), placement)
        assert ("if and endif would not match" in reasons) is told


def makefile(sublevel: int, extra: str) -> str:
    value = f" {extra}" if extra else ""
    return (
        f"VERSION = 6\nPATCHLEVEL = 12\nSUBLEVEL = {sublevel}\nEXTRAVERSION ={value}\n"
        "NAME = A Name\n\nall:\n\ttrue\n"
    )


@pytest.mark.parametrize(
    ("before", "after", "target", "now"),
    [
        ("", "-my1", "", "-my1"),
        ("", "-my1", "-rc3", "-rc3-my1"),
        ("-rc1", "-rc1-my1", "-rc2", "-rc2-my1"),
        ("-my1", "-my2", "-my1", "-my2"),
    ],
)
def test_what_marks_a_kernel_goes_behind_its_own_value(
    before: str, after: str, target: str, now: str
) -> None:
    ported = carry(makefile(0, before), makefile(0, after), makefile(7, target), path="Makefile")
    assert placed(ported) == [Placed.VERSION]
    assert outcome(ported) == makefile(7, now)


@pytest.mark.parametrize(
    ("patched", "target", "why"),
    [
        (makefile(1, ""), makefile(7, ""), "sets the kernel's own version (SUBLEVEL)"),
        (makefile(1, "-my1"), makefile(7, ""), "sets the kernel's own version (SUBLEVEL)"),
        (makefile(0, "-my1"), makefile(7, "").replace("EXTRAVERSION =\n", ""), "EXTRAVERSION"),
    ],
)
def test_a_version_of_the_patch_s_own_is_a_conflict(patched: str, target: str, why: str) -> None:
    ported = carry(makefile(0, ""), patched, target, path="Makefile")
    assert ported.state is State.CONFLICT
    assert why in ported.why
