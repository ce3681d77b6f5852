# SPDX-License-Identifier: GPL-2.0-only
"""An index into a table of the file means the row there that the patch means.

A patch that adds rows to a table and speaks of them by number, `&table[68]`, has counted the rows
of its own base.
"""

from __future__ import annotations

import re

from zpmaint.merge.lines import squeezed
from zpmaint.port.calls import bare
from zpmaint.port.checks.brought import Brought
from zpmaint.port.scopes import Source

_INDEXED = re.compile(r"(?<![\w.>])([A-Za-z_]\w*)\s*\[\s*(\d+)\s*\]")
_ROW = re.compile(r"\s*\{")


def check(own: Brought, result: Source) -> list[str]:
    """The indices that mean another row in the target."""
    after = own.job.after
    if after is None:
        return []
    found = []
    for line in own.lines:
        for name, index in _INDEXED.findall(line):
            wanted, there = _rows(after, name), _rows(result, name)
            n = int(index)
            if not wanted or not there or n >= len(wanted):
                continue
            if wanted[n] not in there or (n < len(there) and there[n] == wanted[n]):
                continue
            found.append(
                f"{name}[{n}] is another row in the target: what the patch means is "
                f"{name}[{there.index(wanted[n])}] there"
            )
    return list(dict.fromkeys(found))


def _rows(source: Source, name: str) -> list[str]:
    """The rows of a table, squeezed; none where it does not have a row a line, in order."""
    tables = [s for s in source.scopes if s.kind == "table" and s.name == name]
    if len(tables) != 1:
        return []
    lines = source.lines[tables[0].start : tables[0].end]
    text = bare("".join(lines)).split("\n")[1:]
    if any("=" in line or line.lstrip().startswith("#") for line in text):
        return []
    told = [_said(*row) for row in zip(lines[1:], text, strict=False) if _ROW.match(row[1])]
    return told if sum(line.count("{") for line in text) == len(told) else []


def _said(line: str, code: str) -> str:
    """A row without its comments, which often count the rows."""
    return squeezed("".join(a for a, b in zip(line, code, strict=False) if a == b or b != " "))
