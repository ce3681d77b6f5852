# SPDX-License-Identifier: GPL-2.0-only
"""Running make: its environment, its progress, its log."""

from __future__ import annotations

import os
import signal
import subprocess
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path

from zpmaint.build.limits import NAME as LIMITS_NAME
from zpmaint.build.limits import limits
from zpmaint.build.recorder import VARIABLE, Recorder
from zpmaint.cell.launch import start
from zpmaint.cell.values import Cell, Ended, size
from zpmaint.core.errors import InfraError
from zpmaint.core.progress import Step

# What of the caller's environment make gets to see. MAKEFLAGS, ARCH, CROSS_COMPILE, KBUILD_*,
# CFLAGS and their kind would change the kernel without being among its inputs.
_PASSED_ON = ("PATH", "CCACHE_DISABLE", "CCACHE_READONLY")

_LINE = 1 << 16  # bytes; a longer one is read in pieces
_LOG = 2 << 30  # bytes; sound ones are a few MB

STAMP: dict[str, str] = {
    "KBUILD_BUILD_TIMESTAMP": "Thu Jan  1 00:00:00 UTC 2026",
    "KBUILD_BUILD_USER": "zpmaint",
    "KBUILD_BUILD_HOST": "zpmaint",
    "KBUILD_BUILD_VERSION": "1",
    "KCONFIG_NOTIMESTAMP": "1",  # autoconf.h of old kernels holds a date: ccache would miss
}
"""What a kernel remembers of its build: always the same, so that equal inputs give equal images."""


def environment(extra: Mapping[str, str]) -> dict[str, str]:
    """The whole environment of a make, but for HOME and TMPDIR, which its cell has of its own."""
    kept = {name: os.environ[name] for name in _PASSED_ON if name in os.environ}
    return {**kept, "LC_ALL": "C", "TZ": "UTC", **STAMP, **extra}


def cell(env: Mapping[str, str], writable: Sequence[Path], readable: Sequence[Path] = ()) -> Cell:
    """The cell of a make: `writable` are the folder of its objects, which is first, and ccache's;
    both are made where they are not there. The sources are to be `readable` alone."""
    for folder in writable:
        folder.mkdir(parents=True, exist_ok=True)
    return Cell("make", tuple(writable), tuple(readable), environment=env, limits=limits())


def make(
    arguments: Sequence[str],
    inside: Cell,
    *,
    log: Path,
    step: Step,
    expected: int,
    recorder: Recorder | None = None,
) -> tuple[Ended, int]:
    """Run make in a cell, append all it says to `log`, advance `step` by each of its own steps
    towards `expected`; `recorder` is the shell of its commands. Gives how it ended and the number
    of steps. Raises InfraError where make cannot be started, is killed, or ran into a limit of its
    cell, whatever it made of that.
    """
    fds: tuple[int, ...] = ()
    if recorder:
        fds = (recorder.fd,)
        inside = replace(inside, environment={**inside.environment, VARIABLE: str(recorder.fd)})
        arguments = [*arguments, f"SHELL={recorder.shell}"]
    with log.open("ab") as out:
        out.write(f"$ make {' '.join(arguments)}\n".encode())
        out.flush()
        with start(
            ["make", *arguments],
            inside,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            pass_fds=fds,
        ) as running:
            steps = 0
            said = running.process.stdout
            assert said is not None
            try:
                for line in iter(lambda: said.readline(_LINE), b""):
                    out.write(line)
                    if out.tell() > _LOG:
                        running.stop(f"limit of output: more than {size(_LOG)}")
                        break
                    if line.startswith(b"  "):
                        steps += 1
                        step.advance(min(steps, expected), expected)
                ended = running.wait()
            except BaseException:
                said.close()
                running.terminate()  # politely: make deletes its half-written targets
                raise
        for met in ended.limits_met:
            out.write(f"zpmaint: {met}\n".encode())
    if ended.limits_met:
        raise InfraError(
            f"make ran into its {'; '.join(ended.limits_met)}",
            f"allow it more, if that is sound: {LIMITS_NAME}; log: {log}",
        )
    if ended.status < 0:
        raise InfraError(
            f"make was killed by {signal.Signals(-ended.status).name}",
            f"run again: it goes on from a sane state; log: {log}",
        )
    return ended, steps
