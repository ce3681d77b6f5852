# SPDX-License-Identifier: GPL-2.0-only
"""The numbers that constants of C stand for, and the rows of #defines that give names to them."""

from __future__ import annotations

import re
from collections.abc import Iterator

from zpmaint.port.calls import bare_of
from zpmaint.port.scopes import Source

_DEFINE = re.compile(r"(\s*#\s*define\s+)(\w+)\s+(\S.*?)\s*$")
_BIT = re.compile(r"\(?\s*(?:BIT(?:_ULL)?\s*\(\s*(\d+)\s*\)|1[uUlL]*\s*<<\s*(\d+))\s*\)?$")
_PLAIN = re.compile(r"\(?\s*(-?)\s*(0x[0-9a-fA-F]+|0[0-7]*|[1-9]\d*)[uUlL]*\s*\)?$")


def value(text: str) -> int | None:
    """The number that a constant stands for; None where it is none."""
    if bit := _BIT.match(text.strip()):
        shift = int(bit[1] or bit[2])
        return 1 << shift if shift < 64 else None
    plain = _PLAIN.match(text.strip())
    if plain is None:
        return None
    digits = plain[2]
    number = int(digits, 16 if digits.startswith("0x") else 8 if digits.startswith("0") else 10)
    return -number if plain[1] else number


def defined(line: str) -> tuple[str, str, int] | None:
    """Of a bare line how it begins (`#define `), the name and its number."""
    found = _DEFINE.match(line)
    number = value(found[3]) if found else None
    return (found[1].expandtabs(), found[2], number) if found and number is not None else None


def rows(source: Source) -> Iterator[dict[str, int]]:
    """The rows of #defines that stand together, remarks between them or not: by name the number.
    What is written further in (the bits below a register, say) is a row of its own."""
    open_: dict[str, dict[str, int]] = {}
    for line, plain in zip(source.lines, bare_of(source).split("\n"), strict=False):
        if told := defined(plain):
            open_.setdefault(told[0], {})[told[1]] = told[2]
        elif not line.strip() or (plain.strip() and not _DEFINE.match(plain)):
            yield from open_.values()
            open_ = {}
    yield from open_.values()
