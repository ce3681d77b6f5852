# SPDX-License-Identifier: GPL-2.0-only
"""Which functions bugs are made in: where the patch is, what that calls, what a list names. Pure.

A function's ring says how near it is to the patch; sample.py draws from the rings in turn.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from enum import IntEnum
from fnmatch import fnmatchcase
from itertools import pairwise

from zpmaint.merge.align import align
from zpmaint.mutation.spots import calls
from zpmaint.port.scopes import Scope, source

Read = Callable[[str], bytes | None]
"""A file of the patched kernel by its path; None where there is none."""


class Ring(IntEnum):
    """How near to the patch."""

    OWN = 0
    """A line that the patch brings, or that stands beside one that it takes away."""
    AROUND = 1
    """Elsewhere in a function that the patch changes."""
    CALLED = 2
    """In a function of a touched file that one of those calls."""
    NAMED = 3
    """In a function that the set's list names."""


@dataclass(frozen=True)
class Named:
    """A row of a set's list."""

    file: str
    functions: tuple[str, ...]
    """Globs."""


@dataclass(frozen=True)
class Aimed:
    """A function to make bugs in."""

    file: str
    name: str
    source: bytes
    """The file, patched."""
    start: int
    end: int
    """Bytes [start, end) of the file."""
    ring: Ring


def own_lines(stock: bytes | None, patched: bytes) -> frozenset[int]:
    """The lines of `patched`, counted from 0, that the patch brings, and those on both sides of
    what it takes away; blank ones and single brackets are none."""
    new = patched.splitlines()
    old = (stock or b"").splitlines()
    pairs = [(-1, -1), *align(old, new), (len(old), len(new))]
    found: set[int] = set()
    for (a, c), (b, d) in pairwise(pairs):
        if b - a == 1 and d - c == 1:
            continue
        found.update(range(c + 1, d))
        if d - c == 1:  # only taken away
            found.update(_seam(new, c, -1))
            found.update(_seam(new, d, 1))
    return frozenset(n for n in found if 0 <= n < len(new) and _says(new[n]))


def _seam(lines: Sequence[bytes], at: int, step: int) -> Iterable[int]:
    """The nearest line that says something."""
    while 0 <= at < len(lines):
        if _says(lines[at]):
            return [at]
        at += step
    return []


def _says(line: bytes) -> bool:
    text = line.strip()
    return bool(text.strip(b"{}();")) and not text.startswith((b"/*", b"*", b"//"))


def aim(
    read: Read,
    own: Mapping[str, frozenset[int]],
    named: Sequence[Named] = (),
    globs: Sequence[str] = (),
) -> tuple[Aimed, ...]:
    """The functions, nearest first. `own` are by touched file its lines that are the patch's;
    `globs` leave only functions of such names."""
    found: dict[tuple[str, int], Aimed] = {}
    scopes = {file: _functions(read(file)) for file in own}

    def add(file: str, data: bytes, scope: Scope, ring: Ring) -> None:
        if globs and not any(fnmatchcase(scope.name, glob) for glob in globs):
            return
        starts = _starts(data)
        row = Aimed(file, scope.name, data, starts[scope.start], starts[scope.end], ring)
        found.setdefault((file, scope.start), row)

    called: set[str] = set()
    for file, (data, there) in scopes.items():
        for scope in there:
            if own[file] & {*range(scope.start, scope.end)}:
                add(file, data, scope, Ring.AROUND)
                called |= calls(_text(data, scope))
    for file, (data, there) in scopes.items():
        for scope in there:
            if scope.name in called:
                add(file, data, scope, Ring.CALLED)
    for row in named:
        data, there = _functions(read(row.file))
        for scope in there:
            if any(fnmatchcase(scope.name, glob) for glob in row.functions):
                add(row.file, data, scope, Ring.NAMED)
    return tuple(sorted(found.values(), key=lambda one: (one.ring, one.file, one.start)))


def _functions(data: bytes | None) -> tuple[bytes, list[Scope]]:
    if data is None:
        return b"", []
    return data, [scope for scope in source(data).scopes if scope.kind == "function"]


def _starts(data: bytes) -> list[int]:
    starts = [0]
    for line in data.splitlines(keepends=True):
        starts.append(starts[-1] + len(line))
    return starts


def _text(data: bytes, scope: Scope) -> bytes:
    starts = _starts(data)
    return data[starts[scope.start] : starts[scope.end]]
