# SPDX-License-Identifier: GPL-2.0-only
"""What the machine tests share: kernels to name, guests to compile, a QEMU to pretend with."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
from contextlib import suppress
from pathlib import Path

import pytest

from zpmaint.build.values import Flavour, Kernel
from zpmaint.cell import view
from zpmaint.core.versions import KernelVersion
from zpmaint.vm import initramfs

GUESTS = Path(__file__).parent / "vm_guests"


def kernel(image: Path, version: str = "6.12.107", kind: str = "vmlinux") -> Kernel:
    return Kernel(
        version=KernelVersion.parse(version),
        arch="x86_64",
        flavour=Flavour.STOCK,
        image=image,
        image_kind=kind,
        profile="test",
        toolchain="test",
        fixups=(),
        inputs="test",
        seconds=0.0,
        log=image,
    )


def real_kernels() -> list[Kernel]:
    """Kernels named by ZPMAINT_TEST_VMLINUX and ZPMAINT_TEST_BZIMAGE (paths, colon-separated);
    each name must hold its version: vmlinux-6.12.107-stock, bzImage-2.6.21."""
    found = []
    for kind, variable in (
        ("vmlinux", "ZPMAINT_TEST_VMLINUX"),
        ("bzImage", "ZPMAINT_TEST_BZIMAGE"),
    ):
        for path in filter(None, os.environ.get(variable, "").split(":")):
            version = re.search(r"-(\d+(?:\.\d+)+(?:-rc\d+)?)", Path(path).name)
            assert version, f"{variable}: no version in the name of {path}"
            found.append(kernel(Path(path), version[1], kind))
    return found


def guest(name: str, folder: Path) -> bytes:
    """An initramfs whose init is vm_guests/NAME.c."""
    if not shutil.which("musl-gcc"):
        pytest.skip("musl-gcc is not installed (apt-get install musl-tools)")
    program = folder / name
    flags = ["-static", "-O1", "-Wall", "-Wextra", "-Werror"]
    subprocess.run(["musl-gcc", *flags, "-o", program, GUESTS / f"{name}.c"], check=True)
    return initramfs.pack([initramfs.file("init", program.read_bytes())])


class FakeQemu:
    """A script that takes QEMU's place on PATH; in its body $console, $results, $initrd are the
    files of the command line and $words all its words. It can write in `notes` alone."""

    def __init__(self, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        self.folder = folder
        self.notes = folder.parent / "notes"
        self.folder.mkdir()
        self.notes.mkdir()
        monkeypatch.setenv("PATH", str(folder), prepend=os.pathsep)
        monkeypatch.setenv(view.WRITE_NAME, str(self.notes))
        monkeypatch.setenv(view.READ_NAME, str(Path(__file__).parent))

    def does(self, body: str, program: str = "qemu-system-x86_64") -> None:
        script = self.folder / program
        script.write_text(
            "#!/bin/sh\n"
            'words="$*"\n'
            "while [ $# -gt 0 ]; do\n"
            "  case $1 in\n"
            "    -serial) console=${2#file:};;\n"
            "    -debugcon) results=${2#file:};;\n"
            "    -chardev) results=${2#file,id=results,path=};;\n"
            "    -initrd) initrd=$2;;\n"
            "  esac\n"
            "  shift\n"
            "done\n" + body + "\n"
        )
        script.chmod(0o755)


def running(words: str) -> set[int]:
    """The processes whose command line has these words; a zombie has none."""
    found = set()
    for place in Path("/proc").glob("[0-9]*/cmdline"):
        with suppress(OSError):
            if words in " ".join(os.fsdecode(place.read_bytes()).split("\0")):
                found.add(int(place.parent.name))
    return found - {os.getpid()}
