# SPDX-License-Identifier: GPL-2.0-only
"""Compressed patch files: told by their first bytes, unpacked up to a limit."""

from __future__ import annotations

import bz2
import io
import lzma
import subprocess
import tempfile
import zlib
from gzip import GzipFile

from zpmaint.core import tools
from zpmaint.core.errors import UserError

LIMIT = 256 << 20
"""Bytes that a patch file may hold unpacked; the largest of a kernel release has about 80 MB."""
SUFFIXES = (".gz", ".xz", ".bz2", ".zst", ".lzma")

_KINDS = (
    (b"\x1f\x8b", "gzip"),
    (b"BZh", "bzip2"),
    (b"\xfd7zXZ\0", "xz"),
    (b"\x5d\0\0", "lzma"),
    (b"\x28\xb5\x2f\xfd", "zstd"),
)


def unpacked(data: bytes, name: str) -> tuple[bytes, str]:
    """The bytes inside, and what they were packed with ('' if they are not).

    Raises UserError for a damaged file and for one that holds more than `LIMIT`; InfraError where
    zstd is not installed."""
    kind = next((kind for magic, kind in _KINDS if data.startswith(magic)), "")
    if not kind:
        return data, ""
    try:
        out = _zstd(data) if kind == "zstd" else _opened(kind, data)
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


def _zstd(data: bytes) -> bytes:
    """Python has no zstd before 3.14: the program does it."""
    tools.need("zstd")
    with tempfile.TemporaryFile() as packed:
        packed.write(data)
        packed.seek(0)
        with subprocess.Popen(
            ["zstd", "-dcq"], stdin=packed, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL
        ) as process:
            assert process.stdout is not None
            out = process.stdout.read(LIMIT + 1)
            process.stdout.close()
            status = process.wait()
    if status and len(out) <= LIMIT:
        raise ValueError("zstd")
    return out


def plain_name(name: str) -> str:
    """A file's name once it is unpacked: x.patch.gz is x.patch."""
    for suffix in SUFFIXES:
        if name.endswith(suffix):
            return name[: -len(suffix)]
    return name
