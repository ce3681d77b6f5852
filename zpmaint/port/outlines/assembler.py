# SPDX-License-Identifier: GPL-2.0-only
"""Assembler: functions by their START and END marks, macros, and what stands under a label."""

from __future__ import annotations

import re

from zpmaint.port.outlines.found import Found, trimmed

_START = re.compile(
    r"\s*(?:SYM_\w*START\w*|ENTRY|GLOBAL|WEAK|NESTED|LEAF|FEXPORT|_GLOBAL(?:_TOC)?|ENTRY_CFI)"
    r"\s*\(\s*(\w+)"
)
_END = re.compile(r"\s*(?:SYM_\w*END\w*|END|ENDPROC|ENDPROC_CFI|ENDDATA)\s*\(\s*(\w+)")
_MACRO = re.compile(r"\s*\.macro\s+(\w+)")
_ENDM = re.compile(r"\s*\.endm\b")
_DEFINE = re.compile(r"\s*#\s*define\s+(\w+)")
_LABEL = re.compile(r"([A-Za-z_]\w*):")


def scopes(lines: list[str]) -> list[Found]:
    """Marked functions and macros; labels outside of them."""
    found: list[Found] = []
    n = 0
    while n < len(lines):
        line = lines[n]
        if macro := _MACRO.match(line):
            end = _until(lines, n, _ENDM)
            found.append(("macro", macro[1], n, end))
        elif define := _DEFINE.match(line):
            end = n + 1
            while end < len(lines) and lines[end - 1].rstrip("\r\n").endswith("\\"):
                end += 1
            if end - n > 1:
                found.append(("macro", define[1], n, end))
        elif start := _START.match(line):
            end = _function(lines, n, start[1])
            found.append(("function", start[1], n, end))
        elif label := _LABEL.match(line):
            end = n + 1
            while end < len(lines) and not _opens(lines[end]):
                end += 1
            end = trimmed(lines, n, end)
            found.append(("label", label[1], n, end))
        else:
            end = n + 1
        n = end
    return found


def _opens(line: str) -> bool:
    return any(kind.match(line) for kind in (_MACRO, _START, _LABEL))


def _until(lines: list[str], n: int, what: re.Pattern[str]) -> int:
    while n < len(lines) and not what.match(lines[n]):
        n += 1
    return min(n + 1, len(lines))


def _function(lines: list[str], n: int, name: str) -> int:
    """The line after a function's END mark; without one it ends where another begins."""
    for end in range(n + 1, len(lines)):
        closed = _END.match(lines[end])
        if closed is not None and closed[1] == name:
            return end + 1
        if _START.match(lines[end]):
            return trimmed(lines, n, end)
    return trimmed(lines, n, len(lines))
