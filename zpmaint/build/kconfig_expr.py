# SPDX-License-Identifier: GPL-2.0-only
"""The expressions of Kconfig: what a symbol depends on. Pure.

Three values are known of an expression: true, false, and neither, where it asks for what only
kconfig itself can tell: a compiler's option, a string, a number.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import lru_cache

_TOKEN = re.compile(
    r"""\s*(?: (?P<macro>\$\((?:[^()]|\([^()]*\))*\)) | (?P<op>&&|\|\||!=|<=|>=|[()!=<>])
    | (?P<text>"(?:\\.|[^"\\])*"|'[^']*') | (?P<name>[\w./-]+) )""",
    re.VERBOSE,
)
_MOST = 200
"""Expressions that all have to be true; kernels have no 40."""
_DEEPEST = 50
"""Brackets and negations within one another; kernels have no 10."""
_COMPARED = ("=", "!=", "<", ">", "<=", ">=")


@dataclass(frozen=True)
class Expr:
    """`kind` is one of and, or, not, symbol, compare, unknown."""

    kind: str
    parts: tuple[Expr, ...] = ()
    name: str = ""
    value: str = ""
    """Of a comparison: what `name` is to be, y, m or n."""

    def holds(self, values: Mapping[str, str]) -> bool | None:
        """Whether it is true where the symbols have `values` (those that are off are missing)."""
        match self.kind:
            case "symbol":
                name = "MODULES" if self.name == "m" else self.name
                return name == "y" or values.get(name, "n") in ("y", "m")
            case "compare":
                return values.get(self.name, "n") == self.value
            case "not":
                inner = self.parts[0].holds(values)
                return None if inner is None else not inner
            case "and" | "or":
                seen = [part.holds(values) for part in self.parts]
                decisive = self.kind == "or"
                if decisive in seen:
                    return decisive
                return None if None in seen else not decisive
        return None


ALWAYS = Expr("and")
UNKNOWN = Expr("unknown")


def both(*parts: Expr) -> Expr:
    """All of them; of more than any kernel asks for, the first and UNKNOWN."""
    found: tuple[Expr, ...] = ()
    for part in parts:
        found += part.parts if part.kind == "and" else (part,)
    if len(found) > _MOST:
        found = (*found[:_MOST], UNKNOWN)
    return found[0] if len(found) == 1 else Expr("and", found)


@lru_cache(maxsize=1 << 14)  # kernels write the same ones again and again
def parse(text: str) -> Expr:
    """The expression that a line writes; what is no expression of symbols is UNKNOWN."""
    reader = _Reader([(m.lastgroup or "", m[m.lastgroup or 0]) for m in _TOKEN.finditer(text)])
    return reader.alternatives()


class _Reader:
    def __init__(self, tokens: list[tuple[str, str]]) -> None:
        self.tokens, self.at, self.depth = tokens, 0, 0

    def _next(self) -> tuple[str, str]:
        found = self._seen()
        self.at += 1
        return found

    def _seen(self) -> tuple[str, str]:
        return self.tokens[self.at] if self.at < len(self.tokens) else ("", "")

    def alternatives(self) -> Expr:
        return self._chain("||", "or", lambda: self._chain("&&", "and", self._one))

    def _chain(self, sign: str, kind: str, part: Callable[[], Expr]) -> Expr:
        parts = [part()]
        while self._seen() == ("op", sign):
            self._next()
            parts.append(part())
        return parts[0] if len(parts) == 1 else Expr(kind, tuple(parts))

    def _within(self, part: Callable[[], Expr]) -> Expr:
        self.depth += 1
        try:
            return part()
        finally:
            self.depth -= 1

    def _one(self) -> Expr:
        kind, word = self._next()
        if (kind, word) in (("op", "!"), ("op", "(")) and self.depth >= _DEEPEST:
            self.at = len(self.tokens)
            return UNKNOWN
        if (kind, word) == ("op", "!"):
            return Expr("not", (self._within(self._one),))
        if (kind, word) == ("op", "("):
            inner = self._within(self.alternatives)
            if self._seen() == ("op", ")"):
                self._next()
            return inner
        left = Expr("symbol", name=word) if kind == "name" else UNKNOWN
        if self._seen()[0] == "op" and self._seen()[1] in _COMPARED:
            sign, (_, right) = self._next()[1], self._next()
            if left.kind == "symbol" and right in ("y", "m", "n") and sign in ("=", "!="):
                same = Expr("compare", name=word, value=right)
                return same if sign == "=" else Expr("not", (same,))
            return UNKNOWN
        return left
