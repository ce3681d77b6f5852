# SPDX-License-Identifier: GPL-2.0-only
"""Scripts (Python, shell, Perl, awk): functions, by indentation or by braces in column one."""

from __future__ import annotations

import re

from zpmaint.port.outlines.found import Found, trimmed, width

_DEF = re.compile(r"(\s*)(?:async\s+)?(def|class)\s+(\w+)[^\n]*")
_BRACED = re.compile(
    r"(?:sub\s+([\w:]+)|(?:function\s+)?([A-Za-z_][\w-]*)\s*\(\s*\)|function\s+(\w+))"
)


def scopes(lines: list[str]) -> list[Found]:
    """The functions; methods by themselves, with their class in the name."""
    if any(_DEF.match(line) and line.rstrip().endswith((":", ",", "(")) for line in lines):
        return _indented(lines)
    return _braced(lines)


def _indented(lines: list[str]) -> list[Found]:
    found: list[Found] = []
    classes: list[tuple[int, str]] = []
    n = 0
    while n < len(lines):
        named = _DEF.match(lines[n])
        if named is None:
            n += 1
            continue
        deep = width(lines[n])
        classes = [(at, name) for at, name in classes if at < deep]
        if named[2] == "class":
            classes.append((deep, named[3]))
            n += 1
            continue
        end = n + 1
        while end < len(lines) and (
            not lines[end].strip() or width(lines[end]) > deep or lines[end].lstrip()[0] in ")]"
        ):
            end += 1
        name = ".".join([*(name for _, name in classes), named[3]])
        found.append(("function", name, n, trimmed(lines, n, end)))
        n = end
    return found


def _braced(lines: list[str]) -> list[Found]:
    found: list[Found] = []
    n = 0
    while n < len(lines):
        named = _BRACED.match(lines[n])
        opened = named is not None and any("{" in line for line in lines[n : n + 2])
        if named is None or not opened:
            n += 1
            continue
        end = n + 1
        while end < len(lines) and not lines[end].startswith(("}", ")")):
            end += 1
        if end == len(lines):
            n += 1
            continue
        found.append(("function", next(filter(None, named.groups())), n, end + 1))
        n = end + 1
    return found
