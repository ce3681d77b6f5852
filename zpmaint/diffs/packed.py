# SPDX-License-Identifier: GPL-2.0-only
"""Compressed patch files: told by their first bytes, unpacked up to a limit."""

from __future__ import annotations

import bz2
import io
import lzma
import zlib
from gzip import GzipFile

from zpmaint.core.errors import UserError

LIMIT = 256 << 20
"""Bytes that a patch file may hold unpacked; the largest of a kernel release has about 80 MB."""
SUFFIXES = (".gz", ".xz", ".bz2", ".zst", ".lzma")

ZSTD = b"\x28\xb5\x2f\xfd"
"""How a file begins that zstd packed."""

_KINDS = (
    (b"\x1f\x8b", "gzip"),
    (b"BZh", "bzip2"),
    (b"\xfd7zXZ\0", "xz"),
    (b"\x5d\0\0", "lzma"),
    (ZSTD, "zstd"),
)


def unpacked(data: bytes, name: str) -> tuple[bytes, str]:
    """The bytes inside, and what they were packed with ('' if they are not).

    Raises UserError for a damaged file, for one that holds more than `LIMIT`, and for zstd, which
    Python does not have before 3.14: whoever reads files unpacks that before."""
    kind = next((kind for magic, kind in _KINDS if data.startswith(magic)), "")
    if not kind:
        return data, ""
    if kind == "zstd":
        raise UserError(f"{name}: a compressed patch (zstd)", "unpack it: zstd -d")
    try:
        out = _opened(kind, data)
    except (OSError, EOFError, lzma.LZMAError, zlib.error, ValueError):
        raise UserError(
            f"{name}: a compressed patch ({kind}) that is damaged or cut", "fetch it anew"
        ) from None
    if len(out) > LIMIT:
        raise UserError(f"{name}: a compressed patch of more than {LIMIT >> 20} MB", "split it")
    return out, kind


def _opened(kind: str, data: bytes) -> bytes:
    packed = io.BytesIO(data)
    if kind == "gzip":
        return GzipFile(fileobj=packed).read(LIMIT + 1)
    if kind == "bzip2":
        return bz2.BZ2File(packed).read(LIMIT + 1)
    return lzma.LZMAFile(packed).read(LIMIT + 1)


def plain_name(name: str) -> str:
    """A file's name once it is unpacked: x.patch.gz is x.patch."""
    for suffix in SUFFIXES:
        if name.endswith(suffix):
            return name[: -len(suffix)]
    return name
