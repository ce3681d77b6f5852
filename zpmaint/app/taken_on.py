# SPDX-License-Identifier: GPL-2.0-only
"""What figures are taken on, beside what QEMU's command line says: QEMU itself, and the host."""

from __future__ import annotations

import functools
import shutil
from pathlib import Path

from zpmaint.core.tools import run

_CPUINFO = Path("/proc/cpuinfo")


@functools.cache
def emulator(program: str) -> str:
    """A QEMU's version line; '' where it is not there to be asked."""
    if not program or not shutil.which(program):
        return ""
    return run((program, "--version")).stdout.decode(errors="replace").partition("\n")[0].strip()


@functools.cache
def host_cpu(cpuinfo: Path = _CPUINFO) -> str:
    """The model of the host's CPU; '' where the host does not say."""
    try:
        lines = cpuinfo.read_text(encoding="utf-8", errors="replace").splitlines()
    except OSError:
        return ""
    for line in lines:
        name, _, value = line.partition(":")
        if name.strip() == "model name":
            return " ".join(value.split())
    return ""
