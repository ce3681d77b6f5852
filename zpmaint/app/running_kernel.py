# SPDX-License-Identifier: GPL-2.0-only
"""The kernel of this machine: what it answers about it, and what its package lists know."""

from __future__ import annotations

import os
import re
import subprocess
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path

from zpmaint.core.errors import InfraError, UserError
from zpmaint.core.kernel_names import Exactness, KernelName, read_name
from zpmaint.core.tools import run
from zpmaint.core.versions import KernelVersion

_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9.+~-]{0,99}", re.ASCII)
_PATIENCE = 20.0  # seconds; apt reads its lists from the disk


def own_answer(proc: Path = Path("/proc")) -> str:
    """What this machine says of its kernel: `uname -a` less the name of the host, and Ubuntu's
    signature where there is one."""
    said = os.uname()
    text = f"{said.sysname} {said.release} {said.version} {said.machine}"
    try:
        return f"{text} ({(proc / 'version_signature').read_text('utf-8', 'replace').strip()})"
    except OSError:  # only Ubuntu has it
        return text


def identified(
    text: str, packages: Callable[[str], Sequence[KernelVersion]] | None = None
) -> KernelName:
    """Which kernel an answer names; where that is one of Debian's ABI names, with the newest
    package of that name in this machine's lists. `packages` gives those for a name."""
    name = read_name(text)
    if name.exactness is not Exactness.SERIES_ONLY or not name.distribution.startswith("Debian"):
        return name
    known = [
        package
        for package in (packages or packages_named)(name.name)
        if package.series == name.series
    ]
    if not known:
        return name
    likely = max(known)
    how = (
        f"{name.how}; the newest package of that name that this machine's lists know is {likely}, "
        "which since September 2025 is the only one of its name"
    )
    return replace(name, how=how, likely=likely)


def packages_named(name: str) -> list[KernelVersion]:
    """The versions of Debian's package of the kernel that `uname -r` calls so, by apt's lists of
    this machine; none where there is no apt, or it knows none."""
    if not _NAME.fullmatch(name):
        return []
    try:
        listed = run(
            ["apt-cache", "madison", f"linux-image-{name}"],
            env={"LC_ALL": "C"},
            timeout=_PATIENCE,
        )
    except (InfraError, subprocess.TimeoutExpired):
        return []  # what runs is then told less exactly, and said so
    found = []
    for line in listed.stdout.decode("utf-8", "replace").splitlines():
        columns = [column.strip() for column in line.split("|")]
        try:
            found.append(KernelVersion.parse(columns[1]))
        except (IndexError, UserError):
            continue  # a version of somebody else's making
    return found
