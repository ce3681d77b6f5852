# SPDX-License-Identifier: GPL-2.0-only
"""One QEMU process: started so that it cannot outlive us, watched until it ends or is stopped."""

from __future__ import annotations

import functools
import os
import re
import shutil
import tempfile
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from threading import Event

from zpmaint.cell.launch import start
from zpmaint.cell.running import Running
from zpmaint.cell.values import Cell, Limits
from zpmaint.core.awake import AwakeClock
from zpmaint.core.errors import InfraError
from zpmaint.core.readable import is_readable
from zpmaint.core.tools import need

FLOOD = 8 << 20
"""Bytes of console or results after which a guest is stopped: a sound one writes thousands."""
PATIENCE = 5
"""How much longer than its CPU deadline a guest may take on the wall's clock."""
STILL_MOST = 24 * 3600.0
"""Seconds of standing still after which nobody waits any more: the host's trouble, not a hang."""
_LOOK = 0.25
"""Seconds between two looks at how much the guest has written."""

_OWN_MEMORY = 2 << 30
"""Bytes that QEMU gets beside the guest's memory: translated code takes up to 1 GiB."""
_THREADS = 256
_LARGEST = 64 << 20
"""Bytes of a file that it writes: well past FLOOD, which is seen first."""
_SANDBOX = (
    "-sandbox",
    "on,obsolete=deny,elevateprivileges=deny,spawn=deny,resourcecontrol=deny",
)


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
    stood_still: float = 0.0
    """Seconds in which the host, or QEMU on it, was kept from running: no time of the guest's."""
    limits_met: tuple[str, ...] = ()
    """The limits of its cell that it ran into, named; the host's doing, never the guest's."""


def run(
    command: Sequence[str],
    *,
    fds: Sequence[int],
    watched: Sequence[int],
    deadline: float,
    memory: int,
    readable: Sequence[Path] = (),
    devices: Sequence[Path] = (),
    stop: Event | None = None,
) -> Ended:
    """Run QEMU for `deadline` seconds of its own CPU time at most; `fds` stay open in it, `watched`
    are the files it writes. It runs in a cell, with the guest's `memory` (MiB) and some of its own,
    of the files no more than `readable`, and cannot start programs. It is killed with the calling
    thread, on ^C, past the deadline, and when it floods a watched file. Raises InfraError where a
    program is missing, and where another thread sets `stop`.

    CPU time, since a busy host must not make a healthy guest look hung. A guest that waits for
    what never comes uses none: for it the wall's clock runs PATIENCE times as long, less what the
    host let it wait for a CPU, and less the time in which the host itself, we or QEMU stood still;
    of that it gets STILL_MOST."""
    need(command[0], "setpriv")
    inside = Cell(
        "qemu",
        readable=(*readable, *_files(command)),
        environment={"PATH": os.environ.get("PATH", os.defpath), "LC_ALL": "C"},
        limits=Limits((memory << 20) + _OWN_MEMORY, _THREADS, file_size=_LARGEST),
        devices=tuple(devices),
    )
    with tempfile.TemporaryFile() as stderr:
        words = [command[0], *_sandbox(command[0]), *command[1:]]
        with start(words, inside, stdout=stderr, stderr=stderr, pass_fds=fds) as running:
            clock = AwakeClock(_LOOK)
            stopped = _watch(running, watched, clock, deadline, stop or Event())
            if stopped:
                running.kill()
            ended = running.wait()
        stderr.seek(0)
        said = stderr.read().decode("utf-8", "replace")
    return Ended(ended.status, said, ended.seconds, stopped, clock.stood_still, ended.limits_met)


@functools.cache
def _sandbox(program: str) -> tuple[str, ...]:
    """QEMU's own filter of system calls, where this QEMU was built with it (a script was not)."""
    path = Path(shutil.which(program) or program)
    is_able = path.is_file() and b"libseccomp.so" in path.read_bytes()
    return _SANDBOX if is_able else ()


def _files(command: Sequence[str]) -> list[Path]:
    """What a command line names of the file system: a project's machine may have a disk."""
    words = (word for text in command for word in re.split("[,=]", text.removeprefix("file:")))
    own = ("/dev/", "/proc/")
    return [Path(w) for w in words if w[:1] == "/" and not w.startswith(own) and Path(w).is_file()]


def _watch(
    running: Running,
    watched: Sequence[int],
    clock: AwakeClock,
    deadline: float,
    stop: Event,
) -> str:
    """Wait for the end; why it must be stopped, "" where it ended."""
    end = os.pidfd_open(running.process.pid)
    pid: int | None = None
    try:
        while True:
            queued = _queued_seconds(pid) if pid else 0.0
            took = clock.look(is_held=pid is not None and _is_held(pid))
            left = queued + PATIENCE * deadline - took
            if is_readable(end, min(left, _LOOK)):
                return ""
            if clock.stood_still > STILL_MOST:
                raise InfraError(
                    f"QEMU was kept from running for {clock.stood_still / 3600:.0f} hours",
                    "see what holds it: a stopped process, a paused container, a dead disk",
                )
            if stop.is_set():
                raise InfraError("QEMU was stopped with others beside it", "run it again")
            if any(os.fstat(fd).st_size > FLOOD for fd in watched):
                return f"stopped after {FLOOD >> 20} MiB of output"
            pid = pid or running.pid
            used = _cpu_seconds(pid) if pid else 0.0
            if left <= 0 or used > deadline:
                return f"no end within {took:.0f} s (QEMU had {used:.1f} s of CPU)"
    finally:
        os.close(end)


def _is_held(pid: int) -> bool:
    """Whether a process is kept from running: stopped, traced, or waiting for a disk of the host's
    that does not answer; the state of proc(5)."""
    with suppress(OSError, IndexError):
        return Path(f"/proc/{pid}/stat").read_text(errors="replace").rpartition(")")[2][1] in "TtD"
    return False


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
    try:
        fields = Path(f"/proc/{pid}/stat").read_text(errors="replace").rpartition(")")[2].split()
    except (FileNotFoundError, ProcessLookupError):  # just ended; its namespaces are about to
        return 0.0
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")
