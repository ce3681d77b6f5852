# SPDX-License-Identifier: GPL-2.0-only
"""Architectures as data: a row here has its rows everywhere, and its words are understood."""

from __future__ import annotations

import re
import shutil
import tomllib
from dataclasses import replace
from pathlib import Path
from typing import get_args

import click
import pytest
from vm_fixtures import FakeQemu, kernel

import zpmaint
from zpmaint.app.inputs import programs_of
from zpmaint.build import kconfig_tree, profiles, toolchains
from zpmaint.build.conditions import SourceView
from zpmaint.build.proof_plan import Planner, spellings
from zpmaint.build.running.disassembly import straights
from zpmaint.build.running.machines import code_of
from zpmaint.cli.verify import command as verify
from zpmaint.core import arches, tools
from zpmaint.core.errors import UserError
from zpmaint.core.packages import missing_packages
from zpmaint.core.strict import Arch
from zpmaint.core.track_table import TrackTable
from zpmaint.core.versions import KernelVersion
from zpmaint.suites.fault_path.suite import all_cases, init_program
from zpmaint.suites.guest import musl
from zpmaint.vm.boot import boot
from zpmaint.vm.outcome import Ends
from zpmaint.vm.profiles import Accelerator, machine_for, packaged
from zpmaint.vm.values import Outcome

ROOT = Path(zpmaint.__file__).parent
NAMES = arches.names()


def test_what_files_may_name_is_what_is_declared() -> None:
    literal = get_args(get_args(Arch)[0])
    assert literal == NAMES
    works = (ROOT / "publish/static/works.js").read_text()
    listed = re.search(r"VERIFIED = \[(.*)\]", works)
    assert listed and tuple(re.findall(r'"(\w+)"', listed[1])) == NAMES
    kinds = tomllib.loads((ROOT / "matrix/room/kinds.toml").read_text())["kind"]
    called = [row["called"] for row in kinds if "arch>" in row.get("called", "")]
    assert called
    for pattern in called:
        assert all(re.fullmatch(pattern, f"6.12.107-{name}-modern") for name in NAMES)


@pytest.mark.parametrize("name", NAMES)
def test_each_can_be_configured_built_and_booted(name: str) -> None:
    """What one of the tables lacks would be known only after a build of minutes."""
    row = arches.named(name)
    known = tools.declared()
    own = [one for one in profiles.declared() if one.arch == name]
    assert own and all(one.wishes for one in own)
    board = packaged().board_of(name)
    machine = machine_for(own[0].kind, KernelVersion.parse("6.12.107"), own[0].name, arch=name)
    assert name in machine.arch
    assert known[board.program].arch in ("", name)
    if row.cross:
        assert known[f"{row.cross}gcc"].arch == name
        assert set(programs_of(name)) == {
            "gcc", f"{row.cross}gcc", f"{row.cross}ld", board.program
        }  # fmt: skip
    command = machine.command(
        Accelerator.ICOUNT, image=Path("/k"), initrd="/i", console="/c", results="/res"
    )
    assert command[0] == board.program
    assert any("/res" in word for word in command) and "RESULTS" not in " ".join(command)
    kernel = command[command.index("-append") + 1].split()
    assert sum(word.startswith("console=") for word in kernel) == 1
    assert "-smp" in command and "-cpu" in command


def test_musl_that_is_fetched_can_be_given_by_hand() -> None:
    for row in arches.declared().values():
        if row.musl and row.name != arches.names()[0]:
            assert musl.variable(row).endswith(row.name.upper())


def test_only_x86_has_the_devices_of_a_pc() -> None:
    for name in ("arm64", "riscv64"):
        machine = machine_for("Image", KernelVersion.parse("6.12"), arch=name)
        words = machine.command(
            Accelerator.ICOUNT, image=Path("/k"), initrd="/i", console="/c", results="/r"
        )
        assert not {"-debugcon", "pc,hpet=off"} & {*words}
        assert not any(word.startswith(("isa-", "earlyprintk", "nolapic")) for word in words)
        assert packaged().board_of(name).ends is Ends.POWER_OFF
        # Else QEMU draws the seed of the kernel's random numbers, and no two runs are the same.
        assert words[words.index("-seed") + 1] == "1"
        # Its programs could open files of the host by it.
        assert not any("semihosting" in word for word in words)


@pytest.mark.parametrize(
    ("console", "outcome"),
    [
        ("reboot: Power down", Outcome.FINISHED),
        ("reboot: Restarting system", Outcome.UNFINISHED),
        ("Run /init as init process", Outcome.TRIPLE_FAULT),
    ],
)
def test_a_guest_without_ports_ends_by_power_off(
    console: str, outcome: Outcome, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """With the same results and the same status."""
    FakeQemu(tmp_path / "bin", monkeypatch).does(
        f"echo '{console}' > $console\nprintf '# done\\n' > $results\nexit 0",
        program="qemu-system-aarch64",
    )
    image = tmp_path / "Image"
    image.write_bytes(b"")
    made = replace(kernel(image, kind="Image"), arch="arm64")
    run = boot(made, b"", console=tmp_path / "console")
    assert run.outcome is outcome, run.why
    assert run.results == "# done\n"


def test_the_hosts_cpu_runs_no_other_architecture(tmp_path: Path) -> None:
    made = replace(kernel(tmp_path / "Image", kind="Image"), arch="arm64")
    with pytest.raises(UserError, match="arm64 does not run on this machine's CPU"):
        boot(made, b"", console=tmp_path / "console", accelerator=Accelerator.KVM)


def test_other_words_for_an_architecture_mean_it() -> None:
    assert arches.named("aarch64").name == "arm64"
    assert arches.named("riscv").name == "riscv64"
    assert arches.named("amd64").name == "x86_64"
    with pytest.raises(UserError, match="'sparc'") as caught:
        arches.named("sparc")
    assert "riscv64" in caught.value.hint
    rule = TrackTable.model_validate(
        {"sources": ["debian"], "longterm": 1, "arch": ["aarch64", "i386"]}
    )
    assert rule.arch == ("arm64", "i386")


def test_the_option_understands_them() -> None:
    option = next(one for one in verify.params if one.name == "arch")
    assert option.type.convert("aarch64", option, None) == "arm64"
    assert option.type.convert("riscv64", option, None) == "riscv64"
    with pytest.raises(click.BadParameter, match="sparc"):
        option.type.convert("sparc", option, None)


def test_what_one_architecture_needs_is_not_missed_by_others(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    assert "gcc-aarch64-linux-gnu" not in missing_packages()
    assert "gcc-aarch64-linux-gnu" in missing_packages("arm64")
    assert "gcc-riscv64-linux-gnu" not in missing_packages("arm64")
    missed = {tool.name for tool in tools.missing_for("verify", "arm64")}
    assert {"qemu-system-aarch64", "aarch64-linux-gnu-gcc", "make"} <= missed
    assert not {"qemu-system-aarch64"} & {tool.name for tool in tools.missing_for("verify")}


def test_a_profile_may_name_its_compiler() -> None:
    """One that nobody names is not taken, were it to fit."""
    (row,) = [one for one in profiles.declared() if one.toolchain]
    clang = next(one for one in toolchains.declared() if one.name == row.toolchain)
    assert (
        clang.asked and clang.program("riscv64") == "clang" and clang.links_by("arm64") == "ld.lld"
    )
    assert row.make["LLVM"] == "1"
    packages = {tool.package for tool in tools.declared().values() if tool.profile == row.name}
    assert {tools.declared()[name].package for name in row.tools} >= packages
    assert not packages & {*missing_packages()}


def test_a_compiler_that_is_named_must_fit_the_tree(tmp_path: Path) -> None:
    tree = SourceView(tmp_path, {"include/linux/compiler_types.h": b""})
    assert toolchains.choose(tree).name == "gcc"
    with pytest.raises(UserError, match="toolchain 'clang' is not for this tree"):
        toolchains.choose(tree, name="clang")
    both = SourceView(tmp_path, {**tree.over, "include/linux/compiler-clang.h": b""})
    assert toolchains.choose(both).name == "gcc"
    assert toolchains.choose(both, name="clang").name == "clang"


def test_the_compiler_is_the_architectures_own() -> None:
    plain = next(row for row in toolchains.declared() if row.name == "gcc")
    assert plain.program("x86_64") == plain.program("i386") == "gcc"
    assert plain.program("riscv64") == "riscv64-linux-gnu-gcc"
    assert "gcc" in plain.host_command([], "riscv64").split()


def test_kconfig_is_read_from_the_architectures_folder() -> None:
    files = {
        "Kconfig": 'source "arch/$(SRCARCH)/Kconfig"\n',
        "arch/riscv/Kconfig": "config RISCV\n\tdef_bool y\n",
        "arch/x86/Kconfig": "config X86\n\tdef_bool y\n",
    }
    for name, symbol in (("riscv64", "RISCV"), ("i386", "X86"), ("x86_64", "X86")):
        folder = kconfig_tree.srcarch(files.__contains__, name)
        found = kconfig_tree.read(files.get, folder, name)
        assert set(found.entries) == {symbol}
    assert kconfig_tree.srcarch({"arch/i386/Kconfig"}.__contains__, "i386") == "i386"


def test_a_file_of_an_architecture_is_compiled_for_that_one(tmp_path: Path) -> None:
    """And where another one is asked for, what would have been the right word."""
    files = {
        "arch/arm64/Makefile": b"obj-y += mm/\n",
        "arch/arm64/mm/Makefile": b"obj-y += fault.o\n",
        "arch/arm64/mm/fault.c": b"int x;\n",
    }
    for name, objects, why in (
        ("arm64", ("arch/arm64/mm/fault.o",), ""),
        ("x86_64", (), "for another architecture, --arch arm64"),
    ):
        planner = Planner(SourceView(tmp_path, files), name, {}, lambda _: ())
        (plan,) = planner.plans(["arch/arm64/mm/fault.c"])
        assert plan.objects == objects
        assert (plan.done.why if plan.done else "") == why
    header = "arch/arm64/include/uapi/asm/mman.h"
    assert spellings(header) == ("asm/mman.h",)
    assert spellings("include/asm-i386/mman.h") == ("asm/mman.h",)


ARM = """
Disassembly of section .text:

0000000000000000 <f>:
   0:\tpaciasp
   4:\tcbz\tx0, 14 <f+0x14>
   8:\tldr\tx1, [x0]
   c:\tbl\t0 <g>
  10:\tb.eq\t8 <f+0x8>  // b.none
  14:\tadd\tx0, x0, #0x1
  18:\tret
  1c:\tbfi\tx0, x1, #4, #8
"""


def test_straight_code_of_arm64_ends_at_its_jumps() -> None:
    assert straights(ARM, code_of(183).jump) == {".text": [0, 8, 16, 20, 28]}


def test_a_machine_that_nobody_declared_is_refused() -> None:
    with pytest.raises(ValueError, match="ELF 22"):
        code_of(22)
    assert "relaxation" in code_of(243).changes


@pytest.mark.parametrize("name", [name for name in NAMES if arches.named(name).cross])
def test_the_guest_program_is_compiled_for_it(name: str, tmp_path: Path) -> None:
    """Of all cases but those that it has not, which say why."""
    row = arches.named(name)
    if lacking := [tool.name for tool in tools.missing_for("verify", name) if tool.arch]:
        pytest.skip(f"not installed: {', '.join(lacking)} (zpmaint doctor --arch {name})")
    if row.musl and not Path("/usr/lib", row.musl).is_dir() and not shutil.which("apt-get"):
        pytest.skip(f"no musl for {name}, and no apt to fetch it with")
    program = init_program(name, cache=tmp_path)
    data = program.read_bytes()
    assert data[:4] == b"\x7fELF" and code_of(data[18] | data[19] << 8)
    left_out = [case for case in all_cases() if not case.is_for(name)]
    assert left_out and all(
        lack.why.encode() in data for case in left_out for lack in case.lacks if lack.arch == name
    )
