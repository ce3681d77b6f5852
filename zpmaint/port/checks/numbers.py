# SPDX-License-Identifier: GPL-2.0-only
"""A number that a placement gives a name is not one that upstream has given another since.

Flag bits, commands, indices: two names for one number in one row are the kind of wrong that no
compiler sees.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

from zpmaint.port.checks.brought import Brought
from zpmaint.port.constants import defined, rows
from zpmaint.port.enumerators import numbered, only_counts
from zpmaint.port.scopes import Source

_INDEX = re.compile(r"\s*\[\s*(\w+)\s*\]\s*=")


def check(own: Brought, result: Source) -> list[str]:
    """What collides with the numbers in a placement's lines."""
    return list(dict.fromkeys([*_rows(own, result), *_enums(own, result), *_entries(own)]))


def _rows(own: Brought, result: Source) -> Iterator[str]:
    """Rows of #defines."""
    mine = {told[1] for line in own.lines if (told := defined(line))}
    base, after = own.job.base, own.job.after
    if not mine or base is None or after is None:
        return
    before = {name: number for row in rows(base) for name, number in row.items()}
    alone = {name: row for row in rows(after) for name in row if _is_unique(name, row)}
    for row in rows(result):
        for name in sorted(mine & row.keys() & alone.keys()):
            for other, number in row.items():
                new = other not in mine and before.get(other) != number
                if new and number == row[name] and _family(name) == _family(other):
                    yield _said(name, number, other)


def _is_unique(name: str, row: dict[str, int]) -> bool:
    """Whether the patch's own row has no number twice among the names that begin alike: where it
    has, one number for two names is nothing wrong there."""
    numbers = [number for other, number in row.items() if _family(other) == _family(name)]
    return row[name] != 0 and len(numbers) == len(set(numbers)) > 1


def _family(name: str) -> str:
    return name.strip("_").split("_", 1)[0]


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
    for name in sorted(name for name in mine if not only_counts(name)):
        for other, number in after.items():
            new = other not in mine and other not in known and not only_counts(other)
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
