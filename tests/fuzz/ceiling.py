# SPDX-License-Identifier: GPL-2.0-only
"""What a reader takes for an input: CPU time and memory, in a process of its own with a limit."""

from __future__ import annotations

import os
import pickle
import resource
import signal
import traceback
from dataclasses import dataclass
from pathlib import Path

from fuzz.targets import Target

SECONDS = 10
MEMORY = 1 << 30


@dataclass(frozen=True)
class Taken:
    """What it took."""

    seconds: float
    """CPU time, of a process that waits for nothing: a busy machine does not change it much."""
    memory: int
    """Bytes beyond what the process had before, at most."""
    ended: str
    """'' where it read or refused the input; else how it ended."""


def take(target: Target, data: bytes, seconds: int) -> Taken:
    """Run a target on an input; it is killed after `seconds` of CPU time or MEMORY bytes more."""
    out, into = os.pipe()
    child = os.fork()
    if child == 0:
        _in_child(target, data, seconds, into)
    os.close(into)
    with os.fdopen(out, "rb") as told:
        said = told.read()
    _, status, used = os.wait4(child, 0)
    if not said:
        number = os.waitstatus_to_exitcode(status)
        name = signal.Signals(-number).name if number < 0 else str(number)
        return Taken(used.ru_utime + used.ru_stime, MEMORY, f"ended by {name}")
    before, before_memory, ended, after, memory = pickle.loads(said)
    return Taken(after - before, max(0, memory - before_memory), ended)


def _in_child(target: Target, data: bytes, seconds: int, into: int) -> None:
    """Never returns."""
    ended = ""
    try:
        size = int(Path("/proc/self/statm").read_text().split()[0]) * resource.getpagesize()
        resource.setrlimit(resource.RLIMIT_AS, (size + MEMORY, size + MEMORY))
        begun, memory = _used(), _peak()
        whole = int(begun) + seconds
        resource.setrlimit(resource.RLIMIT_CPU, (whole, whole + 5))
        try:
            target(data)
        except BaseException as error:
            ended = traceback.format_exception_only(error)[-1].strip()[:300]
        os.write(into, pickle.dumps((begun, memory, ended, _used(), _peak())))
    finally:
        os._exit(0)


def _used() -> float:
    own = resource.getrusage(resource.RUSAGE_SELF)
    return own.ru_utime + own.ru_stime


def _peak() -> int:
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024
