# SPDX-License-Identifier: GPL-2.0-only
"""The numbers of an enum's names: those that are written, and those that go on from them."""

from __future__ import annotations

import re
from collections.abc import Sequence

from zpmaint.port.calls import bare

_NAME = re.compile(r"\s*([A-Za-z_]\w*)\s*(?:=\s*(.*))?$", re.DOTALL)
_BIT = re.compile(r"\(?\s*(?:BIT(?:_ULL)?\s*\(\s*(\d+)\s*\)|1[uUlL]*\s*<<\s*(\d+))\s*\)?\s*$")
_DIRECTIVE = re.compile(r"^\s*#.*$", re.MULTILINE)


def numbered(lines: Sequence[str]) -> dict[str, int | None]:
    """By name the number, None where it cannot be told; nothing of what is no enum."""
    text = _DIRECTIVE.sub("", bare("".join(lines)))
    if "{" not in text:
        return {}
    body = text[text.index("{") + 1 : text.rindex("}") if "}" in text else None]
    found: dict[str, int | None] = {}
    last: int | None = -1
    for item in _items(body):
        told = _NAME.match(item)
        if told is None:
            last = None
            continue
        if told[2] is None:
            last = None if last is None else last + 1
        else:
            last = _number(told[2].strip(), found)
        found[told[1]] = last
    return found


def _items(body: str) -> list[str]:
    """What stands between the commas, those in brackets left alone."""
    items, depth, start = [], 0, 0
    for n, char in enumerate(body):
        if char in "([{":
            depth += 1
        elif char in ")]}":
            depth -= 1
        elif char == "," and not depth:
            items.append(body[start:n])
            start = n + 1
    items.append(body[start:])
    return [item for item in items if item.strip()]


def _number(text: str, known: dict[str, int | None]) -> int | None:
    if text in known:
        return known[text]
    if bit := _BIT.match(text):
        return 1 << min(int(bit[1] or bit[2]), 64)
    try:
        return int(text.rstrip("uUlL"), 0)
    except ValueError:
        return None
