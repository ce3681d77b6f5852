# SPDX-License-Identifier: GPL-2.0-only
"""The members of a tar archive as it streams by.

The standard library's tarfile goes over every member in small steps, which of a kernel's hundred
thousand takes longer than to read them. What is read here is what archives of kernels consist of;
whatever else tar knows (sparse files, devices, several volumes, headers that turn a member into
another one) is refused and named. There is one reader for all: what is looked up in an archive and
what is unpacked of it are the same.
"""

from __future__ import annotations

import tarfile
from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum
from typing import IO

from zpmaint.sources.tree_rules import Limits, RefusedError, limits

_BLOCK = 512
_HEADER = 1 << 20
"""Bytes that an extended header has at most: a name and a link's target, with room to spare."""


class Kind(StrEnum):
    FILE = "file"
    FOLDER = "folder"
    LINK = "symbolic link"
    SAME = "hard link"


_KINDS = {
    tarfile.REGTYPE: Kind.FILE,
    tarfile.AREGTYPE: Kind.FILE,
    tarfile.CONTTYPE: Kind.FILE,
    tarfile.DIRTYPE: Kind.FOLDER,
    tarfile.SYMTYPE: Kind.LINK,
    tarfile.LNKTYPE: Kind.SAME,
}
_STRANGE = {
    tarfile.CHRTYPE: "a device node",
    tarfile.BLKTYPE: "a device node",
    tarfile.FIFOTYPE: "a named pipe",
    tarfile.GNUTYPE_SPARSE: "a sparse file",
}


@dataclass(slots=True)
class Member:
    """One entry of an archive."""

    name: str
    """As it is written there; what is no UTF-8 as surrogate escapes."""
    kind: Kind
    data: bytes = b""
    executable: bool = False
    mtime: int = 0
    target: str = ""
    """Of a link."""


def regular_files(stream: IO[bytes]) -> Iterator[tuple[str, bytes]]:
    """Every regular file, path below the one top folder, and contents, in the archive's order.
    Raises ValueError where the archive is cut or no tar, RefusedError (one, too) where it holds
    what is refused."""
    for member in members(stream):
        if member.kind is Kind.FILE:
            yield member.name.removeprefix("./").partition("/")[2], member.data


def members(stream: IO[bytes], bounds: Limits | None = None) -> Iterator[Member]:
    """Every member, in the archive's order; reads `stream` to its end. Raises as `regular_files`
    does."""
    bounds = limits() if bounds is None else bounds
    long: dict[str, str] = {}
    # Headers, too: an archive may consist of nothing else, without end.
    left = bounds.bytes + bounds.entries * 2 * _BLOCK
    while (head := stream.read(_BLOCK)).count(0) != len(head) or not head:
        if len(head) != _BLOCK:
            raise ValueError("the archive ends inside a file")
        try:
            info = tarfile.TarInfo.frombuf(head, "utf-8", "surrogateescape")
        except tarfile.HeaderError as error:
            raise ValueError(str(error)) from None
        name = long.get("path") or info.name
        most = bounds.file if info.type in _KINDS else _HEADER
        if not 0 <= info.size <= most:
            raise RefusedError(name, f"says that it has {info.size} bytes, {most} are read at most")
        left -= _BLOCK + info.size
        if left < 0:
            raise RefusedError(name, "with it the archive has more than any kernel's, headers all")
        data = _read(stream, info.size) if info.size else b""
        if info.type == tarfile.XHDTYPE:
            long |= _records(data, name, {"path", "linkpath"})
        elif info.type == tarfile.XGLTYPE:
            _records(data, name, set())
        elif info.type == tarfile.GNUTYPE_LONGNAME:
            long["path"] = _text(data.rstrip(b"\0"))
        elif info.type == tarfile.GNUTYPE_LONGLINK:
            long["linkpath"] = _text(data.rstrip(b"\0"))
        else:
            kind = _KINDS.get(info.type)
            if kind is None:
                strange = _STRANGE.get(info.type) or f"a member of the type {info.type!r}"
                raise RefusedError(name, f"is {strange}")
            if data and kind is not Kind.FILE:
                raise RefusedError(name, f"is a {kind} with contents")
            target = long.get("linkpath") or info.linkname
            mtime = int(info.mtime)
            yield Member(name, kind, data, bool(info.mode & 0o100), mtime, target)
            long = {}
    _end(stream, bounds)


def _end(stream: IO[bytes], bounds: Limits) -> None:
    """What comes behind the last member: nothing but the zeros that fill an archive up."""
    seen = 0
    while data := stream.read(1 << 20):
        seen += len(data)
        if data.count(0) != len(data):
            raise RefusedError("", "there is something behind the archive's end")
        if seen > bounds.padding:
            raise RefusedError("", f"more than {bounds.padding} zeros behind the archive's end")


def _read(stream: IO[bytes], size: int) -> bytes:
    padded = -(-size // _BLOCK) * _BLOCK
    data = stream.read(padded)
    if len(data) != padded:
        raise ValueError("the archive ends inside a file")
    return data[:size] if padded != size else data


def _records(records: bytes, name: str, wanted: set[str]) -> dict[str, str]:
    """Those of an extended header's records ("LENGTH KEY=VALUE" lines) that are heeded. One that
    would make of a member what its own header does not say is refused."""
    found = {}
    while records:
        digits = records[:12].partition(b" ")[0]
        length = int(digits) if digits.isdigit() else 0
        key, mark, value = records[:length].partition(b" ")[2].partition(b"=")
        if not mark or not value.endswith(b"\n") or length > len(records):
            raise ValueError(f"{name!r}: an extended header that cannot be read")
        text = _text(key)
        if text in wanted:
            found[text] = _text(value[:-1])
        elif text in ("path", "linkpath", "size") or text.startswith("GNU.sparse."):
            raise RefusedError(name, f"an extended header sets its {text}")
        records = records[length:]
    return found


def _text(data: bytes) -> str:
    return data.decode("utf-8", "surrogateescape")
