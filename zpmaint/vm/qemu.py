# SPDX-License-Identifier: GPL-2.0-only
"""One QEMU process: started so that it cannot outlive us, watched until it ends or is stopped."""

from __future__ import annotations

import os
import select
import signal
import subprocess
import tempfile
import time
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from threading import Event

from zpmaint.core.errors import InfraError
from zpmaint.core.tools import need

FLOOD = 8 << 20
"""Bytes of console or results after which a guest is stopped: a sound one writes thousands."""
PATIENCE = 5
"""How much longer than its CPU deadline a guest may take on the wall's clock."""
_LOOK = 0.25
"""Seconds between two looks at how much the guest has written."""


@dataclass(frozen=True)
class Ended:
    """How a QEMU process ended."""

    status: int
    """Exit status; negative: the signal that killed it."""
    stderr: str
    seconds: float
    """Wall time from start to end."""
    stopped: str
    """Why we stopped it, "" where it ended by itself."""


def run(
    command: Sequence[str],
    *,
    fds: Sequence[int],
    watched: Sequence[int],
    deadline: float,
    stop: Event | None = None,
) -> Ended:
    """Run QEMU for `deadline` seconds of its own CPU time at most; `fds` stay open in it, `watched`
    are the files it writes. It is killed with the calling thread, on ^C, past the deadline, and
    when it floods a watched file. Raises InfraError where a program is missing, and where another
    thread sets `stop`.

    CPU time, since a busy host must not make a healthy guest look hung. A guest that waits for
    what never comes uses none: for it the wall's clock runs PATIENCE times as long, less what the
    host let it wait for a CPU."""
    need(command[0], "setpriv")
    start = time.monotonic()
    with tempfile.TemporaryFile() as stderr:
        process = subprocess.Popen(
            ["setpriv", "--pdeathsig", "KILL", "--", *command],
            stdin=subprocess.DEVNULL,
            stdout=stderr,
            stderr=stderr,
            pass_fds=tuple(fds),
            # Its own process group: ^C reaches us alone, and the group is killed as a whole.
            start_new_session=True,
        )
        try:
            stopped = _watch(process, watched, start, deadline, stop or Event())
        finally:
            if process.poll() is None:
                os.killpg(process.pid, signal.SIGKILL)
                process.wait()
        seconds = time.monotonic() - start
        stderr.seek(0)
        said = stderr.read().decode("utf-8", "replace")
    return Ended(process.returncode, said, seconds, stopped)


def _watch(
    process: subprocess.Popen[bytes],
    watched: Sequence[int],
    start: float,
    deadline: float,
    stop: Event,
) -> str:
    """Wait for the end; why it must be stopped, "" where it ended."""
    end = os.pidfd_open(process.pid)
    try:
        while True:
            queued = _queued_seconds(process.pid)
            left = start + queued + PATIENCE * deadline - time.monotonic()
            if select.select([end], [], [], max(0.0, min(left, _LOOK)))[0]:
                process.wait()
                return ""
            if stop.is_set():
                raise InfraError("QEMU was stopped with others beside it", "run it again")
            if any(os.fstat(fd).st_size > FLOOD for fd in watched):
                return f"stopped after {FLOOD >> 20} MiB of output"
            used = _cpu_seconds(process.pid)
            if left <= 0 or used > deadline:
                took = time.monotonic() - start
                return f"no end within {took:.0f} s (QEMU had {used:.1f} s of CPU)"
    finally:
        os.close(end)


def _queued_seconds(pid: int) -> float:
    """The longest that one of its threads has been ready to run and had no CPU of the host so far;
    /proc/PID/task/TID/schedstat, Documentation/scheduler/sched-stats. 0.0 where the host does not
    count it."""
    waits = [0]
    for stat in Path(f"/proc/{pid}/task").glob("*/schedstat"):
        with suppress(FileNotFoundError, ProcessLookupError):  # a thread that has just ended
            waits.append(int(stat.read_text().split()[1]))
    return max(waits) / 1e9


def _cpu_seconds(pid: int) -> float:
    """User and system time of a process so far; /proc/PID/stat, proc(5)."""
    with open(f"/proc/{pid}/stat", encoding="ascii", errors="replace") as stat:  # noqa: PTH123
        fields = stat.read().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")
