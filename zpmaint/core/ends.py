# SPDX-License-Identifier: GPL-2.0-only
"""How the runs on a cache ended: well, killed, or with the machine.

    CACHE/.ends/run-PID-*   one for each run, locked while it lives; holds the machine's boot id
    CACHE/.ends/epoch       how often a run was cut off with its machine

A run that ends well takes its mark away. One that is found unlocked with the boot id of now was
killed: memory kept what it wrote, only litter has to go. One with another boot id went with its
machine, and what was not on the disk may be lost or half: the epoch is counted up, and whatever
was last checked in an earlier one is checked in full before it is used (`core/sealed.py`).
"""

from __future__ import annotations

import atexit
import errno
import fcntl
import os
import tempfile
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

from zpmaint.core.disk import make_folder, sync_folder
from zpmaint.core.files import clear_unfinished, write_whole
from zpmaint.core.flock import take_if_free
from zpmaint.core.locks import hold
from zpmaint.core.progress import SILENT, Reporter

_FOLDER = ".ends"
_BOOT_ID = Path("/proc/sys/kernel/random/boot_id")
_LARGE = frozenset({"src", "obj", "ccache", "git", "lists"})
"""Folders in which nothing of ours is left unfinished, or is cleared by who writes there."""


def begin(cache: Path, *others: Path, reporter: Reporter = SILENT) -> Callable[[], None]:
    """Mark that a run works on `cache`, after looking how earlier ones ended; what those that were
    killed left unfinished in it and in `others` is removed. Gives what ends the run well; the
    interpreter's end does, too. A cache that cannot be written has no marks."""
    folder = cache / _FOLDER
    try:
        make_folder(folder)
        with hold(folder / ".lock", str(folder), reporter):
            _look_back(cache, others, reporter)
            mark, handle = _mark(folder)
    except OSError as error:
        if error.errno not in (errno.EROFS, errno.EACCES, errno.EPERM):  # else nothing is kept
            with reporter.step(f"mark {cache}") as step:
                step.note(f"{error}; that this run began is not marked")
        return lambda: None

    def end() -> None:
        atexit.unregister(end)
        with suppress(OSError):
            mark.unlink(missing_ok=True)
        with suppress(OSError):
            os.close(handle)

    atexit.register(end)
    return end


def epoch_of(path: Path) -> str:
    """The epoch of the cache that `path` is in; "" where it is in none."""
    for folder in path.parents:
        place = folder / _FOLDER
        if place.is_dir():
            try:
                return (place / "epoch").read_text(encoding="ascii", errors="replace").strip()
            except FileNotFoundError:
                return "0"
    return ""


def boot_id() -> str:
    """Another one each time that the machine starts."""
    try:
        return _BOOT_ID.read_text(encoding="ascii").strip()
    except OSError:
        return "unknown"


def _mark(folder: Path) -> tuple[Path, int]:
    handle, name = tempfile.mkstemp(dir=folder, prefix=f"run-{os.getpid()}-")
    fcntl.flock(handle, fcntl.LOCK_EX)
    os.write(handle, f"{boot_id()}\n".encode())
    os.fsync(handle)
    sync_folder(folder)
    return Path(name), handle


def _look_back(cache: Path, others: tuple[Path, ...], reporter: Reporter) -> None:
    left = [mark for mark in (cache / _FOLDER).glob("run-*") if not _is_held(mark)]
    if not left:
        return
    if any(
        mark.read_text(encoding="ascii", errors="replace").strip() != boot_id() for mark in left
    ):
        _count_up(cache / _FOLDER / "epoch")
        with reporter.step(f"look at {cache}") as step:
            step.note(
                "the machine went down in the middle of an earlier run: what is kept is checked "
                "before it is used"
            )
    for top in (cache, *others):
        clear_unfinished(top, _LARGE)
    for mark in left:
        mark.unlink(missing_ok=True)


def _count_up(place: Path) -> None:
    try:
        number = int(place.read_text(encoding="ascii")) + 1
    except FileNotFoundError:
        number = 1
    except (OSError, ValueError):
        number = int.from_bytes(os.urandom(6), "big")  # damaged: one that never was before
    write_whole(place, f"{number}\n")


def _is_held(mark: Path) -> bool:
    handle = os.open(mark, os.O_RDWR | os.O_CLOEXEC)
    try:
        return not take_if_free(handle)
    finally:
        os.close(handle)
