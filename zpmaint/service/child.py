# SPDX-License-Identifier: GPL-2.0-only
"""A command that the service runs: a process of its own, which dies with the service, whose words
are read as they come.

A job in the service's own process could take the pages down with it, could not be ended at its
deadline, and would leave its memory behind."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Mapping, Sequence
from contextlib import suppress

from zpmaint.core.errors import InfraError
from zpmaint.core.shown import one_line

_MOST = 64 << 20
"""Bytes of a command's result that are kept; the list of all kernels of all sources has a few."""
_CHUNK = 1 << 16
_LONGEST_LINE = 4096


class Child:
    """One run of a command. All methods are for the thread that made it, which has to live as long
    as the run: the run dies with it."""

    def __init__(self, name: str, command: Sequence[str], environment: Mapping[str, str]) -> None:
        """Raises InfraError where no process can be started."""
        self.name = name
        self.began = time.monotonic()
        self.since = time.time()
        self.last = ""
        """The last line that it said."""
        self.asked_to_end: float | None = None
        """When, by the monotonic clock."""
        self.asked = 0
        """How often."""
        guard = shutil.which("setpriv")
        before = [guard, "--pdeathsig", "KILL", "--"] if guard else []
        try:
            self.process = subprocess.Popen(
                [*before, *command],
                stdin=subprocess.DEVNULL,
                stdout=subprocess.PIPE,
                stderr=subprocess.PIPE,
                env={**os.environ, **environment},
                start_new_session=True,  # ^C reaches the service alone, which passes it on
            )
            self.end = _end_of(self.process)
            """A descriptor that becomes readable when it has ended."""
        except OSError as error:
            raise InfraError(f"{name}: cannot be started: {error.strerror}") from None
        self._out, self._err = bytearray(), bytearray()
        assert self.process.stdout and self.process.stderr
        self._into = {
            self.process.stdout.fileno(): self._out,
            self.process.stderr.fileno(): self._err,
        }
        for stream in self._into:
            os.set_blocking(stream, False)

    @property
    def pid(self) -> int:
        return self.process.pid

    @property
    def streams(self) -> tuple[int, ...]:
        """The descriptors that become readable when it says something."""
        return tuple(self._into)

    def hear(self) -> list[str]:
        """The lines that it said since last time, for people."""
        self._into = {one: into for one, into in self._into.items() if _drain(one, into)}
        del self._out[_MOST:]
        *lines, rest = bytes(self._err).split(b"\n")
        if len(rest) > _LONGEST_LINE:
            lines, rest = [*lines, rest], b""
        self._err[:] = rest
        told = [one_line(line.decode("utf-8", "replace")) for line in lines]
        told = [line for line in told if line]
        if told:
            self.last = told[-1]
        return told

    def ended(self) -> int | None:
        """Its exit status, negative for a signal; None: it is under way."""
        return self.process.poll()

    @property
    def result(self) -> bytes:
        """What it wrote to standard output."""
        return bytes(self._out)

    def interrupt(self) -> None:
        """Ask it to end and to leave what can be taken up again; a second time: at once."""
        if self.asked_to_end is None:
            self.asked_to_end = time.monotonic()
        self.asked += 1
        self._signal(signal.SIGINT)

    def kill(self) -> None:
        """End it at once, and all that is in its group."""
        with suppress(ProcessLookupError, PermissionError):
            os.killpg(self.process.pid, signal.SIGKILL)

    def close(self) -> None:
        """Let go of an ended one; of one that has not ended, after a kill."""
        if self.process.poll() is None:
            self.kill()
        self.process.wait()
        os.close(self.end)
        for stream in (self.process.stdout, self.process.stderr):
            if stream:
                stream.close()

    def _signal(self, number: int) -> None:
        with suppress(ProcessLookupError):
            os.kill(self.process.pid, number)


def command_line(project: str, words: Sequence[str]) -> list[str]:
    """The command line of a command of this zpmaint."""
    return [sys.executable, "-m", "zpmaint", "--project", project, *words]


def _end_of(process: subprocess.Popen[bytes]) -> int:
    try:
        return os.pidfd_open(process.pid)
    except OSError:  # no descriptor is left
        process.kill()
        process.wait()
        raise


def _drain(stream: int, into: bytearray) -> bool:
    """Take what has come; whether more may come."""
    while True:
        try:
            data = os.read(stream, _CHUNK)
        except BlockingIOError:
            return True
        if not data:
            return False
        into += data
        if len(into) > _MOST:
            return True
