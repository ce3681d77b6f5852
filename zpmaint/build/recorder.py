# SPDX-License-Identifier: GPL-2.0-only
"""What failed in a make: each command with its wait status, as the shell's parent saw it.

make is given a SHELL that starts /bin/sh and records what does not end well (recorder.c). Neither
the commands of kbuild's records nor ccache's keys have it in them, so that nothing is built anew.
"""

from __future__ import annotations

import hashlib
import os
import re
import signal
import subprocess
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

_SOURCE = Path(__file__).with_name("recorder.c")
_LENGTH = 8
_STEP = re.compile(r"""echo ['"] +(\S+ +[^'"\s]+)""")
VARIABLE = "ZPMAINT_RECORD"


@dataclass(frozen=True)
class Failed:
    """A command line of a make that did not end well."""

    status: int
    """Exit status; negative: the signal that killed the shell."""
    error: int
    """errno of a shell that could not be started, else 0."""
    seconds: float
    folder: str
    command: tuple[str, ...]
    """The shell's own words: /bin/sh -c TEXT."""
    environment: Mapping[str, str]

    @property
    def signal(self) -> int:
        """What killed it or the program in it (a shell hands 128 and the signal on); 0: none."""
        if self.status < 0:
            return -self.status
        return self.status - 128 if 128 < self.status < 128 + signal.NSIG else 0

    @property
    def text(self) -> str:
        return self.command[-1]

    @property
    def name(self) -> str:
        """For a message: the step as kbuild announces it, else the beginning of the command."""
        found = _STEP.search(self.text)
        words = found[1] if found else self.text
        return " ".join(words.split())[:80]


_MOST = 16 << 20
"""Bytes of records that are read; one has its command and environment, some KB."""


class Recorder:
    """The shell for a make, and what it recorded."""

    def __init__(self, shell: Path, fd: int) -> None:
        self.shell = shell
        self.fd = fd

    def failed(self) -> tuple[Failed, ...]:
        """The commands that failed so far, in the order in which they ended."""
        # What else runs in the make can write there, too: no more is read than a sound one has.
        return tuple(read(os.pread(self.fd, _MOST, 0)))


@contextmanager
def recording(folder: Path) -> Iterator[Recorder | None]:
    """A recorder whose program lies below `folder`; None where it cannot be compiled here: then a
    make runs as without, and less is known of it."""
    shell = _compiled(folder)
    if shell is None:
        yield None
        return
    fd = os.memfd_create("failed")
    try:
        yield Recorder(shell, fd)
    finally:
        os.close(fd)


def _compiled(folder: Path) -> Path | None:
    key = hashlib.sha256(_SOURCE.read_bytes()).hexdigest()[:12]
    shell = folder / f"sh-{key}"
    if shell.is_file():
        return shell
    fresh = folder / f".{shell.name}.{os.getpid()}"
    # A static program starts twice as fast; not every machine has a static C library.
    for static in (["-static"], []):
        with suppress(OSError):
            done = subprocess.run(
                ["gcc", "-O1", *static, "-o", fresh, _SOURCE],
                stdin=subprocess.DEVNULL,
                capture_output=True,
                check=False,
            )
            if done.returncode == 0 and _works(fresh):
                fresh.replace(shell)
                return shell
    fresh.unlink(missing_ok=True)
    return None


def _works(shell: Path) -> bool:
    """Whether it ends as the shell in it does."""
    with suppress(OSError):
        done = subprocess.run([shell, "-c", "exit 3"], stdin=subprocess.DEVNULL, check=False)
        return done.returncode == 3
    return False


def read(data: bytes) -> Iterator[Failed]:
    """The records in what recorder.c wrote. What is none ends them: the commands of a make can
    write there, too."""
    at = 0
    while at + _LENGTH < len(data):
        try:
            size = int(data[at : at + _LENGTH], 16)
            yield _record(data[at + _LENGTH : at + _LENGTH + size])
        except (ValueError, IndexError):
            return
        at += _LENGTH + size


def _record(data: bytes) -> Failed:
    fields = [os.fsdecode(field) for field in data.split(b"\0")]
    status, error, seconds, folder, count = fields[:5]
    words = tuple(fields[5 : 5 + int(count)])
    if len(words) < 2:
        raise ValueError("no command")
    entries = (entry.partition("=") for entry in fields[5 + int(count) : -1])
    return Failed(
        os.waitstatus_to_exitcode(int(status)),
        int(error),
        float(seconds),
        folder,
        words,
        {name: value for name, _, value in entries if name and name != VARIABLE},
    )
