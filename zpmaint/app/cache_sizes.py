# SPDX-License-Identifier: GPL-2.0-only
"""What things of the cache take on the disk. A tree of a kernel is 43,000 files: what has not
changed since it was counted is not counted again."""

from __future__ import annotations

import os
import stat
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

from zpmaint.core.errors import InfraError
from zpmaint.core.remembered import recall, remember

_NAME = "sizes.json"
_BLOCK = 512


class Sizes:
    """The counts of one cache, remembered in it."""

    def __init__(self, cache: Path) -> None:
        self._place = cache / _NAME
        found = recall(self._place)
        self._known: dict[str, list[int]] = found if isinstance(found, dict) else {}
        self._asked: dict[str, list[int]] = {}

    def of(self, name: str, stamp: int, count: Callable[[], int]) -> int:
        """The bytes of what is called `name` and is as it was as long as `stamp` is (0: it may
        change at any time)."""
        known = self._known.get(name)
        if not stamp or known is None or known[0] != stamp:
            known = [stamp, count()]
        if stamp:
            self._asked[name] = known
        return known[1]

    def keep(self) -> None:
        """For later runs; what was not asked for is gone. A disk that is full takes nothing."""
        if self._asked != self._known:
            with suppress(InfraError):
                remember(self._place, self._asked)


def stamp_of(*marks: Path) -> int:
    """Another number whenever one of these files is written anew; 0 where one is missing."""
    try:
        return sum(mark.stat().st_mtime_ns for mark in marks)
    except OSError:
        return 0


def bytes_below(top: Path, *, without: frozenset[str] = frozenset(), linked: bool = True) -> int:
    """What a file or a folder takes, less the entries of `top` called as in `without`. With
    `linked` False files do not count that have another name somewhere."""
    total = 0
    folders = [top]
    seen: set[tuple[int, int]] = set()
    try:
        first = top.lstat()
    except OSError:
        return 0
    if not stat.S_ISDIR(first.st_mode):
        return first.st_blocks * _BLOCK
    while folders:
        folder = folders.pop()
        with suppress(OSError), os.scandir(folder) as entries:
            for entry in entries:
                if folder is top and entry.name in without:
                    continue
                with suppress(OSError):  # it went meanwhile
                    status = entry.stat(follow_symlinks=False)
                    if entry.is_dir(follow_symlinks=False):
                        folders.append(Path(entry.path))
                    elif status.st_nlink > 1:
                        here = status.st_dev, status.st_ino
                        if not linked or here in seen:
                            continue
                        seen.add(here)
                    total += status.st_blocks * _BLOCK
    return total
