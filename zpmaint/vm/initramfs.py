# SPDX-License-Identifier: GPL-2.0-only
"""The initramfs: a newc cpio archive, written here so that nobody needs root for /dev/console.

The format is the kernel's Documentation/driver-api/early-userspace/buffer-format.rst. The same
entries give the same bytes on every machine: inodes count up from 1, times are 0, owners root.
Kernels take the archive plain (tried: 2.6.21 .. 6.12); gzip needs RD_GZIP in the kernel's config,
and one without it panics.
"""

from __future__ import annotations

import gzip
import stat
from collections.abc import Iterable
from dataclasses import dataclass


@dataclass(frozen=True)
class Entry:
    """One name in the archive: `path` without a leading slash, `mode` with its file type."""

    path: str
    mode: int
    data: bytes = b""
    """A file's content or a symlink's target."""
    device: tuple[int, int] = (0, 0)
    """A device's major and minor number."""


def file(path: str, data: bytes, permissions: int = 0o755) -> Entry:
    """A regular file; executable unless said otherwise."""
    return Entry(path, stat.S_IFREG | permissions, data)


def folder(path: str, permissions: int = 0o755) -> Entry:
    """A folder."""
    return Entry(path, stat.S_IFDIR | permissions)


def symlink(path: str, target: str) -> Entry:
    """A symbolic link to `target`."""
    return Entry(path, stat.S_IFLNK | 0o777, target.encode())


def char_device(path: str, major: int, minor: int, permissions: int = 0o600) -> Entry:
    """A character device."""
    return Entry(path, stat.S_IFCHR | permissions, device=(major, minor))


SKELETON = (
    folder("dev"),
    # Opened by the kernel as init's stdin, stdout and stderr before init runs.
    char_device("dev/console", 5, 1),
    char_device("dev/null", 1, 3, 0o666),
    folder("proc"),
    folder("sys"),
    folder("tmp", 0o1777),
)
"""What every guest finds; an entry of the same path takes its place."""


def pack(entries: Iterable[Entry], *, compress: bool = False) -> bytes:
    """The archive of SKELETON and `entries`, gzipped where `compress` says so.

    Folders that entries need are added. Raises ValueError for a path twice among `entries`, one
    that leaves the root, and an archive without an executable /init.
    """
    archive = b"".join(
        _record(inode, entry) for inode, entry in enumerate(_complete(list(entries)), start=1)
    )
    archive += _record(0, Entry("TRAILER!!!", 0))
    return gzip.compress(archive, mtime=0) if compress else archive


def _complete(entries: list[Entry]) -> list[Entry]:
    named: dict[str, Entry] = {}
    for entry in entries:
        if entry.path in named:
            raise ValueError(f"initramfs: {entry.path} is there twice")
        parts = entry.path.split("/")
        if not all(parts) or {".", ".."} & set(parts) or "\0" in entry.path:
            raise ValueError(f"initramfs: {entry.path!r} is not a path below the root")
        named[entry.path] = entry
    init = named.get("init")
    if init is None or not (stat.S_ISREG(init.mode) and init.mode & 0o100):
        raise ValueError("initramfs: no executable file `init`")
    for entry in SKELETON:
        named.setdefault(entry.path, entry)
    for path in list(named):
        above = path.split("/")[:-1]
        for depth in range(1, len(above) + 1):
            parent = "/".join(above[:depth])
            if not stat.S_ISDIR(named.setdefault(parent, folder(parent)).mode):
                raise ValueError(f"initramfs: {path} lies in {parent}, which is no folder")
    # By parts, not by text: a folder comes right before what is in it.
    return [named[path] for path in sorted(named, key=lambda path: path.split("/"))]


def _record(inode: int, entry: Entry) -> bytes:
    name = entry.path.encode() + b"\0"
    fields = (
        inode,
        entry.mode,
        0,  # uid
        0,  # gid
        2 if stat.S_ISDIR(entry.mode) else 1,  # links; more than 1 makes a file a hard link
        0,  # mtime
        len(entry.data),
        0,  # the archive's own device
        0,
        *entry.device,
        len(name),
        0,  # checksum, of the crc format only
    )
    if max(fields) >= 1 << 32:
        raise ValueError(f"initramfs: {entry.path} is too big for newc")
    header = b"070701" + b"".join(b"%08X" % field for field in fields)
    return _padded(header + name) + _padded(entry.data)


def _padded(data: bytes) -> bytes:
    return data + b"\0" * (-len(data) % 4)
