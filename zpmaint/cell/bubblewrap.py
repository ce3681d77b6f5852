# SPDX-License-Identifier: GPL-2.0-only
"""Bubblewrap's command line for a cell."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from zpmaint.cell.values import Cell
from zpmaint.cell.view import Access, view

HOME = "/tmp/home"
"""The private home in a cell, empty."""
_RESOLVER = Path("/etc/resolv.conf")


def arguments(cell: Cell, status: int, *, without_userns: bool) -> list[str]:
    """Bubblewrap's arguments, up to the program that it runs. `status` is the descriptor
    that bubblewrap reports on; `without_userns`: it knows --disable-userns (0.8.0).

    No capability is left, not even for root: with one, a read-only mount is soon writable."""
    words = ["--unshare-user", "--unshare-pid", "--unshare-ipc", "--unshare-uts"]
    words += [] if cell.network else ["--unshare-net"]
    words += ["--disable-userns"] if without_userns else []
    words += ["--cap-drop", "ALL", "--die-with-parent", "--json-status-fd", str(status)]
    words += ["--ro-bind", "/", "/", "--proc", "/proc", "--dev", "/dev"]
    for device in cell.devices:
        words += ["--dev-bind", str(device), str(device)]
    for path, access in view(cell):
        words += _mount(path, access)
    if cell.network and _RESOLVER.is_symlink() and _RESOLVER.exists():
        words += _mount(_RESOLVER.resolve(), Access.READ)
    words += ["--dir", HOME]
    return [*words, "--chdir", str(cell.cwd or "/"), "--"]


def _mount(path: Path, access: Access) -> Sequence[str]:
    if access is Access.WRITE:
        return ("--bind", str(path), str(path))
    if access is Access.READ:
        return ("--ro-bind", str(path), str(path))
    return ("--tmpfs", str(path)) if path.is_dir() else ("--ro-bind", "/dev/null", str(path))
