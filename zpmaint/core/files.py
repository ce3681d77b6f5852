# SPDX-License-Identifier: GPL-2.0-only
"""How bytes land on the disk: whole, by rename, one writer at a time.

A reader never sees half a file. A kill at any moment leaves either the old state or the new, and
so does a power cut: what a name stands for is on the disk before the name is, and when a landing
has ended the name is, too.
"""

from __future__ import annotations

import fcntl
import os
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import BinaryIO

from zpmaint.core.disk import exchange, filling, make_folder, sync_folder, sync_tree, writing
from zpmaint.core.flock import take_if_free
from zpmaint.core.locks import hold
from zpmaint.core.progress import SILENT, Reporter

UNFINISHED = ".tmp"
"""How the name of a file ends that has not landed; its writer holds a lock on it."""
_LANDING = ".landing."
_LONGEST = 200  # characters of a name that are repeated in a temporary one


def write_whole(path: Path, data: bytes | str) -> None:
    """Write `data` to `path` by rename, durable before it is visible and after. Raises DiskError
    where the disk does not take it: then what was there before is still there."""
    with writing(path.parent):
        make_folder(path.parent)
    with landing_file(path) as out:
        out.write(data.encode("utf-8", "surrogateescape") if isinstance(data, str) else data)


def read_mark(path: Path) -> str:
    """The text of a small file that only says which state something is in; "" where there is none.
    Damage makes it the mark of no state."""
    try:
        return path.read_bytes().decode("utf-8", "surrogateescape")
    except (FileNotFoundError, NotADirectoryError):
        return ""


@contextmanager
def landing_file(path: Path) -> Iterator[BinaryIO]:
    """Give a file to write; when the block ends well it becomes `path` by rename, durable before it
    is visible and after. The folder has to be there. Raises DiskError as `write_whole` does."""
    prefix = f".{path.name[:_LONGEST]}."
    with writing(path):
        _clear_files(path.parent, prefix)
        handle, fresh = _unfinished(path.parent, prefix)
    try:
        # What could not be written is tried once more as the file is closed, and told there.
        with _ours(path, fresh), os.fdopen(handle, "wb") as out:
            yield out
            out.flush()
            os.fchmod(handle, 0o644)
            os.fsync(handle)
            fresh.replace(path)
            sync_folder(path.parent)
    except BaseException:
        with suppress(OSError):
            fresh.unlink(missing_ok=True)
        raise


@contextmanager
def landing(path: Path) -> Iterator[Path]:
    """Give a fresh folder beside `path`; when the block ends well it becomes `path` by rename, all
    that is in it durable before.

    What an earlier, killed run left beside `path` is cleared away. Hold `locked(path)` around it.
    Raises DiskError as `write_whole` does.
    """
    prefix = f".{path.name[:_LONGEST]}{_LANDING}"
    with writing(path):
        make_folder(path.parent)
        for left in [p for p in path.parent.iterdir() if p.name.startswith(prefix)]:
            shutil.rmtree(left)
        fresh = Path(tempfile.mkdtemp(dir=path.parent, prefix=prefix))
    try:
        fresh.chmod(0o755)
        with filling(fresh, path):
            yield fresh
        with writing(path):
            sync_tree(fresh)
            _take_the_place(fresh, path)
            sync_folder(path.parent)
    finally:
        shutil.rmtree(fresh, ignore_errors=True)


@contextmanager
def locked(
    path: Path, reporter: Reporter = SILENT, *, timeout: float | None = None
) -> Iterator[None]:
    """Hold `path` alone among all processes, by a lock file beside it; waits as `locks.hold`
    does: `reporter` hears for whom, and InfraError is raised after `timeout` seconds."""
    with hold(path.parent / f".{path.name}.lock", str(path), reporter, timeout=timeout):
        yield


def clear_unfinished(top: Path, pruned: frozenset[str] = frozenset()) -> list[Path]:
    """Remove what killed writers left below `top`, less the folders called as in `pruned`: files
    and folders that have not landed and that nobody is writing. Gives what was removed."""
    gone: list[Path] = []
    for place, folders, names in os.walk(top):
        for name in [name for name in folders if name.startswith(".") and _LANDING in name]:
            folders.remove(name)
            target = name[1:].rpartition(_LANDING)[0]
            with suppress(OSError), _free(Path(place, f".{target}.lock")) as is_free:
                if is_free:
                    shutil.rmtree(Path(place, name))
                    gone.append(Path(place, name))
        folders[:] = [name for name in folders if name not in pruned]
        for name in names:
            if name.startswith(".") and name.endswith(UNFINISHED) and _clear(Path(place, name)):
                gone.append(Path(place, name))
    return gone


def _unfinished(folder: Path, prefix: str) -> tuple[int, Path]:
    """A new file to write, locked, so that nobody takes it for one that was left behind."""
    while True:
        handle, name = tempfile.mkstemp(dir=folder, prefix=prefix, suffix=UNFINISHED)
        fcntl.flock(handle, fcntl.LOCK_EX)
        if os.fstat(handle).st_nlink:
            return handle, Path(name)
        os.close(handle)  # cleared away before it was locked


@contextmanager
def _ours(path: Path, fresh: Path) -> Iterator[None]:
    """Tell a failed write to `fresh` as one to `path`; errors of other files pass."""
    try:
        yield
    except OSError as error:
        if error.filename in (None, str(fresh), str(path), str(path.parent)):
            with writing(path):
                raise
        raise


def _take_the_place(fresh: Path, path: Path) -> None:
    if not path.exists():
        fresh.replace(path)
    elif not exchange(fresh, path):
        # Aside by rename, not by deletion, which may take seconds: the time without `path` is
        # that between two renames.
        former = Path(f"{fresh}.former")
        path.replace(former)
        fresh.replace(path)
        shutil.rmtree(former, ignore_errors=True)


def _clear_files(folder: Path, prefix: str) -> None:
    with os.scandir(folder) as entries:
        left = [e.name for e in entries if e.name.startswith(prefix)]
    for name in left:
        if name.endswith(UNFINISHED):
            _clear(folder / name)


def _clear(left: Path) -> bool:
    """Remove a file that has not landed, unless somebody is writing it."""
    with suppress(OSError), _free(left) as is_free:
        if is_free:
            left.unlink()
            return True
    return False


@contextmanager
def _free(lock: Path) -> Iterator[bool]:
    """Whether nobody holds `lock`; nobody does during the block then. A lock file that is not there
    holds nobody back."""
    try:
        handle = os.open(lock, os.O_RDWR | os.O_CLOEXEC | os.O_NOFOLLOW)
    except FileNotFoundError:
        yield True
        return
    try:
        yield take_if_free(handle)
    finally:
        os.close(handle)
