# SPDX-License-Identifier: GPL-2.0-only
"""The store of whole logs and consoles, beside the ledger.

    FOLDER/ab/abcdef....xz      the text whose SHA-256 is abcdef..., packed

A text is kept once, under its digest, which vouches for it: what is not what its name says is never
shown, and is set aside. What is longer than LARGEST is kept without its middle, with a word there.
"""

from __future__ import annotations

import hashlib
import lzma
import re
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

from zpmaint.core.errors import InfraError
from zpmaint.core.files import write_whole
from zpmaint.core.progress import SILENT, Reporter
from zpmaint.core.sealed import set_aside
from zpmaint.ledger.told import LogRecord

FOLDER = "logs"
"""The store's folder beside a ledger."""
LARGEST = 16 << 20
"""Bytes of a text that are kept."""
_MEMORY = 64 << 20  # bytes that unpacking may take
_PRESET = 3  # 10 MB of console in half a second; more gives little
_NAME = re.compile(r"[0-9a-f]{64}")


class LogStore:
    """The texts below one folder; it is made when the first one is kept."""

    def __init__(self, folder: Path, reporter: Reporter = SILENT) -> None:
        self.folder = folder
        self._reporter = reporter

    @classmethod
    def beside(cls, ledger: Path, reporter: Reporter = SILENT) -> LogStore:
        """That of the ledger in this file."""
        return cls(ledger.parent / FOLDER, reporter)

    def keep(self, data: bytes) -> LogRecord:
        """Keep a text; one that is there is left as it is. Raises DiskError where the disk does not
        take it."""
        if len(data) <= LARGEST:
            return self._put(data)
        half = LARGEST // 2
        whole = hashlib.sha256(data).hexdigest()
        return self._put_ends(data[:half], data[-half:], len(data), whole)

    def keep_file(self, path: Path) -> LogRecord | None:
        """Keep what is in a file; None where there is none. One that is too long is not read whole
        into the memory."""
        try:
            size = path.stat().st_size
            if size <= LARGEST:
                return self._put(path.read_bytes())
            with path.open("rb") as stream:
                whole = hashlib.file_digest(stream, "sha256").hexdigest()
                stream.seek(0)
                head = stream.read(LARGEST // 2)
                stream.seek(size - LARGEST // 2)
                tail = stream.read(LARGEST // 2)
        except (FileNotFoundError, NotADirectoryError):
            return None
        return self._put_ends(head, tail, size, whole)

    def _put_ends(self, head: bytes, tail: bytes, size: int, whole: str) -> LogRecord:
        left_out = size - len(head) - len(tail)
        note = f"\n[zpmaint: {left_out} bytes of the middle are left out here]\n"
        kept = self._put(head + note.encode() + tail)
        return replace(kept, left_out=left_out, whole=whole)

    def _put(self, data: bytes) -> LogRecord:
        digest = hashlib.sha256(data).hexdigest()
        path = self.path(digest)
        if not path.is_file():
            write_whole(path, lzma.compress(data, preset=_PRESET))
        lines = data.count(b"\n") + (not data.endswith(b"\n") and bool(data))
        return LogRecord(digest, len(data), lines)

    def text(self, digest: str) -> bytes | None:
        """The text of a digest; None where it is not there, or is damaged: then it is set aside,
        with a word. Raises InfraError where it cannot be read."""
        path = self.path(digest)
        try:
            data = _unpacked(path.read_bytes())
        except (FileNotFoundError, NotADirectoryError):
            return None
        except OSError as error:
            raise InfraError(f"{path}: {error.strerror or error}", "see the disk") from None
        if data is None or hashlib.sha256(data).hexdigest() != digest:
            set_aside(path, "damaged", self._reporter)
            return None
        return data

    def has(self, digest: str) -> bool:
        """Whether there is a file for it; `text` says whether it is whole."""
        return bool(_NAME.fullmatch(digest)) and self.path(digest).is_file()

    def digests(self) -> Iterator[str]:
        """Of all texts that there are files for."""
        for path in self.folder.glob("??/*.xz"):
            digest = path.name.removesuffix(".xz")
            if _NAME.fullmatch(digest) and path.parent.name == digest[:2]:
                yield digest

    def path(self, digest: str) -> Path:
        """Where a text is kept. Raises ValueError for what is no digest: it may come from another's
        ledger, and becomes the name of a file."""
        if not _NAME.fullmatch(digest):
            raise ValueError(f"no digest of a log: {digest!r:.80}")
        return self.folder / digest[:2] / f"{digest}.xz"

    def take(self, other: LogStore) -> tuple[int, list[Path]]:
        """Take over what another store has and this one lacks: how many were new, and the files
        that are not what their names say, which are left."""
        new, damaged = 0, []
        for path in sorted(other.folder.glob("??/*.xz")):
            digest = path.name.removesuffix(".xz")
            if not _NAME.fullmatch(digest) or self.has(digest):
                continue
            packed = path.read_bytes() if path.stat().st_size <= 2 * LARGEST else b""
            if self.adopt(digest, packed):
                new += 1
            else:
                damaged.append(path)
        return new, damaged

    def adopt(self, digest: str, packed: bytes) -> bool:
        """Keep what another store has under a digest, packed; False where it is not what the digest
        says."""
        data = _unpacked(packed)
        if data is None or hashlib.sha256(data).hexdigest() != digest:
            return False
        write_whole(self.path(digest), packed)
        return True


def _unpacked(packed: bytes) -> bytes | None:
    """None where it is no .xz file, cut, or longer than anything that is kept."""
    limit = LARGEST + 4096
    try:
        unpacker = lzma.LZMADecompressor(lzma.FORMAT_XZ, memlimit=_MEMORY)
        data = unpacker.decompress(packed, max_length=limit)
    except lzma.LZMAError:
        return None
    return data if unpacker.eof and len(data) < limit else None
