# SPDX-License-Identifier: GPL-2.0-only
"""Which names the files of a kernel tree have, and in which files: a file on the disk.

A name is a whole word as `grep -w` takes it (ASCII letters, digits, underscores), but for those
that begin with a digit: no identifier does.

The file: a line that names the format; blocks of sorted words, each compressed by itself (zlib,
which checks its contents); a directory of the blocks; a trailer that says where that is. In a
block stand the words, one byte for each that counts its files, and the files' numbers, first all
high bytes, then all middle and all low ones: so they compress best.
"""

from __future__ import annotations

import os
import struct
import zlib
from array import array
from bisect import bisect_left, bisect_right
from collections.abc import Sequence
from functools import lru_cache
from pathlib import Path
from typing import IO

MOST = 200
"""Files that are listed for a name; one that more files have is everybody's."""

_FORMAT = b"zpmaint names 1\n"
_TRAILER = struct.Struct(">QQI")
_WORDS = 512
"""Words in a block: to find one takes a tenth of a millisecond."""
_EVERYBODYS = 255
_OF_A_WORD = b"0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ_abcdefghijklmnopqrstuvwxyz"
_BLANKED = bytes(byte if byte in _OF_A_WORD else 32 for byte in range(256))
_NINE = ord("9")


class DamagedError(Exception):
    """The file is not one that `write` has written whole."""


class Words:
    """The words of files, gathered one file at a time."""

    def __init__(self) -> None:
        self._paths: list[str] = []
        self._files: dict[bytes, bytes] = {}
        """By word the numbers of its files, three bytes each; b'' for more than MOST."""
        self._everybodys: set[bytes] = set()
        self._binary: set[bytes] = set()

    def add(self, path: str, data: bytes) -> None:
        """Take in a file. One with a NUL byte is no text: its words count, it is not listed."""
        words = set(data.translate(_BLANKED).split())
        if b"\0" in data:
            self._binary.update(word for word in words if word[0] > _NINE)
            return
        mark = len(self._paths).to_bytes(3, "big")
        self._paths.append(path)
        files = self._files
        words -= self._everybodys
        fresh = words.difference(files)
        files.update(dict.fromkeys([word for word in fresh if word[0] > _NINE], mark))
        for word in words.difference(fresh):
            marks = files[word]
            if len(marks) < 3 * MOST:
                files[word] = marks + mark
            else:
                files[word] = b""
                self._everybodys.add(word)

    def write(self, out: IO[bytes]) -> None:
        """Write the index of what was added."""
        words = sorted([*self._files, *self._binary.difference(self._files)])
        out.write(_FORMAT)
        starts, firsts = array("Q"), []
        for at in range(0, len(words), _WORDS):
            block = words[at : at + _WORDS]
            starts.append(out.tell())
            firsts.append(block[0])
            out.write(zlib.compress(self._block(block)))
        end = out.tell()
        starts.append(end)
        directory = b"\0".join(
            [b"\n".join(firsts), b",".join(b"%d" % start for start in starts)]
            + [path.encode("utf-8", "surrogateescape") for path in self._paths]
        )
        packed = zlib.compress(directory)
        out.write(packed)
        out.write(_TRAILER.pack(end, len(packed), zlib.crc32(packed)) + _FORMAT)

    def _block(self, words: Sequence[bytes]) -> bytes:
        marks = [self._files.get(word, b"") for word in words]
        counts = bytes(
            len(own) // 3 or (_EVERYBODYS if word in self._everybodys else 0)
            for word, own in zip(words, marks, strict=True)
        )
        ids = b"".join(marks)
        return b"\n".join(words) + b"\0" + counts + ids[0::3] + ids[1::3] + ids[2::3]


class NameIndex:
    """The names of one kernel tree. Reading may raise DamagedError at any time."""

    def __init__(self, place: Path) -> None:
        """Raises DamagedError, and FileNotFoundError where there is no such file."""
        self._data = place.open("rb")
        try:
            self._firsts, self._starts, self._paths = self._directory()
        except (OSError, ValueError, struct.error, zlib.error, IndexError) as error:
            self._data.close()
            raise DamagedError(str(error)) from None
        self._block = lru_cache(maxsize=64)(self._read_block)

    def close(self) -> None:
        self._data.close()

    def has(self, name: str) -> bool:
        """Whether any file has `name` as a whole word. A name that no file could have so (empty,
        or not of letters, digits and underscores) none has."""
        return self._find(name) is not None

    def files(self, name: str) -> list[str] | None:
        """The text files that have `name`, by path; None where more than MOST have it."""
        found = self._find(name)
        if found is None:
            return []
        return None if found == [-1] else sorted(self._path(number) for number in found)

    def files_called(self, name: str) -> list[str]:
        """The text files whose last part of the path is `name`, by path."""
        last = b"/" + name.encode("utf-8", "surrogateescape")
        return sorted(
            self._path(n) for n, path in enumerate(self._paths) if (b"/" + path).endswith(last)
        )

    def _find(self, name: str) -> list[int] | None:
        """The numbers of a word's files, [-1] for more than MOST; None where there is no such
        word."""
        word = name.encode("utf-8", "surrogateescape")
        block = bisect_right(self._firsts, word) - 1
        if block < 0:
            return None
        words, counts, ids = self._block(block)
        at = bisect_left(words, word)
        if at == len(words) or words[at] != word:
            return None
        if counts[at] == _EVERYBODYS:
            return [-1]
        before = sum(count for count in counts[:at] if count != _EVERYBODYS)
        third = len(ids) // 3
        return [
            int.from_bytes(ids[n : len(ids) : third], "big")
            for n in range(before, before + counts[at])
        ]

    def _read_block(self, number: int) -> tuple[list[bytes], bytes, bytes]:
        start, end = self._starts[number], self._starts[number + 1]
        try:
            text, _, rest = self._at(start, end - start).partition(b"\0")
        except (OSError, zlib.error) as error:
            raise DamagedError(str(error)) from None
        words = text.split(b"\n")
        return words, rest[: len(words)], rest[len(words) :]

    def _at(self, start: int, size: int) -> bytes:
        # Not seek and read: threads may ask at once.
        return zlib.decompress(os.pread(self._data.fileno(), size, start))

    def _path(self, number: int) -> str:
        return self._paths[number].decode("utf-8", "surrogateescape")

    def _directory(self) -> tuple[list[bytes], list[int], list[bytes]]:
        tail = _TRAILER.size + len(_FORMAT)
        if self._data.read(len(_FORMAT)) != _FORMAT:
            raise ValueError("not an index of names, or of another zpmaint")
        end = self._data.seek(-tail, 2)
        trailer = self._data.read(tail)
        start, size, crc = _TRAILER.unpack(trailer[: _TRAILER.size])
        if trailer[_TRAILER.size :] != _FORMAT or start + size != end:
            raise ValueError("cut short or overwritten")
        self._data.seek(start)
        packed = self._data.read(size)
        if zlib.crc32(packed) != crc:
            raise ValueError("overwritten")
        firsts, starts, *paths = zlib.decompress(packed).split(b"\0")
        return (
            firsts.split(b"\n") if firsts else [],
            [int(start) for start in starts.split(b",")],
            paths,
        )
