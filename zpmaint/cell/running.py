# SPDX-License-Identifier: GPL-2.0-only
"""A program that runs in a cell: watched for its limits, ended as a whole, its end told."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import threading
import time
from collections.abc import Sequence
from contextlib import ExitStack, suppress
from pathlib import Path
from types import TracebackType

from zpmaint.cell import orphans, strays
from zpmaint.cell.cgroup import Group
from zpmaint.cell.means import means
from zpmaint.cell.values import Cell, Ended, Isolation, size
from zpmaint.core.awake import AwakeClock
from zpmaint.core.errors import InfraError
from zpmaint.core.readable import is_readable

GRACE = 5.0
"""Seconds that a program gets to clean up after SIGTERM."""
_LOOK = 0.2
"""Seconds between two looks at the limits that nobody else watches."""
_GOING = 10.0
"""Seconds that a cell's processes get to be gone after SIGKILL."""


class Running:
    """A started program. Leaving its context ends whatever of it still runs.

    `process` is the outermost one, with the pipes that were asked for.
    """

    def __init__(
        self,
        process: subprocess.Popen[bytes],
        cell: Cell,
        *,
        group: Group | None,
        told: int | None,
        keep: ExitStack,
        cookie: str = "",
        outputs: Sequence[int] = (),
    ) -> None:
        self.process = process
        self._cell = cell
        self._group = group
        self._told = told
        self._keep = keep
        self._cookie = cookie
        self._outputs = outputs
        self._began = time.monotonic()
        self._clock = AwakeClock(_LOOK)
        self._said = b""
        self._first = self._first_process()
        self._stopped = ""
        self._timed_out = False
        self._ended: Ended | None = None
        self._watcher = threading.Thread(target=self._watch, name=f"cell {cell.name}", daemon=True)
        self._end = os.pidfd_open(process.pid)
        self._watcher.start()

    @property
    def pid(self) -> int | None:
        """The program's own process, as we see it; None where it has not begun, or has ended."""
        if means().isolation is Isolation.NONE:
            return self.process.pid  # every step before it has become it
        if means().isolation is Isolation.UNSHARE:
            self._first = self._first or next(iter(_children(self.process.pid)), None)
        return next(iter(_children(self._first)), None) if self._first else None

    def wait(self) -> Ended:
        """Wait for its end, and for the end of all that it left behind. Raises InfraError where
        the cell could not be made or the program in it not be started."""
        if self._ended is None:
            status = self.process.wait()
            self._watcher.join()
            seconds = time.monotonic() - self._began
            oom, refused = None, None
            if self._group:
                oom, refused = self._group.oom_kills(), self._group.refused_forks()
            status = self._true_status(status)
            self._clean()
            self._ended = Ended(
                status=status,
                oom_kills=oom,
                refused_forks=refused,
                timed_out=self._timed_out,
                stopped=self._stopped,
                seconds=seconds,
                limits=self._cell.limits,
            )
        return self._ended

    def terminate(self, grace: float = GRACE) -> None:
        """Ask the program to end (SIGTERM), and end it and all it started after `grace` seconds."""
        if means().isolation is Isolation.NONE:
            with suppress(ProcessLookupError):
                os.killpg(self.process.pid, signal.SIGTERM)
        elif (pid := self.pid) is not None:
            # Not the group: that would end the isolation before the program.
            with suppress(ProcessLookupError):
                os.kill(pid, signal.SIGTERM)
        with suppress(subprocess.TimeoutExpired):
            self.process.wait(grace)
        self.kill()

    def stop(self, why: str) -> None:
        """Kill it, for a limit that it went past; `why` names it."""
        self._stopped = self._stopped or why
        self.kill()

    def kill(self) -> None:
        """Kill it and all it started; comes back when they are gone."""
        self._kill_all()
        self.process.wait()
        # A generator that nobody read to its end is closed in whichever thread runs just then.
        if threading.current_thread() is not self._watcher:
            self._watcher.join()

    def __enter__(self) -> Running:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        if self._ended is None:
            self.kill()
            self._clean()
        for pipe in (self.process.stdin, self.process.stdout, self.process.stderr):
            if pipe:
                with suppress(OSError):
                    pipe.close()

    def _watch(self) -> None:
        """Until the program ends; then nothing that it started is left to run."""
        while not is_readable(self._end, _LOOK):
            if reason := self._past_limit():
                self._stopped = reason
                break
        self._kill_all()

    def _past_limit(self) -> str:
        limits = self._cell.limits
        awake = self._clock.look()
        if limits.seconds is not None and awake > limits.seconds:
            self._timed_out = True
            return f"limit of time: no end within {limits.seconds:g} s"
        if limits.disk_free is not None:
            for path in self._cell.writable:
                disk = os.statvfs(path)
                if (free := disk.f_bavail * disk.f_frsize) < limits.disk_free:
                    least = size(limits.disk_free)
                    return f"limit of disk: {size(free)} free at {path}, less than {least}"
        if limits.output is not None:
            for fd in self._outputs:
                if os.fstat(fd).st_size > limits.output:
                    return f"limit of output: more than {size(limits.output)}"
        return ""

    def _kill_all(self) -> None:
        # The outermost process is not reaped before: its number is nobody else's.
        if self.process.returncode is None:
            with suppress(ProcessLookupError):
                os.killpg(self.process.pid, signal.SIGKILL)
        if self._first:
            self._end_namespace(self._first)
        if self._group:
            self._group.kill()
        elif means().isolation is Isolation.NONE:
            strays.kill(self._cookie)

    @staticmethod
    def _end_namespace(first: int) -> None:
        """The first process of a pid namespace takes all others with it."""
        try:
            gone = os.pidfd_open(first)
        except ProcessLookupError:
            return
        try:
            # Bubblewrap's death kills it; it is ours to wait for.
            if is_readable(gone, _GOING):
                orphans.reap(first)
        finally:
            os.close(gone)

    def _first_process(self) -> int | None:
        """The first process of the namespaces, as bubblewrap tells it when it has made them."""
        if self._told is None:
            return None
        while b"\n" not in self._said:
            more = os.read(self._told, 4096)
            if not more:
                return None
            self._said += more
        pid: int = json.loads(self._said.partition(b"\n")[0])["child-pid"]
        return pid

    def _true_status(self, status: int) -> int:
        if means().isolation is Isolation.NONE:
            return status
        if self._told is None:
            return _signal_of(status)
        while more := os.read(self._told, 4096):
            self._said += more
        if status < 0 or self._stopped:
            return status
        if b"exit-code" not in self._said:
            self._clean()
            raise InfraError(
                f"{self._cell.name}: bubblewrap could not start it (exit status {status})",
                "see `zpmaint doctor`; ZPMAINT_CELL=none does without",
            )
        return _signal_of(status)

    def _clean(self) -> None:
        if self._end >= 0:
            os.close(self._end)
            self._end = -1
        self._keep.close()


def _signal_of(status: int) -> int:
    """A status of 128 and a signal, as shells and bubblewrap have it, as Python has it."""
    return 128 - status if 128 < status <= 128 + signal.SIGSYS else status


def _children(parent: int) -> list[int]:
    found = []
    for place in Path("/proc").glob("[0-9]*/stat"):
        with suppress(OSError):
            if int(place.read_text(errors="replace").rpartition(")")[2].split()[1]) == parent:
                found.append(int(place.parent.name))
    return found
