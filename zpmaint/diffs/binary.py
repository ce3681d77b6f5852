# SPDX-License-Identifier: GPL-2.0-only
"""git's binary changes: a file whole (literal) or as a delta against the file before."""

from __future__ import annotations

import base64
import re
import zlib
from collections.abc import Sequence

LIMIT = 64 << 20
"""Bytes that a binary file, or a delta, may have; the largest of a kernel has under one million."""
_CHUNK = re.compile(r"(literal|delta) ([0-9]{1,12})\s*$")


def after(lines: Sequence[str], before: bytes | None) -> bytes | str:
    """What a `GIT binary patch` makes of a file; why it cannot be told.

    The lines hold the way forth and mostly the way back: a file from which the way back does not
    lead to `before` is not the one that the patch was cut from.
    """
    chunks = _chunks(lines)
    if not chunks:
        return "the patch does not hold the binary contents"
    try:
        made = _applied(*chunks[0], before or b"")
        if len(chunks) > 1 and _applied(*chunks[1], made) != (before or b""):
            return "the file is another one than the binary change was made for"
    except _TooLargeError:
        return f"a binary file of more than {LIMIT >> 20} MB"
    except (ValueError, IndexError, zlib.error):
        if chunks[0][0] == "delta":
            return "the file is another one than the binary change was made for"
        return "the binary contents are damaged"
    if len(chunks) < 2 and before:
        return "the patch does not say which binary file it was made for"
    return made


def _chunks(lines: Sequence[str]) -> list[tuple[str, int, list[str]]]:
    found: list[tuple[str, int, list[str]]] = []
    for line in lines:
        if head := _CHUNK.match(line):
            found.append((head[1], int(head[2]), []))
        elif found and line.strip():
            found[-1][2].append(line.rstrip("\r\n"))
    return found


class _TooLargeError(ValueError):
    """What is declared is more than `LIMIT`."""


def _applied(kind: str, size: int, rows: Sequence[str], before: bytes) -> bytes:
    """Raises ValueError, IndexError or zlib.error for what is damaged or does not fit."""
    if size > LIMIT:
        raise _TooLargeError
    packed = bytearray()
    for row in rows:
        mark = row[0]
        length = ord(mark) - ord("A") + 1 if mark.isupper() else ord(mark) - ord("a") + 27
        packed += base64.b85decode(row[1:])[:length]
    # No more than is declared is unpacked.
    data = zlib.decompressobj().decompress(bytes(packed), size + 1)
    if len(data) != size:
        raise ValueError("another length")
    return data if kind == "literal" else _delta(data, before)


def _delta(delta: bytes, before: bytes) -> bytes:
    """git's pack delta: two lengths, then pieces copied from before or given."""
    at = 0

    def number() -> int:
        nonlocal at
        value = shift = 0
        while True:
            byte = delta[at]
            at += 1
            value |= (byte & 0x7F) << shift
            shift += 7
            if not byte & 0x80:
                return value

    if number() != len(before):
        raise ValueError("another file")
    length = number()
    if length > LIMIT:
        raise _TooLargeError
    out = bytearray()
    while at < len(delta) and len(out) <= length:
        order = delta[at]
        at += 1
        if order & 0x80:
            places = []
            for bit in range(7):
                if order & 1 << bit:
                    places.append(delta[at])
                    at += 1
                else:
                    places.append(0)
            start = int.from_bytes(bytes(places[:4]), "little")
            size = int.from_bytes(bytes(places[4:]), "little") or 0x10000
            out += before[start : start + size]
        elif order:
            out += delta[at : at + order]
            at += order
        else:
            raise ValueError("a reserved order")
    if len(out) != length:
        raise ValueError("another length")
    return bytes(out)
