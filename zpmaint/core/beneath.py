# SPDX-License-Identifier: GPL-2.0-only
"""Files below a folder, at paths that somebody else chose: a patch, a tree, a repository.

Every folder on the way is opened by itself, and none that is a symbolic link (O_NOFOLLOW, from one
descriptor to the next): what is read or written is below the top, whatever the tree holds, and
whoever changes it meanwhile.
"""

from __future__ import annotations

import errno
import os
import re
import secrets
import stat
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from zpmaint.core.errors import KernelError, UserError

MOST = 256 << 20
"""Bytes of a file that is read; the largest of a kernel has 23 MB."""

_CONTROL = re.compile("[\0-\x1f\x7f-\x9f\u2028\u2029]")
_FOLDER = os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC
_READ = os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC
_MAKE = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC
_ABSENT = (errno.ENOENT, errno.ENOTDIR, errno.ENAMETOOLONG)


class ThroughLinkError(KernelError):
    """A path goes through a symbolic link of the tree: what is there is another file's."""

    def __init__(self, path: str, link: str) -> None:
        super().__init__(
            f"{path}: {link!r} is a symbolic link in this tree, and no patch goes through one",
            "patch the file that the link leads to",
        )


def parts_of(path: str) -> list[str]:
    """A path in a tree, part by part. Raises UserError for one that is absolute, leads upwards or
    into a git repository, or has control characters."""
    parts = path.split("/")
    if not path or any(part in ("", ".", "..") or part.lower() == ".git" for part in parts):
        raise UserError(f"{path!r} leads out of the tree", "write it as mm/memory.c")
    if _CONTROL.search(path):
        raise UserError(f"{path!r} has control characters", "write it as mm/memory.c")
    return parts


def open_beneath(top: Path, path: str) -> int | None:
    """The descriptor of what is there, a file or a folder or something else; None where nothing is.
    The caller's to close. Raises ThroughLinkError, UserError for a path that is none in a tree."""
    parts = parts_of(path)
    try:
        with _opened(top, parts[:-1]) as folder:
            return _open(parts, len(parts) - 1, _READ, folder)
    except OSError as error:
        if error.errno in _ABSENT or error.errno == errno.ENXIO:  # a socket
            return None
        raise


def read_beneath(top: Path, path: str) -> bytes | None:
    """What the regular file has; None where there is none. Raises ThroughLinkError, UserError for
    a path that is none in a tree and for a file of more than MOST bytes."""
    handle = open_beneath(top, path)
    if handle is None:
        return None
    try:
        if not stat.S_ISREG(os.fstat(handle).st_mode):
            return None
        with os.fdopen(handle, "rb", closefd=False) as stream:
            data = stream.read(MOST + 1)
    finally:
        os.close(handle)
    if len(data) > MOST:
        raise UserError(
            f"{top / path}: more than {MOST >> 20} MB", "no kernel's source is so large"
        )
    return data


def write_beneath(top: Path, path: str, data: bytes, *, executable: bool = False) -> None:
    """Write the file by rename, durable before it is visible; its folders are made. Raises
    ThroughLinkError, UserError for a path that is none in a tree, OSError."""
    parts = parts_of(path)
    with _opened(top, parts[:-1], make=True) as folder:
        _insist(parts, folder)
        fresh = f".{parts[-1][:100]}.{secrets.token_hex(8)}"
        handle = os.open(fresh, _MAKE, 0o644, dir_fd=folder)
        try:
            with os.fdopen(handle, "wb") as out:
                out.write(data)
                out.flush()
                os.fchmod(handle, 0o755 if executable else 0o644)
                os.fsync(handle)
            os.replace(fresh, parts[-1], src_dir_fd=folder, dst_dir_fd=folder)
        except BaseException:
            os.unlink(fresh, dir_fd=folder)
            raise
        os.fsync(folder)


def remove_beneath(top: Path, path: str) -> None:
    """Take the file away, if it is there. Raises as `write_beneath` does."""
    parts = parts_of(path)
    try:
        with _opened(top, parts[:-1]) as folder:
            _insist(parts, folder)
            os.unlink(parts[-1], dir_fd=folder)
    except OSError as error:
        if error.errno not in _ABSENT:
            raise


def link_beneath(top: Path, path: str, target: str) -> None:
    """Make a symbolic link where nothing is; its folders are made. Raises as `write_beneath`
    does."""
    parts = parts_of(path)
    with _opened(top, parts[:-1], make=True) as folder:
        os.symlink(target, parts[-1], dir_fd=folder)


def status_beneath(top: Path, path: str) -> os.stat_result | None:
    """The facts of what is there, a link itself; None where nothing is. Raises as
    `read_beneath` does for what is on the way."""
    parts = parts_of(path)
    try:
        with _opened(top, parts[:-1]) as folder:
            return os.stat(parts[-1], dir_fd=folder, follow_symlinks=False)
    except OSError as error:
        if error.errno in _ABSENT:
            return None
        raise


def inside(top: Path, path: str) -> str:
    """The path that `path` is when the links on its way are followed, as far as they stay in the
    tree. Raises UserError where they do not."""
    whole = top.resolve()
    try:
        real = (whole / path).resolve()
    except (OSError, RuntimeError, ValueError):  # links in a circle; a name that can be none
        raise UserError(f"{path!r} is no path in the tree {top}") from None
    if not real.is_relative_to(whole) or real == whole:
        raise UserError(f"{path!r} leads out of the tree {top}")
    return str(real.relative_to(whole))


@contextmanager
def _opened(top: Path, folders: list[str], *, make: bool = False) -> Iterator[int]:
    """The folder below `top`, as a descriptor."""
    here = os.open(top, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        for number in range(len(folders)):
            if make:
                with suppress(FileExistsError):
                    os.mkdir(folders[number], 0o755, dir_fd=here)
            below = _open(folders, number, _FOLDER, here)
            os.close(here)
            here = below
        yield here
    finally:
        os.close(here)


def _open(parts: list[str], number: int, flags: int, folder: int) -> int:
    try:
        return os.open(parts[number], flags, dir_fd=folder)
    except OSError as error:
        if error.errno in (errno.ELOOP, errno.ENOTDIR):
            _insist(parts[: number + 1], folder)
        raise


def _insist(parts: list[str], folder: int) -> None:
    """Raise ThroughLinkError where the last of `parts` is a link."""
    try:
        found = os.stat(parts[-1], dir_fd=folder, follow_symlinks=False)
    except FileNotFoundError:
        return
    if stat.S_ISLNK(found.st_mode):
        raise ThroughLinkError("/".join(parts), "/".join(parts))
