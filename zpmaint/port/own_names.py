# SPDX-License-Identifier: GPL-2.0-only
"""The names that a patch itself brings into being: no tree has to have them before it."""

from __future__ import annotations

import re
from collections.abc import Iterable
from functools import lru_cache

from zpmaint.port.outlines import language
from zpmaint.port.parsed import files_of
from zpmaint.port.scopes import fragment

_STATEMENT = re.compile(r"\s*(?:return|goto|case|else|break|continue|delete|throw)\b")
"""What a name behind it does not define, though `return x;` looks as `int x;` does."""
_SYMBOL = re.compile(r"\s*(?:menu)?config\s+(\w+)")


@lru_cache(maxsize=64)
def of_patch(patch: str) -> frozenset[str]:
    """The functions, variables, members, macros, types, enumerators and config symbols that lines
    of a patch define, as far as lines show it."""
    added = (
        (file.path, [line.value for hunk in file for line in hunk if line.is_added])
        for file in files_of(patch)
    )
    return of_lines(added)


def of_lines(added: Iterable[tuple[str, list[str]]]) -> frozenset[str]:
    """The same of the lines that are added to some files."""
    found: set[str] = set()
    for path, lines in added:
        tongue = language(path)
        if tongue == "kconfig":
            symbols = [match[1] for line in lines if (match := _SYMBOL.match(line))]
            found.update(symbols, (f"CONFIG_{name}" for name in symbols))
        elif tongue == "c":
            told = [line for line in lines if not _STATEMENT.match(line)]
            found |= fragment(told, tongue).defines
    return frozenset(found)
