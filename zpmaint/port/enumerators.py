# SPDX-License-Identifier: GPL-2.0-only
"""The numbers of an enum's names: those that are written, and those that go on from them."""

from __future__ import annotations

import re
from collections.abc import Sequence

from zpmaint.port.calls import bare
from zpmaint.port.constants import value

_NAME = re.compile(r"\s*([A-Za-z_]\w*)\s*(?:=\s*(.*))?$", re.DOTALL)
_COUNTS = re.compile(
    r"(?:^|_)(?:MAX|LAST|NUM|NR|COUNT|CNT|END|SIZE|AFTER|TOTAL|NUMBER|INVALID)(?:_|$)"
)
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
            text = told[2].strip()
            last = found[text] if text in found else value(text)
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


def only_counts(name: str) -> bool:
    """Whether a name says how many there are, or where they end."""
    return bool(_COUNTS.search(name))
