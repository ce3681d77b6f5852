# SPDX-License-Identifier: GPL-2.0-only
"""MAINTAINERS and its like: entries with a title, parted by empty lines."""

from __future__ import annotations

import re

from zpmaint.port.outlines.found import Found

_FIELD = re.compile(r"[A-Z]:\s")


def scopes(lines: list[str]) -> list[Found]:
    """The entries that have fields below their title."""
    found: list[Found] = []
    start = 0
    for n in range(len(lines) + 1):
        if n < len(lines) and lines[n].strip():
            continue
        named = n - start > 1 and not _FIELD.match(lines[start])
        if named and any(_FIELD.match(line) for line in lines[start + 1 : n]):
            found.append(("entry", lines[start].strip(), start, n))
        start = n + 1
    return found
