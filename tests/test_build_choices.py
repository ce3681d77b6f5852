# SPDX-License-Identifier: GPL-2.0-only
"""How real kernels are built and booted: toolchain, config profile and machine, each in its era."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

import pytest

from zpmaint.build import profiles, toolchains
from zpmaint.build.conditions import SourceView
from zpmaint.core.versions import KernelVersion
from zpmaint.vm.profiles import machine_for

FOLDERS = ("include/linux/", "arch/x86/Kconfig", "drivers/tty/Kconfig")
ASKED = ("include/linux/compiler", "arch/x86/Kconfig", "drivers/tty/Kconfig")


@pytest.mark.mirror
@pytest.mark.parametrize(
    ("version", "toolchain", "profile", "machine"),
    [
        ("2.6.16", "gcc-as-4.2", "legacy", "legacy"),
        ("2.6.23", "gcc-as-4.2", "legacy", "legacy"),
        ("2.6.36", "gcc-as-4.2", "legacy", "legacy"),
        ("2.6.39", "gcc-as-4.2", "legacy", "legacy"),
        ("3.10.4", "gcc-as-4.2", "middle", "modern"),
        ("3.19.8", "gcc-as-5", "middle", "modern"),
        ("4.9", "gcc-no-pie", "middle", "modern"),
        ("4.20", "gcc", "middle", "modern"),
        ("5.0.1", "gcc", "modern", "modern"),
        ("5.3.1", "gcc", "modern", "modern"),
        ("5.15.135", "gcc", "modern", "modern"),
    ],
)
def test_what_real_kernels_are_built_with(
    tmp_path: Path, version: str, toolchain: str, profile: str, machine: str
) -> None:
    where = os.environ.get("ZPMAINT_KERNEL_GIT")
    if not where:
        pytest.skip("ZPMAINT_KERNEL_GIT names no git mirror of the kernel: NOT TESTED")
    done = subprocess.run(
        ["git", "-C", where, "ls-tree", "-r", "--name-only", f"refs/tags/v{version}", *FOLDERS],
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode:
        pytest.skip(f"the git mirror of ZPMAINT_KERNEL_GIT has no tag v{version}: NOT TESTED")
    for name in done.stdout.splitlines():
        if name.startswith(ASKED):
            shown = subprocess.run(
                ["git", "-C", where, "cat-file", "blob", f"refs/tags/v{version}:{name}"],
                capture_output=True,
                check=True,
            )
            (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
            (tmp_path / name).write_bytes(shown.stdout)
    tree = SourceView(tmp_path)
    chosen = profiles.choose(tree, "x86_64")
    assert toolchains.choose(tree).name == toolchain
    assert chosen.name == profile
    assert machine_for(chosen.kind, KernelVersion.parse(version)).name == machine
