# SPDX-License-Identifier: GPL-2.0-only
"""What confines a cell on this machine: tried once in a process, not guessed."""

from __future__ import annotations

import functools
import os
import re
import shutil
import subprocess
from collections.abc import Sequence
from pathlib import Path

from zpmaint.cell import bubblewrap, cgroup
from zpmaint.cell.values import Cell, Groups, Isolation, Means
from zpmaint.core.errors import InfraError, UserError

NAME = "ZPMAINT_CELL"
"""The environment's word: "none" or "unshare" has cells do with less, "bubblewrap" insists."""
_UNSHARE = ("--fork", "--kill-child", "--pid", "--mount-proc", "--ipc", "--net")
_USUAL = "/usr/local/bin:/usr/bin:/bin:/usr/sbin:/sbin"
_NO_USERNS = (0, 8, 0)  # the first bubblewrap with --disable-userns


@functools.cache
def means() -> Means:
    """What confines here. Raises UserError for an odd ZPMAINT_CELL, InfraError where it insists
    on isolation that cannot be had."""
    asked = os.environ.get(NAME, "")
    if asked not in ("", *Isolation):
        raise UserError(
            f"{NAME}={asked}: no such isolation", f"choose one of: {', '.join(Isolation)}"
        )
    parents, cgroup_why = cgroup.parents()
    groups = parents.version if parents else Groups.NONE
    isolation, why = _isolation(asked)
    return Means(isolation, groups, why, cgroup_why, is_chroot(_mounts()))


def is_chroot(mounts: str) -> bool:
    """Whether nothing is mounted at the root, by the text of /proc/self/mountinfo; without that
    text it cannot be told."""
    points = [line.split()[4] for line in mounts.splitlines()]
    return bool(points) and "/" not in points


def _mounts() -> str:
    try:
        return Path("/proc/self/mountinfo").read_text(encoding="utf-8", errors="replace")
    except OSError:
        return ""


def _isolation(asked: str) -> tuple[Isolation, str]:
    if asked == Isolation.NONE:
        return Isolation.NONE, f"switched off by {NAME}"
    fault = _bubblewrap_fault() if asked != Isolation.UNSHARE else f"switched off by {NAME}"
    if not fault:
        return Isolation.BUBBLEWRAP, ""
    if asked == Isolation.BUBBLEWRAP:
        raise InfraError(f"{NAME}={asked}: {fault}", "apt-get install bubblewrap")
    if fault_too := _fault([*unshare(), "/bin/true"]):
        if asked == Isolation.UNSHARE:
            raise InfraError(f"{NAME}={asked}: {fault_too}")
        return Isolation.NONE, f"bubblewrap: {fault}; unshare: {fault_too}"
    return Isolation.UNSHARE, f"bubblewrap: {fault}"


def unshare(network: bool = False) -> list[str]:
    """The command line of unshare, up to the program that it runs."""
    words = [word for word in _UNSHARE if not (network and word == "--net")]
    # Root needs no user namespace for the others; a user has to be root in one.
    words = words if os.geteuid() == 0 else ["--map-root-user", *words]
    # The first process of a pid namespace is deaf to most signals: that is a shell, then.
    return [program("unshare"), *words, "/bin/sh", "-c", '"$@"; exit $?', "sh"]


@functools.cache
def program(name: str) -> str:
    """Where a program is that cells are made with, whatever PATH a build is given."""
    path = f"{os.environ.get('PATH', '')}:{_USUAL}"
    return shutil.which(name, path=path) or name


@functools.cache
def knows_disable_userns() -> bool:
    """Whether this bubblewrap can keep what runs in it from making namespaces."""
    said = subprocess.run(
        [program("bwrap"), "--version"], capture_output=True, text=True, check=False
    )
    found = re.search(r"(\d+)\.(\d+)\.(\d+)", said.stdout)
    return found is not None and tuple(int(word) for word in found.groups()) >= _NO_USERNS


def _bubblewrap_fault() -> str:
    """Why bubblewrap does not work here, "" where it does."""
    if program("bwrap") == "bwrap":
        return "not installed"
    cell = Cell("probe", environment={"PATH": os.environ.get("PATH", os.defpath)})
    out = os.open(os.devnull, os.O_WRONLY)
    try:
        words = bubblewrap.arguments(cell, out, without_userns=knows_disable_userns())
        return _fault([program("bwrap"), *words, "/bin/true"], out)
    finally:
        os.close(out)


def _fault(command: Sequence[str], *fds: int) -> str:
    try:
        done = subprocess.run(
            command,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            check=False,
            pass_fds=fds,
            timeout=20,
        )
    except FileNotFoundError:
        return "not installed"
    except subprocess.TimeoutExpired:
        return "did not come back within 20 s"
    said = done.stderr.decode("utf-8", "replace").strip().splitlines()
    return "" if done.returncode == 0 else (said[-1] if said else f"exit status {done.returncode}")
