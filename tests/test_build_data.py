# SPDX-License-Identifier: GPL-2.0-only
"""A project's own fix-ups, toolchains, profiles and machines on top of the packaged ones."""

from __future__ import annotations

from pathlib import Path

import pytest
from build_fixtures import VERSION, Toy, toy

from zpmaint.build import data
from zpmaint.build.options import BuildOptions
from zpmaint.build.pair import build
from zpmaint.build.values import Kernel
from zpmaint.core.errors import UserError
from zpmaint.core.versions import KernelVersion
from zpmaint.vm import profiles as machines
from zpmaint.vm.profiles import Accelerator, machine_for

__all__ = ["toy"]

FIXUP = """
[[fixup]]
name = "{name}"
files = ["mm/memory.c"]
when = 'int zero_page;'
why = "a try"
[[fixup.replace]]
find = 'int zero_page;'
text = 'int zero_page = 1;'
"""
TOOLCHAIN = """
[[toolchain]]
name = "mine"
why = "a try"
compiler = "gcc"
[[toolchain.flag]]
flag = "-DMINE=1"
place = "after"
why = "a try"
"""
PROFILE = """
[[profile]]
name = "{name}"
arch = "x86_64"
config = "mine.config"
target = "vmlinux"
image = ["vmlinux"]
kind = "vmlinux"
lines = 3
why = "a try"
"""
MACHINE = """
[[machine]]
name = "{name}"
why = "a try"
images = ["vmlinux"]
memory = 77
deadline = 5.0
"""


def built(toy: Toy, folder: Path, profile: str | None = None) -> Kernel:
    return build(
        VERSION,
        toy.tree,
        BuildOptions(profile=profile, jobs=1),
        None,
        work=toy.work,
        reporter=toy.kept,
        data=data.over(folder),
    ).stock


def write(path: Path, text: str) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text)


def test_without_a_folder_it_is_the_package(tmp_path: Path) -> None:
    assert data.over(tmp_path / "none") == data.packaged()


def test_a_new_fixup_is_applied_and_named_as_the_projects(toy: Toy, tmp_path: Path) -> None:
    plain = built(toy, tmp_path / "none")
    write(tmp_path / "d/fixups.toml", FIXUP.format(name="mine"))
    kernel = built(toy, tmp_path / "d")
    assert (plain.fixups, kernel.fixups) == ((), ("mine (project)",))
    assert kernel.inputs != plain.inputs
    assert b"zero_page = 1" in (toy.place / "src/mm/memory.c").read_bytes()


def test_one_of_a_packaged_name_takes_its_place(tmp_path: Path) -> None:
    write(tmp_path / "fixups.toml", FIXUP.format(name="build-stamp"))
    rows = data.over(tmp_path)
    base = [row.name for row in data.packaged().fixups]
    assert [row.name for row in rows.fixups] == base
    assert next(r for r in rows.fixups if r.name == "build-stamp").why == "a try"
    assert rows.label("fixup", "build-stamp") == "build-stamp (project)"
    assert rows.label("fixup", base[0]) == base[0] != "build-stamp"


def test_a_new_toolchain_is_asked_first(toy: Toy, tmp_path: Path) -> None:
    write(tmp_path / "d/toolchains.toml", TOOLCHAIN)
    kernel = built(toy, tmp_path / "d")
    assert kernel.toolchain.startswith("mine (project): gcc ")
    assert "-DMINE=1" in (toy.place / "cc").read_text()


def test_a_profile_takes_its_config_from_the_projects_folder(toy: Toy, tmp_path: Path) -> None:
    write(tmp_path / "d/profiles.toml", PROFILE.format(name="mine"))
    write(tmp_path / "d/profiles/mine.config", "# a try\nCONFIG_KSM=y\n")
    kernel = built(toy, tmp_path / "d", "mine")
    assert kernel.profile == "mine"
    config = (toy.work / "6.12.107-x86_64-mine/obj/.config").read_text()
    assert config == "CONFIG_KSM=y\n"


def test_a_config_that_is_nowhere_is_the_users(toy: Toy, tmp_path: Path) -> None:
    write(tmp_path / "d/profiles.toml", PROFILE.format(name="modern"))
    with pytest.raises(UserError, match=r"profile modern: no mine\.config in"):
        built(toy, tmp_path / "d")


@pytest.mark.parametrize(
    ("name", "text", "said"),
    [
        ("fixups.toml", "[[fixup]]\nname = 'x'\n", r"fixups\.toml: fixup\[1\]\.files"),
        ("fixups.toml", "[[fixup]\n", r"fixups\.toml: not TOML"),
        ("fixup.toml", "", r"fixup\.toml is read by nothing"),
        ("profiles.toml", "[[profil]]\n", r"profiles\.toml: profil: unknown key"),
    ],
)
def test_bad_rows_are_named(tmp_path: Path, name: str, text: str, said: str) -> None:
    write(tmp_path / name, text)
    with pytest.raises(UserError, match=said):
        data.over(tmp_path)


def test_a_new_machine_is_asked_first_and_one_of_the_name_replaces(tmp_path: Path) -> None:
    version = KernelVersion.parse("6.12.107")
    usual = machine_for("vmlinux", version)
    write(tmp_path / "new.toml", MACHINE.format(name="mine"))
    rows = machines.over(tmp_path / "new.toml")
    chosen = machine_for("vmlinux", version, machines=rows)
    assert (chosen.name, chosen.memory, rows.label(chosen)) == ("mine", 77, "mine (project)")
    write(tmp_path / "same.toml", MACHINE.format(name=usual.name))
    rows = machines.over(tmp_path / "same.toml")
    chosen = machine_for("vmlinux", version, machines=rows)
    assert (chosen.name, chosen.memory) == (usual.name, 77)
    assert len(rows.machine) == len(machines.packaged().machine)


def test_a_projects_words_for_the_kernel_come_last(tmp_path: Path) -> None:
    path = tmp_path / "profiles.toml"
    path.write_text('[[kernel]]\narg = "mine=1"\nwhy = "a try"\n')
    rows = machines.over(path)
    machine = machine_for("vmlinux", KernelVersion.parse("6.12.107"), machines=rows)
    words = machine.command(
        Accelerator.ICOUNT, image=Path("/k"), initrd="/r", console="c", results="r", machines=rows
    )
    assert words[-1].endswith(" mine=1")
    assert machines.over(tmp_path / "none.toml") == machines.packaged()
