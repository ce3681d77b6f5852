# SPDX-License-Identifier: GPL-2.0-only
"""Toolchains: chosen by what a tree holds; the wrapper's arguments, in order."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest

from zpmaint.build.conditions import SourceView
from zpmaint.build.toolchains import Toolchain, choose, declared, version_line
from zpmaint.core.errors import InfraError


def _named(name: str) -> Toolchain:
    return next(row for row in declared() if row.name == name)


@pytest.mark.parametrize(
    ("headers", "name"),
    [
        ("compiler-gcc.h compiler-gcc3.h compiler-gcc4.h compiler.h", "gcc-as-4.2"),
        ("compiler-gcc.h compiler-gcc3.h compiler-gcc4.h compiler-gcc5.h", "gcc-as-5"),
        ("compiler-gcc.h compiler.h", "gcc-no-pie"),
        ("compiler-gcc.h compiler.h compiler_types.h", "gcc"),
    ],
)
def test_chosen_by_what_the_tree_holds(tmp_path: Path, headers: str, name: str) -> None:
    for header in headers.split():
        (tmp_path / "include/linux").mkdir(parents=True, exist_ok=True)
        (tmp_path / "include/linux" / header).touch()
    assert choose(SourceView(tmp_path)).name == name


def test_a_patch_may_change_the_answer(tmp_path: Path) -> None:
    over = {"include/linux/compiler-gcc4.h": b""}
    assert choose(SourceView(tmp_path)).name == "gcc"
    assert choose(SourceView(tmp_path, over)).name == "gcc-as-4.2"


def _arguments(tmp_path: Path, toolchain: Toolchain, arch: str, *given: str) -> list[str]:
    """What the compiler is really called with."""
    shown = tmp_path / "shown"
    shown.write_text('#!/bin/sh\nfor word do printf "%s\\0" "$word"; done\n')
    shown.chmod(0o755)
    wrapper = tmp_path / "cc"
    wrapper.write_text(toolchain.model_copy(update={"compiler": str(shown)}).script([], arch))
    wrapper.chmod(0o755)
    said = subprocess.run([wrapper, *given], capture_output=True, text=True, check=True)
    return said.stdout.split("\0")[:-1]


def test_the_kernels_own_flags_stand_between_ours(tmp_path: Path) -> None:
    old = _named("gcc-as-4.2")
    words = _arguments(tmp_path, old, "x86_64", "-fPIC", "-c", "-o", "x.o", "x.c")
    assert words == [
        *old.flags("before", "x86_64"),
        *["-fPIC", "-c", "-o", "x.o", "x.c"],
        *old.flags("after", "x86_64"),
    ]
    assert words.index("-fno-PIC") < words.index("-fPIC") < words.index("-fwrapv")


@pytest.mark.parametrize(
    ("given", "wanted"),
    [
        (["-m", "elf_x86_64", "a"], ["-m64", "a"]),
        (["-m", "elf_i386", "a"], ["-m32", "a"]),
        (["-m", "other", "-d"], ["-m", "other", "-Wl,-d"]),
        (["-m"], ["-m"]),
        (["-d", "-m", "elf_i386", "-m", "elf_x86_64"], ["-Wl,-d", "-m32", "-m64"]),
        (["-m", "-m", "elf_i386"], ["-m", "-m32"]),
        (["-m64", "-dD", "elf_x86_64"], ["-m64", "-dD", "elf_x86_64"]),
        (["-DS=\"a b\"", "-DT='$x `y` *'", "", "-m", "elf_i386"],
         ["-DS=\"a b\"", "-DT='$x `y` *'", "", "-m32"]),
    ],
)  # fmt: skip
def test_rewrites(tmp_path: Path, given: list[str], wanted: list[str]) -> None:
    old = _named("gcc-as-4.2")
    words = _arguments(tmp_path, old, "x86_64", "-c", *given)
    before, after = len(old.flags("before", "x86_64")), len(old.flags("after", "x86_64"))
    assert words[before + 1 : len(words) - after] == wanted


@pytest.mark.parametrize(
    ("given", "links"),
    [
        (["-o", "prog", "a.o"], True),
        (["-c", "a.c"], False),
        (["-S", "a.c"], False),
        (["-E", "a.c"], False),
        (["-shared", "-o", "vdso.so", "a.o"], False),
        (["-nostdlib", "-Wl,-shared", "a.o"], False),
    ],
)
def test_no_pie_is_for_links_that_are_not_shared(
    tmp_path: Path, given: list[str], links: bool
) -> None:
    assert ("-no-pie" in _arguments(tmp_path, _named("gcc-as-4.2"), "x86_64", *given)) is links


def test_i386_is_told_to_be_32_bit(tmp_path: Path) -> None:
    old = _named("gcc-as-4.2")
    assert _arguments(tmp_path, old, "i386", "-c", "a.c")[0] == "-m32"
    assert "-m32" not in _arguments(tmp_path, old, "x86_64", "-c", "a.c")


@pytest.mark.parametrize(("name", "says"), [("gcc-as-4.2", ["4", "2"]), ("gcc-as-5", ["5", "1"])])
def test_what_gcc_makes_of_it(tmp_path: Path, name: str, says: list[str]) -> None:
    """The pretence holds: gcc behind the wrapper says it is the older one."""
    wrapper = tmp_path / "cc"
    wrapper.write_text(_named(name).script([], "x86_64"))
    wrapper.chmod(0o755)
    said = subprocess.run(
        [wrapper, "-E", "-P", "-x", "c", "-"],
        input="__GNUC__ __GNUC_MINOR__\n",
        capture_output=True,
        text=True,
        check=True,
    )
    assert said.stdout.split() == says


def test_the_plain_toolchain_needs_no_wrapper() -> None:
    assert not _named("gcc").wrapped("x86_64")
    assert _named("gcc").host_command(["ccache"], "x86_64") == "ccache gcc"
    assert _named("gcc-as-4.2").wrapped("x86_64")
    assert "-fcommon" in _named("gcc-as-4.2").host_command([], "x86_64")


def test_every_flag_has_its_reason() -> None:
    assert all(flag.why.strip() for row in declared() for flag in row.flag)


def test_a_missing_compiler_is_infrastructure() -> None:
    with pytest.raises(InfraError, match="no-such-cc"):
        version_line("no-such-cc")
