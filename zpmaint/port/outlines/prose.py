# SPDX-License-Identifier: GPL-2.0-only
"""Documentation: sections by their underlined titles, parameters by their indentation."""

from __future__ import annotations

import re
from itertools import pairwise

from zpmaint.port.outlines.found import Found, trimmed, width

_RULE = re.compile(r"([=\-~^\"'`#*+.:_])\1{2,}\s*$")
_PARAMETER = re.compile(r"\t([\w.,*/-]+)(?:=|\s*\[|\s*$)")


def scopes(lines: list[str]) -> list[Found]:
    """Sections; where the text has none, its entries: a line at one tab, all below it deeper."""
    titles = _titles(lines)
    entries = _entries(lines)
    if len(entries) > 2 * len(titles):
        return entries
    return [
        ("section", name, n, trimmed(lines, n, end))
        for (n, name), (end, _) in pairwise([*titles, (len(lines), "")])
    ]


def _titles(lines: list[str]) -> list[tuple[int, str]]:
    found = []
    for n in range(1, len(lines)):
        title = lines[n - 1].strip()
        if not title or lines[n - 1][0] in " \t" or not _RULE.match(lines[n]):
            continue
        if _RULE.match(lines[n - 1]) or len(lines[n].strip()) < min(len(title), 4):
            continue
        over = n >= 2 and _RULE.match(lines[n - 2]) and lines[n - 2].strip() == lines[n].strip()
        found.append((n - 2 if over else n - 1, title))
    return found


def _entries(lines: list[str]) -> list[Found]:
    starts = [
        (n, named[1])
        for n, line in enumerate(lines)
        if (named := _PARAMETER.match(line))
        # The second of two names for one thing stands right below the first.
        and not (n and _PARAMETER.match(lines[n - 1]))
    ]
    found: list[Found] = []
    for (n, name), (stop, _) in pairwise([*starts, (len(lines), "")]):
        end = n + 1
        while end < stop and (_is_below(lines[end]) or _PARAMETER.match(lines[end])):
            end += 1
        end = trimmed(lines, n, end)
        if end - n > 1:
            found.append(("parameter", name, n, end))
    return found


def _is_below(line: str) -> bool:
    return not line.strip() or width(line) > 8
