# SPDX-License-Identifier: GPL-2.0-only
"""Locks between processes: who holds one writes down who it is, who waits says for whom.

The lock is the kernel's (flock), so it ends with its holder, however that ends. The text in the
file is only for people to read.
"""

from __future__ import annotations

import fcntl
import os
import shlex
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from zpmaint.core.disk import writing
from zpmaint.core.environment import seconds_named
from zpmaint.core.errors import InfraError
from zpmaint.core.flock import take_if_free
from zpmaint.core.progress import SILENT, Reporter

TIMEOUT_NAME = "ZPMAINT_LOCK_TIMEOUT"
"""The environment's word on how many seconds to wait for a lock; without it as long as it takes."""
_QUIET = 1.0  # seconds of waiting that nobody has to hear of
_POLL = 0.02  # seconds
_COMMAND = 160  # characters of the holder's command line that are kept

_held: set[int] = set()


@contextmanager
def hold(
    lock: Path, what: str, reporter: Reporter = SILENT, *, timeout: float | None = None
) -> Iterator[int]:
    """Hold the file `lock` alone among all processes and threads; it stays behind, empty.

    After a second of waiting `reporter` is told who holds `what`. Raises InfraError after
    `timeout` seconds (None: what ZPMAINT_LOCK_TIMEOUT says, else no limit). Gives the file
    descriptor, which no child inherits but one that it is passed to on purpose: that one keeps
    the lock.
    """
    limit = waiting_limit() if timeout is None else timeout
    with writing(lock):
        lock.parent.mkdir(parents=True, exist_ok=True)
        handle = os.open(lock, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o666)
    _held.add(handle)
    try:
        _acquire(handle, what, reporter, limit)
        _write(handle, _myself().encode("utf-8", "surrogateescape"))
        yield handle
        _write(handle, b"")
    finally:
        _held.discard(handle)
        os.close(handle)


def _acquire(handle: int, what: str, reporter: Reporter, limit: float | None) -> None:
    began = time.monotonic()

    def gone_by(seconds: float) -> bool:
        return time.monotonic() - began >= seconds

    while not take_if_free(handle):
        if limit is not None and gone_by(limit):
            raise _given_up(handle, what, limit)
        if gone_by(_QUIET):
            break
        time.sleep(_POLL)
    else:
        return
    with reporter.step(f"wait for {what}, held by {_holder(handle)}"):
        if limit is None:
            fcntl.flock(handle, fcntl.LOCK_EX)
            return
        while not take_if_free(handle):
            if gone_by(limit):
                raise _given_up(handle, what, limit)
            time.sleep(_POLL)


def _write(handle: int, text: bytes) -> None:
    # For people alone: a disk that is full is told by who has something to keep.
    with suppress(OSError):
        os.ftruncate(handle, 0)
        os.pwrite(handle, text, 0)


def _given_up(handle: int, what: str, limit: float) -> InfraError:
    return InfraError(
        f"{what}: held by {_holder(handle)}, still after {limit:g} s",
        f"run again when that has ended, or wait longer: {TIMEOUT_NAME}=SECONDS",
    )


def _myself() -> str:
    return f"{os.getpid()} {own_command()}\n"


def own_command() -> str:
    """This process's command line, as others are told it."""
    words = [Path(sys.argv[0]).name, *sys.argv[1:]] if sys.argv and sys.argv[0] else ["python"]
    return " ".join(shlex.join(words).split())[:_COMMAND]


def _holder(handle: int) -> str:
    """As a person would want to hear it: "process 4711 (zpmaint verify 6.12.y)"."""
    text = os.pread(handle, 4 * _COMMAND, 0).decode("utf-8", "replace").strip()
    pid, _, command = text.partition(" ")
    if not pid.isdigit():
        return "another process"
    if int(pid) == os.getpid():
        return "another thread of this process"
    said = f"process {pid} ({command})" if command else f"process {pid}"
    # A make that inherited the lock may outlive the zpmaint that wrote its name here.
    return said if Path("/proc", pid).exists() else f"what {said} has left running"


def waiting_limit() -> float | None:
    """How many seconds the environment allows to wait for another process; None: no limit. Raises
    UserError where it says no number."""
    return seconds_named(TIMEOUT_NAME)


def _let_go() -> None:
    """A forked worker has copies of its parent's descriptors, which would keep the locks."""
    for handle in _held:
        os.close(handle)
    _held.clear()


os.register_at_fork(after_in_child=_let_go)
