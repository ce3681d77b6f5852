# SPDX-License-Identifier: GPL-2.0-only
"""Running make: its environment, its progress, its log."""

from __future__ import annotations

import os
import signal
import subprocess
from collections.abc import Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from time import sleep

from zpmaint.core.errors import InfraError
from zpmaint.core.progress import Step

# What of the caller's environment make gets to see. MAKEFLAGS, ARCH, CROSS_COMPILE, KBUILD_*,
# CFLAGS and their kind would change the kernel without being among its inputs.
_PASSED_ON = ("PATH", "HOME", "TMPDIR", "CCACHE_DISABLE", "CCACHE_READONLY")

STAMP: dict[str, str] = {
    "KBUILD_BUILD_TIMESTAMP": "Thu Jan  1 00:00:00 UTC 2026",
    "KBUILD_BUILD_USER": "zpmaint",
    "KBUILD_BUILD_HOST": "zpmaint",
    "KBUILD_BUILD_VERSION": "1",
    "KCONFIG_NOTIMESTAMP": "1",  # autoconf.h of old kernels holds a date: ccache would miss
}
"""What a kernel remembers of its build: always the same, so that equal inputs give equal images."""

_GRACE = 5.0  # seconds that make gets to delete half-written targets


def environment(extra: Mapping[str, str]) -> dict[str, str]:
    """The whole environment of a make."""
    kept = {name: os.environ[name] for name in _PASSED_ON if name in os.environ}
    return {**kept, "LC_ALL": "C", "TZ": "UTC", **STAMP, **extra}


def make(
    arguments: Sequence[str],
    *,
    env: Mapping[str, str],
    log: Path,
    step: Step,
    expected: int,
    keep_open: int,
) -> tuple[int, int]:
    """Run make, append all it says to `log`, advance `step` by each of its own steps towards
    `expected`. Gives the exit status and the number of steps. `keep_open` is a file descriptor
    that make and its children inherit (a lock). Raises InfraError where make cannot be started or
    is killed.
    """
    with log.open("ab") as out:
        out.write(f"$ make {' '.join(arguments)}\n".encode())
        out.flush()
        try:
            process = subprocess.Popen(
                ["make", *arguments],
                env=dict(env),
                stdin=subprocess.DEVNULL,
                stdout=subprocess.PIPE,
                stderr=subprocess.STDOUT,
                start_new_session=True,
                pass_fds=(keep_open,),
            )
        except FileNotFoundError:
            raise InfraError("not installed: make", "apt-get install make") from None
        steps = 0
        try:
            assert process.stdout is not None
            for line in process.stdout:
                out.write(line)
                if line.startswith(b"  "):
                    steps += 1
                    step.advance(min(steps, expected), expected)
            status = process.wait()
        except BaseException:
            _end(process)
            raise
    if status < 0:
        raise InfraError(
            f"make was killed by {signal.Signals(-status).name}",
            f"run again: it goes on from a sane state; log: {log}",
        )
    return status, steps


def _end(process: subprocess.Popen[bytes]) -> None:
    """End make and all it started: politely first, so that it deletes half-written targets."""
    with suppress(ProcessLookupError):
        os.killpg(process.pid, signal.SIGTERM)
    if process.stdout is not None:
        process.stdout.close()
    waited = 0.0
    while process.poll() is None and waited < _GRACE:
        sleep(0.05)
        waited += 0.05
    with suppress(ProcessLookupError):
        os.killpg(process.pid, signal.SIGKILL)
    process.wait()
