# SPDX-License-Identifier: GPL-2.0-only
"""Who verifies what just now, so that of many processes on one home each kernel has one.

A lease is a file beside the ledger, named by the verification's key, with a lock of the kernel's
(flock) on it: it ends with its holder, however that ends. The file says who holds it. Where the
folder is shared by machines whose locks do not reach one another, the file's time does what the
lock cannot: the holder renews it, and one that was not renewed for a while has ended.
"""

from __future__ import annotations

import fcntl
import json
import os
import socket
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from zpmaint.core.disk import make_folder, writing
from zpmaint.core.errors import InfraError
from zpmaint.core.flock import take_if_free
from zpmaint.core.locks import TIMEOUT_NAME, own_command, waiting_limit
from zpmaint.core.progress import SILENT, Reporter

RENEWED = 60.0
"""Seconds between two renewals."""
EXPIRES = 300.0
"""Seconds after which the lease of another machine that was not renewed is over."""
_POLL = 0.2
_held: set[int] = set()


@dataclass(frozen=True)
class Holder:
    """Who holds a lease."""

    host: str
    boot: str
    """The running kernel's id: whoever has the same sees the same locks."""
    pid: int
    command: str
    since: float
    """Seconds since the epoch, by its clock."""

    @classmethod
    def this(cls) -> Holder:
        """This process, from now on."""
        return cls(socket.gethostname(), _boot(), os.getpid(), own_command(), time.time())

    def __str__(self) -> str:
        where = "" if self.boot == _boot() else f" on {self.host}"
        since = time.strftime("%H:%M", time.localtime(self.since))
        return f"process {self.pid}{where} ({self.command}) since {since}"


@dataclass(frozen=True)
class Lease:
    """What is held."""

    waited_for: str
    """Who had it before; '' where it was free at once."""


class Leases:
    """The leases of one ledger: a folder beside it."""

    def __init__(self, folder: Path, reporter: Reporter = SILENT) -> None:
        self._folder = folder
        self._reporter = reporter

    @contextmanager
    def take(
        self,
        key: str,
        what: str,
        *,
        waits: bool = True,
        unless: Callable[[], bool] = lambda: False,
    ) -> Iterator[Lease | None]:
        """Hold the lease of `key` alone among all processes and threads, `what` in people's words.

        Another holder is waited for, and named; None without `waits`, and as soon as `unless` says
        that nobody wants it any more. Who waited looks at the ledger again. Raises InfraError where
        the folder cannot be written, and after as many seconds as ZPMAINT_LOCK_TIMEOUT says."""
        path = self._folder / key
        handle, other = self._waited(path, what, unless) if waits else (_acquired(path), "")
        if handle is None:
            yield None
            return
        over = threading.Event()
        renewing = threading.Thread(target=_renew, args=(handle, over), daemon=True)
        try:
            _write(handle, Holder.this())
            renewing.start()
            yield Lease(other)
        finally:
            over.set()
            renewing.join()
            # Before the lock ends: who opened the file meanwhile finds that it is gone.
            with suppress(OSError):
                path.unlink(missing_ok=True)
            _close(handle)

    def holders(self) -> dict[str, Holder]:
        """By key who holds a lease now."""
        found: dict[str, Holder] = {}
        for path in self._folder.iterdir() if self._folder.is_dir() else ():
            holder, is_held = _seen(path)
            if holder and is_held:
                found[path.name] = holder
        return found

    def _waited(self, path: Path, what: str, unless: Callable[[], bool]) -> tuple[int | None, str]:
        if (handle := _acquired(path)) is not None:
            return handle, ""
        limit, began = waiting_limit(), time.monotonic()
        other = _name(path)
        with self._reporter.step(f"wait for {what}: {other} is at it") as step:
            while (handle := _acquired(path)) is None:
                if unless():
                    break
                if limit is not None and time.monotonic() - began >= limit:
                    raise InfraError(
                        f"{what}: {_name(path)} is at it, still after {limit:g} s",
                        f"run again when that has ended, or wait longer: {TIMEOUT_NAME}=SECONDS",
                    )
                if (now := _name(path)) not in (other, _SOMEBODY):
                    other = now
                    step.note(f"{what}: now {other} is at it")
                time.sleep(_POLL)
        return handle, other


_SOMEBODY = "another process"


def _acquired(path: Path) -> int | None:
    """The file, locked; None: another has it."""
    with writing(path):
        make_folder(path.parent)
        while True:
            handle = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o666)
            _held.add(handle)
            if not take_if_free(handle) or _is_foreign(handle):
                _close(handle)
                return None
            if _is(handle, path):
                return handle
            _close(handle)  # its holder had done, and took the name away


def _is(handle: int, path: Path) -> bool:
    try:
        return os.path.samestat(os.fstat(handle), path.stat())
    except FileNotFoundError:
        return False


def _is_foreign(handle: int) -> bool:
    """Whether another machine holds it, whose lock is not seen here."""
    holder = _read(handle)
    if holder is None or holder.boot == _boot():
        return False
    # A time that is far ahead is a clock's, not a renewal's.
    return abs(time.time() - os.fstat(handle).st_mtime) < EXPIRES


def _seen(path: Path) -> tuple[Holder | None, bool]:
    """Who a lease's file names, and whether it is held."""
    try:
        handle = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
    except OSError:
        return None, False
    try:
        holder = _read(handle)
        fcntl.flock(handle, fcntl.LOCK_SH | fcntl.LOCK_NB)
        return holder, _is_foreign(handle)
    except BlockingIOError:
        return holder, True
    except OSError:
        return None, False
    finally:
        os.close(handle)


def _name(path: Path) -> str:
    try:
        handle = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
    except OSError:
        return _SOMEBODY
    try:
        holder = _read(handle)
    finally:
        os.close(handle)
    return str(holder) if holder else _SOMEBODY


def _read(handle: int) -> Holder | None:
    try:
        found: dict[str, Any] = json.loads(os.pread(handle, 4096, 0))
        return Holder(
            str(found["host"]),
            str(found["boot"]),
            int(found["pid"]),
            str(found["command"]),
            float(found["since"]),
        )
    except (ValueError, KeyError, TypeError, RecursionError):
        return None


def _write(handle: int, holder: Holder) -> None:
    # For people, and for machines without the lock: a full disk is told by who keeps something.
    with suppress(OSError):
        os.ftruncate(handle, 0)
        os.pwrite(handle, json.dumps(asdict(holder)).encode(), 0)


def _renew(handle: int, over: threading.Event) -> None:
    while not over.wait(RENEWED):
        with suppress(OSError):
            os.utime(handle)


def _close(handle: int) -> None:
    _held.discard(handle)
    os.close(handle)


def _boot() -> str:
    try:
        return Path("/proc/sys/kernel/random/boot_id").read_text().strip()
    except OSError:
        return socket.gethostname()


def _let_go() -> None:
    """A forked worker has copies of its parent's descriptors, which would keep the leases."""
    for handle in _held:
        os.close(handle)
    _held.clear()


os.register_at_fork(after_in_child=_let_go)
