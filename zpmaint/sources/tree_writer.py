# SPDX-License-Identifier: GPL-2.0-only
"""A foreign tree onto the disk, into a fresh folder of ours, and nowhere else.

Only regular files, folders and links are made. Files are made new, never over one that is there;
links come last, so that while files are written there is none that one could be written through.
Of modes only "executable" is kept: no setuid, no owners, no attributes.
"""

from __future__ import annotations

import errno
import os
import time
from pathlib import Path
from typing import TypeGuard

from zpmaint.sources.tree_rules import Limits, Outline, RefusedError

_MAKE = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC
_NAMES = (errno.ENAMETOOLONG, errno.EEXIST, errno.ENOTDIR, errno.EISDIR, errno.ELOOP, errno.EILSEQ)
"""What a name, not the disk, is at fault for."""


class TreeWriter:
    """Writes the entries of one tree below `folder`, which is empty and nobody else's. Every
    method raises RefusedError for an entry that is not to be, OSError for a disk that fails."""

    def __init__(self, folder: Path, bounds: Limits | None = None) -> None:
        self._top = str(folder)
        self._outline = Outline(bounds)
        self._made = {""}
        self._links: list[tuple[str, int | None]] = []
        self._now = int(time.time())

    def folder(self, path: str, *, write: bool = True) -> None:
        """With `write` false, as everywhere, an entry is checked and left out."""
        self._outline.folder(path)
        if write:
            self._make(path)

    def file(
        self,
        path: str,
        data: bytes,
        *,
        executable: bool = False,
        mtime: int | None = None,
        write: bool = True,
    ) -> None:
        """`mtime` in seconds; now, where it is none or in the future: make would never be done."""
        self._outline.file(path, len(data))
        if not write:
            return
        self._make(path.rpartition("/")[0])
        try:
            handle = os.open(f"{self._top}/{path}", _MAKE, 0o755 if executable else 0o644)
        except OSError as error:
            raise _whose(error, path) from None
        try:
            left = memoryview(data)
            while left:
                left = left[os.write(handle, left) :]
            if self._is_past(mtime):
                os.utime(handle, (mtime, mtime))
        finally:
            os.close(handle)

    def link(self, path: str, target: str, *, mtime: int | None = None, write: bool = True) -> None:
        """A symbolic link; made by `finish`."""
        self._outline.link(path, target)
        if write:
            self._links.append((path, mtime))

    def same(self, path: str, target: str, *, write: bool = True) -> None:
        """A second name of a file. Raises RefusedError, too, where that one was left out."""
        self._outline.same(path, target)
        if not write:
            return
        self._make(path.rpartition("/")[0])
        try:
            os.link(f"{self._top}/{target}", f"{self._top}/{path}", follow_symlinks=False)
        except FileNotFoundError:
            raise RefusedError(path, f"a hard link to {target!r}, which is left out") from None
        except OSError as error:
            raise _whose(error, path) from None

    def finish(self) -> None:
        """Make the links. None is made where one of them leads out of the tree."""
        self._outline.finish()
        for path, mtime in self._links:
            self._make(path.rpartition("/")[0])
            place = Path(self._top, path)
            try:
                place.symlink_to(self._outline.links[path])
            except OSError as error:
                raise _whose(error, path) from None
            if self._is_past(mtime):
                os.utime(place, (mtime, mtime), follow_symlinks=False)

    def _is_past(self, mtime: int | None) -> TypeGuard[int]:
        return mtime is not None and 0 <= mtime < self._now

    def _make(self, folder: str) -> None:
        if folder in self._made:
            return
        self._make(folder.rpartition("/")[0])
        try:
            os.mkdir(f"{self._top}/{folder}", 0o755)  # noqa: PTH102 - a Path for each costs
        except OSError as error:
            raise _whose(error, folder) from None
        self._made.add(folder)


def _whose(error: OSError, path: str) -> Exception:
    if error.errno in _NAMES:
        return RefusedError(path, os.strerror(error.errno or 0))
    return error
