# SPDX-License-Identifier: GPL-2.0-only
"""Who uses what of the cache just now, so that nobody frees it; and when it was used last.

    FOLDER/NAME          a tree, an archive, a work folder
    FOLDER/.NAME.used    a lock that its users share; its time is that of the last use

A user marks what it uses before it looks whether that is there. Who frees it has the lock alone
meanwhile, so that a user finds it whole, or not at all and makes it anew. The lock is the kernel's:
it ends with its holder, however that ends.
"""

from __future__ import annotations

import errno
import fcntl
import os
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import wraps
from pathlib import Path
from typing import ParamSpec, TypeVar

from zpmaint.core.disk import make_folder, writing
from zpmaint.core.flock import take_if_free

P = ParamSpec("P")
R = TypeVar("R")

_SUFFIX = ".used"
_READ_ONLY = (errno.EROFS, errno.EACCES, errno.EPERM)
_marks: dict[Path, int] = {}
"""What this process uses, with the descriptor of each lock."""
_guard = threading.Lock()
_scope = threading.local()


def mark(path: Path) -> None:
    """Use `path`, which need not be there, until the scope ends that this thread is in, else as
    long as this process lives. Waits for who frees it. Raises DiskError; a cache that can only be
    read needs no marks."""
    path = path.absolute()
    with _guard:
        if path in _marks:
            return
        try:
            with writing(path):
                make_folder(path.parent)
                handle = os.open(_place(path), os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o666)
        except OSError as error:
            if error.errno in _READ_ONLY:
                return
            raise
        fcntl.flock(handle, fcntl.LOCK_SH)
        os.utime(handle)
        _marks[path] = handle
    opened: list[Path] | None = getattr(_scope, "opened", None)
    if opened is not None:
        opened.append(path)


@contextmanager
def scope() -> Iterator[None]:
    """What this thread marks in the block it uses no longer behind it. What was marked before, and
    what other threads mark, stays in use."""
    before: list[Path] | None = getattr(_scope, "opened", None)
    _scope.opened = []
    try:
        yield
    finally:
        opened, _scope.opened = _scope.opened, before
        with _guard:
            for path in opened:
                os.close(_marks.pop(path))


def scoped(function: Callable[P, R]) -> Callable[P, R]:
    """A function whose every call is a scope."""

    @wraps(function)
    def within(*args: P.args, **kwargs: P.kwargs) -> R:
        with scope():
            return function(*args, **kwargs)

    return within


@contextmanager
def alone(path: Path) -> Iterator[bool]:
    """Whether nobody, this process included, uses `path`; nobody begins to in the block then."""
    path = path.absolute()
    with _guard:
        is_ours = path in _marks
    if is_ours:
        yield False
        return
    with writing(path):
        handle = os.open(_place(path), os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o666)
    try:
        yield take_if_free(handle)
    finally:
        os.close(handle)


def is_used(path: Path) -> bool:
    """Whether anybody uses `path` at this moment, this process included."""
    with _guard:
        if path.absolute() in _marks:
            return True
    try:
        handle = os.open(_place(path), os.O_RDWR | os.O_CLOEXEC)
    except OSError:
        return False
    try:
        return not take_if_free(handle)
    finally:
        os.close(handle)


def last_used(path: Path) -> float | None:
    """Seconds since the epoch; None where nobody marked it yet."""
    try:
        return _place(path).stat().st_mtime
    except OSError:
        return None


def _place(path: Path) -> Path:
    return path.with_name(f".{path.name}{_SUFFIX}")
