# SPDX-License-Identifier: GPL-2.0-only
"""Sources as lines: split so that joining gives every byte back.

Only the line feed ends a line. str.splitlines would also split at form feeds and at the Unicode
separators that kernel sources carry inside lines.
"""

from __future__ import annotations

from collections.abc import Iterable
from functools import lru_cache

from zpmaint.core.text import to_bytes, to_text


def split_lines(text: str) -> list[str]:
    """Lines with their line feeds; the last may lack one. ''.join gives the text back."""
    parts = text.split("\n")
    lines = [part + "\n" for part in parts[:-1]]
    if parts[-1]:
        lines.append(parts[-1])
    return lines


def lines_of(data: bytes) -> list[str]:
    """The lines of a blob, bytes that are no UTF-8 as surrogate escapes."""
    return split_lines(to_text(data))


def join(lines: Iterable[str]) -> bytes:
    """The blob of some lines: the inverse of `lines_of`."""
    return to_bytes("".join(lines))


def body(line: str) -> str:
    """A line without its end (LF or CRLF)."""
    return line.rstrip("\r\n")


def ending(line: str) -> str:
    """A line's end: LF, CRLF, or '' at the end of a file."""
    return line[len(body(line)) :]


def indentation(line: str) -> str:
    """A line's leading blanks and tabs."""
    text = body(line)
    return text[: len(text) - len(text.lstrip(" \t"))]


@lru_cache(maxsize=65536)
def squeezed(line: str) -> str:
    """A line with its indentation off and inner white space as single blanks.

    Two lines that are equal so are the same code, however far it is indented.
    """
    return " ".join(line.split())
