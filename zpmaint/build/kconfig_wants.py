# SPDX-License-Identifier: GPL-2.0-only
"""Which symbols have to be set so that one comes on: its dependencies followed. Pure.

What is on already stays on. Nothing is promised: kconfig has the last word, and what it refuses
is seen in the .config that it writes.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field

from zpmaint.build.kconfig_expr import Expr
from zpmaint.build.kconfig_tree import Entry, Symbols

_DEPTH = 12  # of dependencies on dependencies
_SELECTORS = 12  # that are tried for a symbol which nobody can set


@dataclass(frozen=True)
class Wanted:
    """What to set, and what cannot be."""

    sets: Mapping[str, str]
    """By symbol y or n."""
    refused: Mapping[str, str]
    """By symbol why not."""


def wanted(
    symbols: Iterable[str],
    tree: Symbols,
    values: Mapping[str, str],
    never: Collection[str] = (),
) -> Wanted:
    """What has `symbols` on where `values` is what the configuration has so far (what is off is
    missing). `never` are symbols that were tried and not granted."""
    solver = _Solver(tree, dict(values), frozenset(never))
    refused: dict[str, str] = {}
    for name in symbols:
        if not solver.on(name, 0, frozenset()):
            refused[name] = _reason(name, tree, solver.now)
    return Wanted(solver.sets, refused)


def _reason(name: str, tree: Symbols, values: Mapping[str, str]) -> str:
    entries = tree.entries.get(name)
    if not entries:
        return "is no symbol of this architecture"
    missing = [part for part in _parts(entries[0].depends) if part.holds(values) is False]
    if missing:
        return f"depends on {' && '.join(map(written, missing))}, which does not hold"
    return "can be set by nobody" if all(e.shown is None for e in entries) else "stays off"


def _parts(expr: Expr) -> tuple[Expr, ...]:
    if expr.kind != "and":
        return (expr,)
    return tuple(one for part in expr.parts for one in _parts(part))


def written(expr: Expr) -> str:
    """An expression as Kconfig writes it."""
    match expr.kind:
        case "symbol":
            return expr.name
        case "compare":
            return f"{expr.name}={expr.value}"
        case "not":
            inner = expr.parts[0]
            if inner.kind == "compare":
                return f"{inner.name}!={inner.value}"
            return f"!{written(inner)}"
        case "and":
            return " && ".join(map(written, expr.parts)) or "y"
        case "or":
            return "(" + " || ".join(map(written, expr.parts)) + ")"
    return "..."


@dataclass
class _Solver:
    tree: Symbols
    now: dict[str, str]
    never: frozenset[str]
    sets: dict[str, str] = field(default_factory=dict)

    def on(self, name: str, depth: int, above: frozenset[str]) -> bool:
        """Have a symbol on; False where it cannot be, and nothing is changed then."""
        if self.now.get(name, "n") in ("y", "m") and self.sets.get(name) != "n":
            return True
        if self.sets.get(name) == "n" or name in self.never or name in above or depth > _DEPTH:
            return False
        inside = above | {name}
        entries = self.tree.entries.get(name, [])
        for entry in entries:
            if entry.shown is not None and self._tried(lambda e=entry: self._set(e, depth, inside)):
                return True
        for entry in entries:
            for default in entry.defaults:
                if self._tried(
                    lambda e=entry, d=default: (
                        self.true(e.depends, depth + 1, inside)
                        and self.true(d, depth + 1, inside)
                        and self._comes(e.symbol)
                    )
                ):
                    return True
        selectors = self.tree.selected_by.get(name, [])
        # Those that a person can set and that ask for least first.
        order = sorted(selectors, key=lambda one: self._cost(one[0]))
        for selector, when in order[:_SELECTORS]:
            if self._tried(
                lambda s=selector, w=when: (
                    self.on(s, depth + 1, inside)
                    and self.true(w, depth + 1, inside)
                    and self._comes(name)
                )
            ):
                return True
        return False

    def true(self, expr: Expr, depth: int, above: frozenset[str]) -> bool:
        """Have an expression true."""
        if expr.holds(self.now) is True:
            return True
        match expr.kind:
            case "symbol":
                return self.on(expr.name, depth, above)
            case "compare":
                if expr.value == "n":
                    return self._off(expr.name)
                return self.on(expr.name, depth, above)
            case "not":
                inner = expr.parts[0]
                if inner.kind == "compare" and inner.value == "n":  # SOUND!=n
                    return self.on(inner.name, depth, above)
                return self._false(inner)
            case "and":
                return all(self.true(part, depth, above) for part in expr.parts)
            case "or":
                return any(
                    self._tried(lambda p=part: self.true(p, depth, above)) for part in expr.parts
                )
        return True  # only kconfig can tell

    def _false(self, expr: Expr) -> bool:
        if expr.holds(self.now) is not True:
            return expr.kind != "symbol" or self._off(expr.name)
        return False

    def _off(self, name: str) -> bool:
        # What is on serves something: it is not put out.
        return self.now.get(name, "n") == "n" and self.sets.get(name) != "y"

    def _set(self, entry: Entry, depth: int, above: frozenset[str]) -> bool:
        assert entry.shown is not None
        if not self.true(entry.depends, depth + 1, above):
            return False
        if not self.true(entry.shown, depth + 1, above):
            return False
        self.sets[entry.symbol] = "y"
        return self._comes(entry.symbol)

    def _comes(self, name: str) -> bool:
        self.now[name] = "y"
        return True

    def _cost(self, name: str) -> tuple[bool, int, str]:
        entries = self.tree.entries.get(name, [])
        missing = [
            part for e in entries[:1] for part in _parts(e.depends) if not part.holds(self.now)
        ]
        return (
            not any(entry.shown is not None for entry in entries),
            len(missing) + 10 * any(entry.is_choice for entry in entries),
            name,
        )

    def _tried(self, attempt: object) -> bool:
        """An attempt that leaves no trace where it fails."""
        assert callable(attempt)
        kept = dict(self.now), dict(self.sets)
        if attempt():
            return True
        self.now, self.sets = kept
        return False
