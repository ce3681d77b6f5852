# SPDX-License-Identifier: GPL-2.0-only
"""The Debian packages of the programs that zpmaint calls: which are missing, what installs them."""

from __future__ import annotations

import os
import shutil

from zpmaint.core import tools
from zpmaint.core.errors import InfraError
from zpmaint.core.progress import SILENT, Reporter

_APT = ("apt-get", "-q", "-o", "Dpkg::Use-Pty=0")
_TOLD = 5
"""Lines of a failed apt-get that are told."""


def missing_packages(arch: str = "", profile: str = "") -> tuple[str, ...]:
    """Those of all declared programs that this machine has not, optional ones too, each once; of
    those that one architecture or one build profile needs only where it is `arch`, `profile`."""
    rows = (tool for tool in tools.declared().values() if tool.is_for(arch, profile))
    return tuple(dict.fromkeys(tool.package for tool in rows if not tool.path()))


def install(packages: tuple[str, ...], reporter: Reporter = SILENT) -> None:
    """Install Debian packages by the machine's apt, as root or by sudo. Raises InfraError, with the
    command to be run by hand where this cannot be done here."""
    by_hand = f"apt-get install {' '.join(packages)}"
    if not shutil.which("apt-get"):
        raise InfraError(
            "no apt-get here: this is no Debian",
            f"install by this system's own means what Debian calls {' '.join(packages)}",
        )
    root: tuple[str, ...] = ()
    if os.geteuid():
        if not shutil.which("sudo"):
            raise InfraError("only root can install packages, and there is no sudo", by_hand)
        root = ("sudo", "--non-interactive")
    noninteractive = ("env", "DEBIAN_FRONTEND=noninteractive")
    wanted = ("install", "--yes", "--no-install-recommends", *packages)
    with reporter.step(f"install {', '.join(packages)}"):
        for words in (("update",), wanted):
            done = tools.run([*root, *noninteractive, *_APT, *words])
            if done.returncode:
                said = (done.stdout + done.stderr).decode(errors="replace").strip().splitlines()
                raise InfraError(
                    f"apt-get {words[0]}: exit status {done.returncode}: "
                    f"{'; '.join(said[-_TOLD:]) or 'it said nothing'}",
                    f"as root: {by_hand}",
                )
