# SPDX-License-Identifier: GPL-2.0-only
"""Loops that macros open, made such that a parser of C can read them. Pure.

The kernel's C has hundreds of macros like list_for_each_entry(pos, head, member) and
scoped_guard(...), each followed by a statement (its .clang-format lists them as ForEachMacros).
Without the preprocessor that is a call with no semicolon behind it: the parser reads the statement
after it as a declaration, or loses its way, and how badly depends on what the loop holds.
"""

from __future__ import annotations

import re

_OPENED = re.compile(
    # Where a statement begins: on an indented line of its own, behind another or a body.
    rb"(?:^[ \t]+|[;{})][ \t]*|\b(?:else|do)[ \t]+)"
    rb"(\w*(?:for_|foreach)\w*|do_each_\w+|scoped_\w+)[ \t]*\(",
    re.MULTILINE,
)
_BODY = re.compile(
    rb"\s*(?:/\*.*?\*/\s*|//[^\n]*\n\s*)*(?:[A-Za-z_{#(]|\*[\w(*]|\+\+|--)", re.DOTALL
)
"""What a statement begins with: not the end of this one, and no operator that goes on with it."""
_FUNCTION = re.compile(rb"\s*\n\{")
"""A body in column one: it is a function's, whose head began in the line before."""
_FARTHEST = 600
"""Bytes within which the parentheses of such a macro close."""


def readable(data: bytes) -> bytes:
    """A text of C with `while` in the place of each macro that opens a loop: as long, with the same
    lines and columns, and with all that the macro was given."""
    made = bytearray(data)
    for found in _OPENED.finditer(data):
        end = _closed(data, found.end())
        if end and _BODY.match(data, end) and not _FUNCTION.match(data, end):
            start, stop = found.span(1)
            made[start:stop] = b"while".ljust(stop - start)
    return bytes(made)


def _closed(data: bytes, start: int) -> int:
    """Behind the parenthesis that closes the one that ends at `start`; 0: it is not near."""
    depth = 1
    for at in range(start, min(len(data), start + _FARTHEST)):
        if data[at] == 0x28:
            depth += 1
        elif data[at] == 0x29:
            depth -= 1
            if not depth:
                return at + 1
    return 0
