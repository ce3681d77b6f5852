# SPDX-License-Identifier: GPL-2.0-only
"""A run of patches that upstream took, and went on from: told by what is left of all of them."""

from __future__ import annotations

from pathlib import Path

import pytest
from port_fixtures import changed
from series_fixtures import Tree, quilt_folder, quilt_push, tree_of, write
from test_port_series import function

from zpmaint.core.versions import KernelVersion
from zpmaint.diffs.series import load_series
from zpmaint.port.series import port_series
from zpmaint.port.values import MemberPort

V = KernelVersion.parse
ROWS = "".join(f"\tstep_{n}(a);\n" for n in range(9))
C = function("first", ROWS) + function("second", ROWS.replace("step", "walk"))
"""The file that a series was cut against."""
PROBE = function("probe", "\tclock_get_by_name(a, 1);\n\treset_release(a, 2);\n")
ADDED = C + PROBE
"""One: a function comes."""
RENAMED = ADDED.replace("clock_get_by_name(a, 1)", "clock_get_enabled(a, CLOCK_BUS)")
"""Two: a line of it is replaced."""
SPLIT = RENAMED.replace(
    "\treset_release(a, 2);\n", "\tif (has_reset(a))\n\t\treset_control_release(a, 2, 3);\n"
)
"""Three: and the other."""
OWN = SPLIT.replace("\twalk_5(a);\n", "\twalk_5(a);\n\town_counter_add(a, 4);\n")
"""Four: something else that upstream does not have."""
LATER = SPLIT.replace("\tstep_3(a);\n", "\tstep_3(a, LATER_FLAG);\n").replace(
    "\tif (has_reset(a))\n", "\tdelay_for(a);\n\tif (has_reset(a) && !is_suspended(a))\n"
)
"""Upstream with the first three, and further on."""


def run_of(folder: Path, names: list[str], *texts: str, path: str = "mm/a.c") -> Path:
    states = list(texts)
    patches = {
        name: f"Subject: {name}\n\n{changed(old.encode(), new.encode(), path)}"
        for name, old, new in zip(names, states, states[1:], strict=False)
    }
    return quilt_folder(folder, patches)


def carried(
    folder: Path, base: Tree, target: Tree, *, version: str = "6.18.1", keep_going: bool = False
) -> list[MemberPort]:
    series = load_series(folder)
    known, now = ({p: tree.get(p) for p in series.paths} for tree in (base, target))
    return list(port_series(series, known, now, version=V(version), keep_going=keep_going))


def fates(ports: list[MemberPort]) -> list[str]:
    return [str(port.fate) for port in ports]


NAMES = ["1-v6.13-probe.patch", "2-v6.14-clock.patch", "3-v6.15-reset.patch", "4-own.patch"]


@pytest.mark.parametrize("marked", [True, False])
def test_a_run_that_upstream_has_and_developed(tmp_path: Path, *, marked: bool) -> None:
    """Of the first nothing stands as it left it: the second and the third changed all of it. The
    series goes on to the one that upstream does not have, and applies no line again."""
    names = NAMES if marked else ["1.patch", "2.patch", "3.patch", "4-own.patch"]
    folder = run_of(tmp_path / "in", names, C, ADDED, RENAMED, SPLIT, OWN)
    ports = carried(folder, {"mm/a.c": C.encode()}, {"mm/a.c": LATER.encode()})
    assert fates(ports) == ["upstream", "upstream", "developed since", "applies"]
    assert "went on from there" in ports[2].why
    out = write(tmp_path / "out", folder, ports)
    assert set(tree_of(out)) == {"4-own.patch", "series", "port.json"}
    assert f"# in 6.12 already: {names[2]}" in (out / "series").read_text()


def test_what_later_patches_changed_is_not_asked_for(tmp_path: Path) -> None:
    folder = run_of(tmp_path / "in", NAMES, C, ADDED, RENAMED, SPLIT)
    ports = carried(folder, {"mm/a.c": C.encode()}, {"mm/a.c": SPLIT.encode()})
    assert fates(ports) == ["upstream"] * 3
    assert "later patches" in ports[0].why


def test_a_mark_is_no_proof(tmp_path: Path) -> None:
    """The name says v6.13, the kernel has nothing of it: it goes in."""
    folder = run_of(tmp_path / "in", NAMES, C, ADDED)
    away = C.replace("\twalk_3(a);\n", "\twalk_3(a, 1);\n")
    [port] = carried(folder, {"mm/a.c": C.encode()}, {"mm/a.c": away.encode()})
    assert port.fate == "applies"


def test_a_later_mark_than_the_kernel_is_no_evidence(tmp_path: Path) -> None:
    """A third of it is there: of a patch that is for a later kernel that is too little."""
    more = function("third", "\tthird_thing(a);\n" * 2 + "\tother_thing(a, b, c);\n")
    folder = run_of(tmp_path / "in", ["1-v7.2-x.patch"], C, C + PROBE + more)
    target = C.replace("\twalk_8(a);\n", "\twalk_9(a);\n") + PROBE
    [port] = carried(folder, {"mm/a.c": C.encode()}, {"mm/a.c": target.encode()})
    assert not port.is_dropped


def test_a_patch_that_goes_in_as_it_is_goes_in(tmp_path: Path) -> None:
    """The kernel has such lines elsewhere, and those that the patch changes, too."""
    old = function("one", "\tbegin(a);\n\tget(a, 1);\n\tend(a);\n")
    new = old.replace("get(a, 1)", "get_managed_clock(a, 1)")
    twin = function("two", "\tbegin(a);\n\tget_managed_clock(a, 1);\n\tend(a);\n")
    folder = run_of(tmp_path / "in", ["1-v6.13-x.patch"], old, new)
    [port] = carried(folder, {"mm/a.c": old.encode()}, {"mm/a.c": (old + twin).encode()})
    assert port.fate == "applies"


def test_a_file_that_moved_is_followed(tmp_path: Path) -> None:
    """Deleted here and created there, as diffs without git's renames have it: what the earlier
    patches brought to the old file is looked for in the new one."""
    names = ["1-v6.13-probe.patch", "2-v6.14-move.patch"]
    first = changed(C.encode(), ADDED.encode(), "net/a.c")
    gone, come = (
        changed(ADDED.encode(), None, "net/a.c"),
        changed(None, ADDED.encode(), "net/d/a.c"),
    )
    folder = quilt_folder(tmp_path / "in", dict(zip(names, (first, gone + come), strict=True)))
    target: Tree = {"net/d/a.c": LATER.replace("enabled", "enabled_now").encode()}
    ports = carried(folder, {"net/a.c": C.encode()}, target)
    assert fates(ports) == ["developed since", "upstream"]


def test_hunks_that_upstream_has_are_not_applied_again(tmp_path: Path) -> None:
    """One hunk of two is there, and would go in once more at the end of the file: the other goes
    in alone."""
    new = SPLIT.replace("\tstep_7(a);\n", "\tstep_7(a);\n\tmissing_barrier(a, 7);\n")
    folder = run_of(tmp_path / "in", ["1-both.patch"], C, new)
    target = SPLIT.replace("\tstep_0(a);\n", "\tstep_0(a, 1);\n")
    [port] = carried(folder, {"mm/a.c": C.encode()}, {"mm/a.c": target.encode()})
    assert fates([port]) == ["ported"]
    assert b"+\tclock_get_enabled" not in port.data
    assert b"+\tmissing_barrier(a, 7);\n" in port.data
    assert "1 of 2 hunks are in the target already" in port.why


def test_a_file_made_of_another_takes_upstreams_changes_along(tmp_path: Path) -> None:
    """Deleted here and made anew there, with a change: upstream changed the old file since."""
    moved = C.replace("\tstep_7(a);\n", "\tstep_7(a);\n\tmissing_barrier(a, 7);\n")
    gone, come = changed(C.encode(), None, "net/a.c"), changed(None, moved.encode(), "net/d/a.c")
    then = changed(moved.encode(), moved.replace("walk_2(a)", "walk_2(a, 2)").encode(), "net/d/a.c")
    folder = quilt_folder(tmp_path / "in", {"1.patch": gone + come, "2.patch": then})
    target = C.replace("\tstep_0(a);\n", "\tstep_0(a, 1);\n")
    ports = carried(folder, {"net/a.c": C.encode()}, {"net/a.c": target.encode()})
    assert fates(ports) == ["ported" if n == 0 else "applies" for n in range(2)]
    got, _ = quilt_push(
        write(tmp_path / "out", folder, ports), {"net/a.c": target.encode()}, tmp_path / "tree"
    )
    want = moved.replace("step_0(a)", "step_0(a, 1)").replace("walk_2(a)", "walk_2(a, 2)")
    assert got == {"net/d/a.c": want.encode()}


def test_a_patch_that_only_takes_is_not_there_where_its_file_is_not(tmp_path: Path) -> None:
    less = C.replace("\twalk_5(a);\n\twalk_6(a);\n\twalk_7(a);\n", "")
    folder = run_of(tmp_path / "s", ["1.patch"], C, less)
    [port] = carried(folder, {"mm/a.c": C.encode()}, {})
    assert str(port.fate) == "conflict"
