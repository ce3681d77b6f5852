# SPDX-License-Identifier: GPL-2.0-only
"""The files of a tar archive as it streams by: path below its one top folder, and contents.

The standard library's tarfile goes over every member in small steps, which of a kernel's hundred
thousand takes longer than to read them.
"""

from __future__ import annotations

import tarfile
from collections.abc import Iterator
from typing import IO

_BLOCK = 512


def regular_files(stream: IO[bytes]) -> Iterator[tuple[str, bytes]]:
    """Every regular file, in the archive's order. Raises ValueError where it is cut or no tar."""
    longer = ""
    while (head := stream.read(_BLOCK)).count(0) != len(head) or not head:
        if len(head) != _BLOCK:
            raise ValueError("the archive ends inside a file")
        try:
            member = tarfile.TarInfo.frombuf(head, "utf-8", "surrogateescape")
        except tarfile.HeaderError as error:
            raise ValueError(str(error)) from None
        data = _read(stream, member.size) if member.size else b""
        if member.type == tarfile.XHDTYPE:
            longer = _pax_path(data) or longer
        elif member.type == tarfile.GNUTYPE_LONGNAME:
            longer = data.rstrip(b"\0").decode("utf-8", "surrogateescape")
        elif member.type != tarfile.XGLTYPE:
            if member.isreg():
                yield (longer or member.name).removeprefix("./").partition("/")[2], data
            longer = ""


def _read(stream: IO[bytes], size: int) -> bytes:
    padded = -(-size // _BLOCK) * _BLOCK
    data = stream.read(padded)
    if len(data) != padded:
        raise ValueError("the archive ends inside a file")
    return data[:size]


def _pax_path(records: bytes) -> str:
    """The path that an extended header ("LENGTH KEY=VALUE" lines) gives the next member."""
    while records:
        length = int(records.partition(b" ")[0])
        key, _, value = records[:length].partition(b" ")[2].partition(b"=")
        if key == b"path":
            return value.removesuffix(b"\n").decode("utf-8", "surrogateescape")
        records = records[length:]
    return ""
