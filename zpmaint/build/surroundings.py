# SPDX-License-Identifier: GPL-2.0-only
"""What is known of the machine around a make: its disks, its tools, before and after."""

from __future__ import annotations

import errno
import functools
import os
import shutil
import subprocess
import tempfile
from collections.abc import Iterable, Mapping
from contextlib import suppress
from pathlib import Path

_PROGRAMS = (
    "make", "sh", "bash", "ld", "as", "ar", "nm", "objcopy", "objdump", "strip", "readelf", "perl",
    "python3", "flex", "bison", "m4", "bc", "awk", "sed", "grep", "gzip", "ccache", "pahole",
)  # fmt: skip
_PARTS = ("cc1", "collect2", "as", "ld")
_PROBE = 1 << 16
_LEAST_NODES = 16

Tools = Mapping[str, tuple[int, int, int]]
"""By path: inode, size, time of the last change in nanoseconds."""


def tools(compiler: str) -> Tools:
    """The files of the programs that a build runs, as they are now."""
    found: dict[str, tuple[int, int, int]] = {}
    for path in _places(compiler, os.environ.get("PATH", os.defpath)):
        with suppress(OSError):
            seen = path.stat()
            found[str(path)] = (seen.st_ino, seen.st_size, seen.st_mtime_ns)
    return found


def changed_tools(before: Tools, after: Tools) -> list[str]:
    """What is another file than before, or gone."""
    return sorted(path for path, seen in before.items() if after.get(path) != seen)


def disk_troubles(folders: Iterable[Path]) -> list[str]:
    """What hinders writing into each of some folders right now, tried: full, no inodes, read-only,
    a quota, an I/O error."""
    found = []
    for folder in folders:
        try:
            disk = os.statvfs(folder)
            if disk.f_flag & os.ST_RDONLY:
                raise OSError(errno.EROFS, os.strerror(errno.EROFS))
            with tempfile.TemporaryFile(dir=folder) as probe:
                probe.write(b"\0" * _PROBE)
                probe.flush()
                os.fsync(probe.fileno())
            if disk.f_files and disk.f_favail < _LEAST_NODES:
                raise OSError(errno.ENOSPC, "no inodes left")
        except OSError as error:
            found.append(f"{folder}: {error.strerror or error}")
    return found


@functools.lru_cache(maxsize=8)
def _places(compiler: str, path: str) -> tuple[Path, ...]:
    names = [shutil.which(name, path=path) for name in (compiler, *_PROGRAMS)]
    for part in _PARTS:
        with suppress(OSError, subprocess.TimeoutExpired):
            said = subprocess.run(
                [compiler, f"-print-prog-name={part}"],
                stdin=subprocess.DEVNULL,
                capture_output=True,
                text=True,
                errors="replace",
                timeout=10,
                check=False,
            ).stdout.strip()
            if said.startswith("/"):
                names.append(said)
    return tuple(dict.fromkeys(Path(name).resolve() for name in names if name))
