# SPDX-License-Identifier: GPL-2.0-only
"""The patch undone in part, as a bug: for one function, and there for some faults only. Pure.

What a patch takes away no operator reaches, and yet a patch that works for most cases alone is the
likeliest slip of whoever carries it on. So a changed function becomes stock's again, with a
condition of stock's that the patch took away held to a property.
"""

from __future__ import annotations

from collections.abc import Iterator

from zpmaint.merge.align import align
from zpmaint.mutation.generated import Generated
from zpmaint.mutation.operators import Operators
from zpmaint.mutation.spots import names_used, spots
from zpmaint.port.scopes import Scope, source

KIND = "patch undone in part"
_OPERATOR = "undone"
_MAKES = ("({it}) && ({property})", "({it}) && !({property})", "({it}) || !({property})")


def undone(file: str, stock: bytes, patched: bytes, table: Operators) -> Iterator[Generated]:
    """The bugs of one file. Functions that the patch takes away come back with the one that may
    want them."""
    old, new = stock.splitlines(keepends=True), patched.splitlines(keepends=True)
    kept = {i for i, _ in align(old, new)}
    now = {s.name: s for s in source(patched).scopes if s.kind == "function"}
    was = [s for s in source(stock).scopes if s.kind == "function"]
    gone = b"".join(_text(old, s) + b"\n" for s in was if s.name not in now)
    for scope in was:
        target = now.get(scope.name)
        lines = {n for n in range(scope.start, scope.end) if n not in kept}
        if target is None or _text(old, scope) == _text(new, target):
            continue
        start = len(b"".join(new[: target.start]))
        end = start + len(_text(new, target))
        for text in _texts(_text(old, scope), {n - scope.start for n in lines}, table):
            put = gone + text
            yield Generated(file, scope.name, KIND, _OPERATOR, patched, start, end, put, start)


def _text(lines: list[bytes], scope: Scope) -> bytes:
    return b"".join(lines[scope.start : scope.end])


def _texts(function: bytes, taken: set[int], table: Operators) -> Iterator[bytes]:
    """Stock's function, whole, and with each condition of an if that was taken away, in no other
    such if, held to each property."""
    yield function
    used = names_used(function)
    over = 0
    for spot in spots(function, table.leaves_alone):
        if spot.over and spot.start >= over and function.count(b"\n", 0, spot.start) in taken:
            over = spot.over
            for one in table.properties(used):
                for make in _MAKES:
                    put = make.format(it=spot.it, property=one).encode()
                    yield function[: spot.start] + put + function[spot.end :]
