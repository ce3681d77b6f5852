# SPDX-License-Identifier: GPL-2.0-only
"""Which machine a kernel is booted on, and with which words."""

from __future__ import annotations

from pathlib import Path

import pytest

from zpmaint.core.errors import UserError
from zpmaint.core.versions import KernelVersion
from zpmaint.vm.profiles import Accelerator, machine_for


@pytest.mark.parametrize(
    ("kind", "version", "machine"),
    [
        ("bzImage", "2.6.20", "legacy"),
        ("bzImage", "2.6.35.4", "legacy"),
        ("bzImage", "3.7.10", "legacy"),
        ("bzImage", "3.8-rc1", "modern"),  # the huge zero page wants more than 512 MB
        ("bzImage", "3.19.8", "modern"),
        ("bzImage", "4.9.1", "modern"),
        ("vmlinux", "5.10.262", "modern"),
        ("vmlinux", "7.3-rc7", "modern"),
        ("vmlinux", "next-20261120", "modern"),
    ],
)
def test_machine_by_kind_and_version(kind: str, version: str, machine: str) -> None:
    assert machine_for(kind, KernelVersion.parse(version)).name == machine


def test_no_machine_boots_an_old_vmlinux() -> None:
    with pytest.raises(UserError, match=r"no machine boots a vmlinux of 2\.6\.21"):
        machine_for("vmlinux", KernelVersion.parse("2.6.21"))


def words(version: str, kind: str, accelerator: Accelerator, **options: object) -> list[str]:
    machine = machine_for(kind, KernelVersion.parse(version))
    return list(
        machine.command(
            accelerator,
            image=Path("/k"),
            initrd="/rd",
            console="/con, with a comma",
            results="/res",
            **options,  # type: ignore[arg-type]
        )
    )


def test_modern_with_icount() -> None:
    command = words("6.12", "vmlinux", Accelerator.ICOUNT)
    assert command[command.index("-icount") + 1] == "shift=0,sleep=off"
    assert command[command.index("-rtc") + 1] == "base=2020-01-01T00:00:00,clock=vm"
    assert command[command.index("-cpu") + 1] == "qemu64"
    assert command[command.index("-m") + 1] == "1024"
    assert command[command.index("-serial") + 1] == "file:/con, with a comma"
    kernel = command[command.index("-append") + 1].split()
    assert {"nolapic", "nokaslr", "panic=-1", "console=ttyS0"} <= set(kernel)


def test_legacy_with_icount() -> None:
    command = words("2.6.21", "bzImage", Accelerator.ICOUNT)
    assert command[command.index("-cpu") + 1] == "core2duo"
    kernel = command[command.index("-append") + 1].split()
    assert {"nolapic", "no_timer_check", "panic=1", "lpj=40000"} <= set(kernel)
    assert "panic=-1" not in kernel


@pytest.mark.parametrize("kind, version", [("vmlinux", "6.12"), ("bzImage", "2.6.21")])
def test_what_belongs_to_icount_stays_with_it(kind: str, version: str) -> None:
    for accelerator in (Accelerator.TCG, Accelerator.KVM):
        command = words(version, kind, accelerator)
        assert command.count("-accel") == 1
        assert command[command.index("-accel") + 1] == accelerator
        assert "-icount" not in command
        assert "nolapic" not in command[command.index("-append") + 1].split()
        assert not accelerator.is_deterministic
    assert Accelerator.ICOUNT.is_deterministic


def test_memory_and_further_words() -> None:
    command = words("6.12", "vmlinux", Accelerator.ICOUNT, memory=512, append=["swiotlb=off"])
    assert command[command.index("-m") + 1] == "512"
    assert command[command.index("-append") + 1].endswith(" swiotlb=off")


@pytest.mark.parametrize(
    ("profile", "kind", "version", "machine"),
    [
        ("full", "vmlinux", "7.2.8", "modern-full"),
        ("debug", "vmlinux", "7.2.8", "modern-full"),
        ("full", "bzImage", "2.6.21", "legacy-full"),
    ],
)
def test_kernels_with_more_get_a_machine_with_more(
    profile: str, kind: str, version: str, machine: str
) -> None:
    chosen = machine_for(kind, KernelVersion.parse(version), profile)
    assert chosen.name == machine
    command = list(
        chosen.command(Accelerator.ICOUNT, image=Path("/k"), initrd="/r", console="c", results="r")
    )
    # Two sockets: the BIOS's table of CPUs names one of each.
    assert command[command.index("-smp") + 1] == "2,sockets=2,cores=1,threads=1"
    assert command.count("-smp") == 1
    kernel = command[command.index("-append") + 1].split()
    assert {"numa=fake=2", "zp.cpus=2"} <= set(kernel)
    # Those that wait for the second CPU in a loop get it from init.
    assert ("maxcpus=1" in kernel) == (machine == "modern-full")
    # Without its local APIC the second CPU would not start.
    assert "nolapic" not in kernel
    assert "nolapic_timer" in kernel
    # The old ones' timer comes through the PIC, and their idle CPUs halt.
    assert ("noapic" in kernel) == (machine == "legacy-full")
    assert (",-monitor" in command[command.index("-cpu") + 1]) == (machine == "legacy-full")
    assert {"console=ttyS0", "earlyprintk=serial,ttyS0,115200"} <= set(kernel)


def test_an_old_kernel_that_checks_its_spin_locks_has_one_cpu() -> None:
    chosen = machine_for("bzImage", KernelVersion.parse("2.6.32"), "debug")
    command = list(
        chosen.command(Accelerator.ICOUNT, image=Path("/k"), initrd="/r", console="c", results="r")
    )
    assert command[command.index("-smp") + 1] == "1"
    kernel = command[command.index("-append") + 1].split()
    assert {"numa=fake=2", "panic=1", "lpj=40000", "nolapic", "noapic"} <= set(kernel)
    assert not any(word.startswith("zp.cpus") for word in kernel)


@pytest.mark.parametrize("profile", ["", "modern", "legacy", "middle"])
def test_the_minimal_profiles_keep_their_machine(profile: str) -> None:
    chosen = machine_for("vmlinux", KernelVersion.parse("6.12.107"), profile)
    command = " ".join(
        chosen.command(Accelerator.ICOUNT, image=Path("/k"), initrd="/r", console="c", results="r")
    )
    assert command == (
        "qemu-system-x86_64 -nodefaults -no-user-config -display none -M pc,hpet=off -accel tcg "
        "-icount shift=0,sleep=off -rtc base=2020-01-01T00:00:00,clock=vm -cpu qemu64 -smp 1 "
        "-no-reboot -device isa-debug-exit,iobase=0xf4,iosize=4 -m 1024 -serial file:c "
        "-debugcon file:r -kernel /k -initrd /r -append console=ttyS0 "
        "earlyprintk=serial,ttyS0,115200 panic=-1 reboot=t nolapic nokaslr "
        "tsc_early_khz=1000000 tsc=reliable lpj=5000000"
    )
