# SPDX-License-Identifier: GPL-2.0-only
"""Bugs that nobody listed: each operator at each place of a function that it fits. Pure."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property

from zpmaint.mutation.aim import Aimed
from zpmaint.mutation.operators import Operator, Operators
from zpmaint.mutation.spots import Spot, names_used, spots

_AROUND = 3  # lines of context


@dataclass(frozen=True)
class Generated:
    """One bug to plant: some bytes of one file, and what stands there instead."""

    file: str
    function: str
    kind: str
    operator: str
    source: bytes
    """The file without it."""
    start: int
    end: int
    """Bytes [start, end) of the file."""
    text: bytes
    origin: int = 0
    """Where the function begins, so that what stands above it does not change its name."""

    @cached_property
    def name(self) -> str:
        """The same for the same slip at the same place of the same function."""
        was = self.source[self.start : self.end]
        place = (self.file, self.function, str(self.start - self.origin))
        seen = b"\0".join((*map(str.encode, place), was, self.text))
        return "g" + hashlib.sha256(seen).hexdigest()[:10]

    @property
    def line(self) -> int:
        """The line that it begins in, counted from 1."""
        return self.source.count(b"\n", 0, self.start) + 1

    @property
    def lines(self) -> range:
        """The lines that it changes, counted from 0."""
        return range(self.line - 1, self.source.count(b"\n", 0, max(self.start, self.end - 1)) + 1)

    @property
    def result(self) -> bytes:
        """The file with it. It has as many lines as without, where that can be: the numbers of the
        lines below are compiled into a kernel (WARN_ON), and would make another kernel of it."""
        missing = self.source.count(b"\n", self.start, self.end) - self.text.count(b"\n")
        padded = self.text + b"\n" * max(missing, 0)
        return self.source[: self.start] + padded + self.source[self.end :]

    @cached_property
    def diff(self) -> str:
        """As a unified diff."""
        old, new = (
            data.decode("utf-8", "replace").splitlines(keepends=True)
            for data in (self.source, self.result)
        )
        first = next((n for n, (a, b) in enumerate(zip(old, new, strict=False)) if a != b), 0)
        same = 0
        while same < min(len(old), len(new)) - first and old[-1 - same] == new[-1 - same]:
            same += 1
        start, end = max(0, first - _AROUND), min(len(old), len(old) - same + _AROUND)
        length = len(new) - len(old) + end - start
        return "".join(
            (
                f"--- a/{self.file}\n+++ b/{self.file}\n",
                f"@@ -{start + 1},{end - start} +{start + 1},{length} @@ {self.function}\n",
                *(f" {line}" for line in old[start:first]),
                *(f"-{line}" for line in old[first : len(old) - same]),
                *(f"+{line}" for line in new[first : len(new) - same]),
                *(f" {line}" for line in old[len(old) - same : end]),
            )
        )

    @property
    def changed(self) -> tuple[str, ...]:
        """The lines of the diff that are not context, blanks made one: what an argument about it
        names."""
        rows = self.diff.splitlines()[3:]
        return tuple(squeezed(row) for row in rows if row[0] in "+-" and row[1:].strip())


def squeezed(row: str) -> str:
    """A changed line of a diff, with its blanks made one."""
    return row[0] + " ".join(row[1:].split())


def generated(at: Aimed, table: Operators) -> Iterator[Generated]:
    """The bugs of one function. Of two operators that make the same of a place the first of the
    table has it."""
    text = at.source[at.start : at.end]
    used = names_used(text)
    found = list(spots(text, table.leaves_alone))
    seen: set[tuple[int, int, bytes]] = set()
    for operator in table.operator:
        for spot in found:
            if spot.at != operator.at or not operator.takes(spot.name):
                continue
            for put in _texts(operator, spot, table, used):
                row = (spot.start, spot.end, put.encode())
                if row in seen or row[2] == text[spot.start : spot.end]:
                    continue
                seen.add(row)
                yield Generated(
                    at.file,
                    at.name,
                    operator.kind,
                    operator.name,
                    at.source,
                    at.start + spot.start,
                    at.start + spot.end,
                    row[2],
                    at.start,
                )


def _texts(operator: Operator, spot: Spot, table: Operators, used: frozenset[str]) -> Iterator[str]:
    if operator.at == "token":
        if (other := operator.swap.get(spot.it)) is not None:
            yield other
        return
    if operator.at == "flags" and not (spot.left.isupper() or spot.right.isupper()):
        return
    for make in operator.make:
        words = {"it": spot.it, "left": spot.left, "right": spot.right}
        if "{property}" in make:
            rows = [{"property": one} for one in table.properties(used)]
        elif "{other}" in make:
            rows = [{"other": one} for one in table.others(spot.it)]
        else:
            rows = [{}]
        for row in rows:
            yield make.format(**words, **row)
