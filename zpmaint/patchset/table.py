# SPDX-License-Identifier: GPL-2.0-only
"""Writing patch.toml: an anchor more, and every comment and other line kept as it is. Pure."""

from __future__ import annotations

import json
import re
import tomllib
from collections.abc import Sequence
from typing import Any

from zpmaint.core.eras import Era
from zpmaint.core.errors import UserError
from zpmaint.patchset.schema import anchor_name
from zpmaint.patchset.values import Anchor

_HEADER = re.compile(r"\s*\[")
_QUOTES = re.compile(r'"""|\'\'\'')
_BY_HAND = 'add it by hand: [[anchor]] file = "vX.Y.patch", version and base = "X.Y", why = "..."'


def with_anchor(text: str, fresh: Anchor, former: str, former_era: Era) -> str:
    """The text of a patch.toml with the anchor `fresh` right after the one named `former`, whose
    era becomes `former_era`. Raises UserError where the text is not laid out so that this can be
    done without touching anything else; it is read again to be sure."""
    rows = tomllib.loads(text)
    at = next(n for n, row in enumerate(rows["anchor"]) if anchor_name(row["file"]) == former)
    new = _row(fresh)
    lines = text.splitlines(keepends=True)
    start, end = _block(lines, at)
    block = _bounded(lines[start:end], former_era)
    added = ["\n", "[[anchor]]\n", *(f"{key} = {quoted(value)}\n" for key, value in new.items())]
    result = "".join([*lines[:start], *block, *added, *lines[end:]])
    wanted = {**rows, "anchor": list(rows["anchor"])}
    wanted["anchor"][at] = _with_era(rows["anchor"][at], former_era)
    wanted["anchor"].insert(at + 1, new)
    try:
        right = tomllib.loads(result) == wanted
    except tomllib.TOMLDecodeError:
        right = False
    if not right:
        raise UserError("patch.toml is laid out in a way that no line can be added to", _BY_HAND)
    return result


def _row(anchor: Anchor) -> dict[str, str]:
    head = {
        "file": f"{anchor.name}.patch" if anchor.is_single else anchor.name,
        "version": str(anchor.version),
        "base": str(anchor.base),
    }
    return {**head, **_bounds(anchor.era), "why": anchor.why}


def _bounds(era: Era) -> dict[str, str]:
    pairs = (("since", era.since), ("until", era.until))
    return {key: str(version) for key, version in pairs if version is not None}


def _with_era(row: dict[str, Any], era: Era) -> dict[str, Any]:
    return {k: v for k, v in row.items() if k not in ("since", "until")} | _bounds(era)


def quoted(value: str) -> str:
    """A TOML basic string: JSON's escapes are TOML's."""
    return json.dumps(value, ensure_ascii=False).replace("\x7f", "\\u007f")


def _block(lines: Sequence[str], wanted: int) -> tuple[int, int]:
    """The lines [start, end) of the anchor table number `wanted`, from its header to its last
    value; comments behind that belong to what follows."""
    start = end = -1
    inside, seen = "", -1
    for n, line in enumerate(lines):
        if not inside and _HEADER.match(line):
            if start >= 0:
                break
            seen += line.split("#")[0].strip().replace(" ", "") == "[[anchor]]"
            if seen == wanted:
                start = n
        plain = not inside and (not line.strip() or line.lstrip().startswith("#"))
        for quotes in _QUOTES.findall(line) if not plain else ():
            inside = "" if inside == quotes else inside or quotes
        if start >= 0 and not plain:
            end = n + 1
    return start, end


def _bounded(block: Sequence[str], era: Era) -> list[str]:
    """The block with its era's bounds set; what is as it should be is left alone."""
    lines = list(block)
    bounds = _bounds(era)
    for key in ("until", "since"):
        at = next((n for n, line in enumerate(lines) if re.match(rf"{key}\s*=", line)), None)
        value = bounds.get(key)
        if at is not None and value is not None:
            lines[at] = re.sub(r'=\s*"[^"]*"', f'= "{value}"', lines[at], count=1)
        elif at is not None:
            del lines[at]
        elif value is not None:
            base = next((n for n, line in enumerate(lines) if re.match(r"base\s*=", line)), -1)
            lines.insert(base + 1, f'{key} = "{value}"\n')
    return lines
