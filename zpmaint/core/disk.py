# SPDX-License-Identifier: GPL-2.0-only
"""What a disk has for certain, and what it says when it cannot take more.

A write is in memory until it is asked for on the disk: a kill loses nothing of it, a power cut
may lose any part. A name (created, renamed, removed) belongs to its folder, and is certain when
the folder was asked for. docs/cache.md has the whole model.
"""

from __future__ import annotations

import ctypes
import errno
import os
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from zpmaint.core.errors import InfraError

_FEW = 64  # files that are asked for one by one; of more, the whole file system at once is cheaper
_HINTS = {
    errno.ENOSPC: "free some space and run again",
    errno.EDQUOT: "free some of the quota and run again",
    errno.EROFS: "the file system is read-only: mount it writable, or set ZPMAINT_HOME elsewhere",
    errno.EIO: "the disk failed: see the kernel's log (dmesg)",
    errno.EACCES: "give this user the right to write there, or set ZPMAINT_HOME elsewhere",
    errno.EFBIG: "raise the limit of file sizes (ulimit -f)",
}
_NO_FOLDER = "no folder can be made there: name another, or set ZPMAINT_HOME elsewhere"
_NAMED = {
    errno.ENOENT: _NO_FOLDER,
    errno.ENOTDIR: _NO_FOLDER,
    errno.EEXIST: _NO_FOLDER,
    errno.EPERM: _NO_FOLDER,
    errno.ENAMETOOLONG: "name a shorter one",
}
"""What is wrong with a place rather than with its disk."""
_AT_FDCWD = -100
_RENAME_EXCHANGE = 2


class DiskError(InfraError, OSError):
    """A file could not be written, with its path and the next step: the surroundings' trouble,
    and still the OSError that it was, for who looks at `errno` and `filename`."""

    def __init__(self, path: Path, error: OSError) -> None:
        why = error.strerror or str(error)
        hint = (_HINTS | _NAMED).get(error.errno or 0, "see the disk")
        InfraError.__init__(self, f"{path}: {why}", hint)
        self.errno, self.strerror, self.filename = error.errno, why, str(path)


@contextmanager
def writing(path: Path) -> Iterator[None]:
    """Tell an OSError of the block as a DiskError of `path`."""
    try:
        yield
    except DiskError:
        raise
    except OSError as error:
        raise DiskError(path, error) from None


@contextmanager
def filling(folder: Path, named: Path | None = None) -> Iterator[None]:
    """Tell what a disk says while `folder` is filled as a DiskError, of what is to become `named`
    where that is another name for it; other errors pass."""
    try:
        yield
    except OSError as error:
        name = error.filename2 or error.filename  # of a copy the file that is written
        inside = name is None or str(name).startswith(str(folder))
        if isinstance(error, DiskError) or not inside or error.errno not in _HINTS:
            raise
        raise DiskError(named or Path(str(name or folder)), error) from None


def sync_folder(folder: Path) -> None:
    """Have the names in `folder` on the disk."""
    handle = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        os.fsync(handle)
    except OSError as error:
        if error.errno != errno.EINVAL:  # a file system that has no such thing
            raise
    finally:
        os.close(handle)


def make_folder(folder: Path) -> None:
    """Make `folder` and those above it, and have their names on the disk. Raises DiskError."""
    if folder.is_dir():
        return
    make_folder(folder.parent)
    with writing(folder), suppress(FileExistsError):
        folder.mkdir()
        sync_folder(folder.parent)


def sync_tree(top: Path) -> None:
    """Have all that is below `top`, and `top`'s own names, on the disk."""
    folders: list[Path] = []
    files: list[Path] = []
    for place, _, names in os.walk(top):
        folders.append(Path(place))
        files += (Path(place, name) for name in names)
        if len(files) + len(folders) > _FEW:
            _sync_file_system(top)
            return
    for file in files:
        if file.is_symlink() or not file.is_file():
            continue  # it is all in its name
        handle = os.open(file, os.O_RDONLY | os.O_CLOEXEC | os.O_NOFOLLOW)
        try:
            os.fsync(handle)
        finally:
            os.close(handle)
    for folder in folders:
        sync_folder(folder)


def exchange(one: Path, other: Path) -> bool:
    """Have two names change places in one step; False where the system cannot."""
    call = getattr(_libc(), "renameat2", None)
    if call is None:
        return False
    status = call(_AT_FDCWD, os.fsencode(one), _AT_FDCWD, os.fsencode(other), _RENAME_EXCHANGE)
    if status == 0:
        return True
    code = ctypes.get_errno()
    if code in (errno.EINVAL, errno.ENOSYS, errno.EPERM):
        return False
    raise OSError(code, os.strerror(code), str(other))


def _sync_file_system(top: Path) -> None:
    handle = os.open(top, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        call = getattr(_libc(), "syncfs", None)
        if call is None:
            os.sync()
        elif call(handle) != 0:
            code = ctypes.get_errno()
            raise OSError(code, os.strerror(code), str(top))
    finally:
        os.close(handle)


def _libc() -> ctypes.CDLL:
    return ctypes.CDLL(None, use_errno=True)
