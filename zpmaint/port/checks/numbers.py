# SPDX-License-Identifier: GPL-2.0-only
"""A number that a placement gives a name is not one that upstream has given another since.

Flag bits, commands, indices: two names for one number in one row are the kind of wrong that no
compiler sees.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

from zpmaint.port.calls import bare
from zpmaint.port.checks.brought import Brought
from zpmaint.port.enumerators import numbered
from zpmaint.port.scopes import Source

_DEFINE = re.compile(r"\s*#\s*define\s+(\w+)\s+(\S.*?)\s*$")
_INDEX = re.compile(r"\s*\[\s*(\w+)\s*\]\s*=")
_BIT = re.compile(r"\(?\s*(?:BIT(?:_ULL)?\s*\(\s*(\d+)\s*\)|1[uUlL]*\s*<<\s*(\d+))\s*\)?$")
_PLAIN = re.compile(r"\(?\s*(0x[0-9a-fA-F]+|0[0-7]*|[1-9]\d*)[uUlL]*\s*\)?$")
_GAP = 4
"""Lines without a number that a row of #defines may have between two of them."""


def value(text: str) -> int | None:
    """The number that a constant stands for; None where it is none."""
    if bit := _BIT.match(text.strip()):
        shift = int(bit[1] or bit[2])
        return 1 << shift if shift < 64 else None
    plain = _PLAIN.match(text.strip())
    if plain is None:
        return None
    digits = plain[1]
    return int(digits, 16 if digits.startswith("0x") else 8 if digits.startswith("0") else 10)


def check(own: Brought, result: Source) -> list[str]:
    """What collides with the numbers in a placement's lines."""
    return list(dict.fromkeys([*_rows(own, result), *_enums(own, result), *_entries(own)]))


def _rows(own: Brought, result: Source) -> Iterator[str]:
    """#define rows."""
    mine = {found[1] for line in own.lines if (found := _DEFINE.match(line))}
    if not mine or own.job.base is None:
        return
    before = dict(_defined(own.job.base))
    for row in _runs(result):
        for name in mine & row.keys():
            for other, number in row.items():
                if _collide(name, other, mine, row, before) and number == row[name]:
                    yield _said(name, number, other)


def _collide(
    name: str, other: str, mine: set[str], row: dict[str, int], before: dict[str, int]
) -> bool:
    """Whether two names of a row are of one family, and the other is upstream's new one."""
    new = other not in mine and before.get(other) != row[other]
    return new and name != other and _family(name) == _family(other) and row[name] > 0


def _family(name: str) -> str:
    return name.strip("_").split("_", 1)[0]


def _defined(source: Source) -> Iterator[tuple[str, int]]:
    for line in bare("".join(source.lines)).split("\n"):
        if (found := _DEFINE.match(line)) and (number := value(found[2])) is not None:
            yield found[1], number


def _runs(source: Source) -> Iterator[dict[str, int]]:
    """The rows of #defines with numbers that stand together."""
    row: dict[str, int] = {}
    gap = 0
    for line in bare("".join(source.lines)).split("\n"):
        found = _DEFINE.match(line)
        number = value(found[2]) if found else None
        if found and number is not None:
            row[found[1]] = number
            gap = 0
        elif line.strip() and not found:
            gap = _GAP + 1
        else:
            gap += bool(found)
        if gap > _GAP:
            if len(row) > 1:
                yield row
            row, gap = {}, 0
    if len(row) > 1:
        yield row


def _enums(own: Brought, result: Source) -> Iterator[str]:
    """The enum that a placement stands in: names with numbers of their own."""
    job = own.job
    scope = own.within
    if scope is None or scope.kind != "struct" or job.base is None:
        return
    twin = next(iter(result.same_scope(scope)), None)
    if twin is None or "enum" not in result.head_of(twin):
        return
    after = numbered(result.lines[twin.start : twin.end])
    home = next(iter(job.base.same_scope(scope)), None)
    known = numbered(job.base.lines[home.start : home.end]) if home else {}
    mine = {name for name in after if name not in known and _is_fresh(name, own)}
    for name in mine:
        for other, number in after.items():
            new = other not in mine and other not in known
            if new and number is not None and number == after[name]:
                yield _said(name, number, other)


def _is_fresh(name: str, own: Brought) -> bool:
    return any(re.match(rf"\s*{re.escape(name)}\b", line) for line in own.lines)


def _entries(own: Brought) -> Iterator[str]:
    """`[index] =` of a table that upstream has filled since."""
    job = own.job
    scope = own.within
    if scope is None or job.home is None or job.base is None or scope.kind != "table":
        return
    now = _indices(job.target.lines[scope.start : scope.end])
    was = _indices(job.base.lines[job.home.start : job.home.end])
    for name in sorted(_indices(own.lines) & now - was):
        yield f"[{name}] has an entry in the target already"


def _indices(lines: Sequence[str]) -> set[str]:
    return {found[1] for line in lines if (found := _INDEX.match(line))}


def _said(name: str, number: int, other: str) -> str:
    return f"{name} would be {number:#x}, as {other} of the target is by now"
