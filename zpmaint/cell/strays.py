# SPDX-License-Identifier: GPL-2.0-only
"""Processes that a cell left behind where neither a pid namespace nor a cgroup holds them.

They are known by a variable of their environment, which a daemon rarely changes: no wall, but what
there is without one.
"""

from __future__ import annotations

import hashlib
import itertools
import os
import signal
import time
from contextlib import suppress
from pathlib import Path

from zpmaint.cell.values import Cell

COOKIE = "ZPMAINT_CELL_COOKIE"
_GOING = 2.0  # seconds


_count = itertools.count()


def cookie(cell: Cell) -> str:
    """Names the processes of a cell: by the folder that it writes first of all, so that another
    zpmaint knows them, too; one that writes none has a name of its own."""
    if cell.writable:
        first = str(cell.writable[0].resolve())
        return hashlib.sha256(os.fsencode(first)).hexdigest()[:16]
    return f"{cell.name}-{os.getpid()}-{next(_count)}"


def kill(marked: str) -> int:
    """Kill the processes with a cookie, until none is left; how many there were."""
    killed: set[int] = set()
    end = time.monotonic() + _GOING
    while (left := _having(f"{COOKIE}={marked}".encode())) and time.monotonic() < end:
        for pid in left:
            with suppress(ProcessLookupError, PermissionError):
                os.kill(pid, signal.SIGKILL)
        killed |= left
        time.sleep(0.01)
    return len(killed)


def _having(entry: bytes) -> set[int]:
    found = set()
    for place in Path("/proc").glob("[0-9]*/environ"):
        with suppress(OSError):
            if entry in place.read_bytes().split(b"\0"):
                found.add(int(place.parent.name))
    return found - {os.getpid()}
