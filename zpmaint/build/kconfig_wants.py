# SPDX-License-Identifier: GPL-2.0-only
"""Which symbols have to be set so that something is true of a configuration: dependencies followed.
Pure.

What is on already stays on, unless it is asked for by itself that it be off. Nothing is promised:
kconfig has the last word, and what it refuses is seen in the .config that it writes.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Mapping
from dataclasses import dataclass, field
from typing import ParamSpec

from zpmaint.build.kconfig_expr import Expr
from zpmaint.build.kconfig_tree import Entry, Symbols

P = ParamSpec("P")
_DEPTH = 12  # of dependencies on dependencies
_SELECTORS = 12  # that are tried for a symbol which nobody can set
_MOST = 20_000
"""Symbols that are tried for one ask; those of kernels take some ten."""
_ON = ("y", "m")


@dataclass(frozen=True)
class Ask:
    """Something that is to be true of the configuration."""

    expr: Expr
    why: str
    """Who asks: block/adios.c; new in init/Kconfig; kernel/fork.c:2345 under #ifdef CONFIG_SMP."""


@dataclass(frozen=True)
class Wanted:
    """What to set, and what cannot be."""

    sets: Mapping[str, str]
    """By symbol y, m or n, in the order in which they were found to be needed."""
    because: Mapping[str, str]
    """By symbol of `sets` who asks: the `why` of an Ask, or the symbol that depends on it."""
    refused: Mapping[str, str]
    """By what was asked for, as Kconfig writes it, why it cannot be had."""
    asked: Mapping[str, str]
    """By what cannot be had who asked for it."""


def wanted(
    asks: Iterable[Ask],
    tree: Symbols,
    values: Mapping[str, str],
    held: Mapping[str, str] | None = None,
) -> Wanted:
    """What makes each of `asks` true where `values` is what the configuration has so far (what is
    off is missing). `held` are symbols that are left as they are, each with the reason: "is
    switched off by mine.config"."""
    solver = _Solver(tree, dict(values), dict(held or {}))
    refused: dict[str, str] = {}
    asked: dict[str, str] = {}
    for ask in asks:
        solver.why, solver.left = ask.why, _MOST
        if not solver.tried(solver.true, ask.expr, 0, ()):
            refused[written(ask.expr)] = solver.reason(ask.expr)
            asked[written(ask.expr)] = ask.why
    because = {name: solver.because[name] for name in solver.sets}
    return Wanted(solver.sets, because, refused, asked)


def symbol(name: str) -> Expr:
    """That a symbol is on."""
    return Expr("symbol", name=name)


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
    held: dict[str, str]
    why: str = ""
    left: int = _MOST
    sets: dict[str, str] = field(default_factory=dict)
    because: dict[str, str] = field(default_factory=dict)

    def on(self, name: str, depth: int, above: tuple[str, ...]) -> bool:
        """Have a symbol on; False where it cannot be, and nothing is changed then."""
        if self.now.get(name, "n") != "n" and self.sets.get(name) != "n":
            return True
        if self.sets.get(name) == "n" or name in self.held or name in above or depth > _DEPTH:
            return False
        self.left -= 1
        if self.left < 0:
            return False
        inside = (*above, name)
        entries = self.tree.entries.get(name, [])
        for entry in entries:
            if entry.shown is not None and self.tried(self._set, entry, depth, inside):
                return True
        for entry in entries:
            for default in entry.defaults:
                if self.tried(self._by_default, entry, default, depth, inside):
                    return True
        selectors = self.tree.selected_by.get(name, [])
        # Those that a person can set and that ask for least first.
        order = sorted(selectors, key=lambda one: self._cost(one[0]))
        return any(self.tried(self._selected, *one, depth, inside) for one in order[:_SELECTORS])

    def _by_default(self, entry: Entry, default: Expr, depth: int, above: tuple[str, ...]) -> bool:
        return (
            self.true(entry.depends, depth + 1, above)
            and self.true(default, depth + 1, above)
            and self._comes(entry.symbol)
        )

    def _selected(self, by: str, when: Expr, depth: int, above: tuple[str, ...]) -> bool:
        return (
            self.on(by, depth + 1, above)
            and self.true(when, depth + 1, above)
            and self._comes(above[-1])
        )

    def true(self, expr: Expr, depth: int, above: tuple[str, ...]) -> bool:
        """Have an expression true."""
        if expr.holds(self.now) is True:
            return True
        match expr.kind:
            case "symbol":
                return self.on("MODULES" if expr.name == "m" else expr.name, depth, above)
            case "compare":
                if expr.value == "n":
                    return self._off(expr.name, above)
                return self.on(expr.name, depth, above)
            case "not":
                inner = expr.parts[0]
                if inner.kind == "compare" and inner.value == "n":  # SOUND!=n
                    return self.on(inner.name, depth, above)
                return self._false(inner, above)
            case "and":
                return all(self.true(part, depth, above) for part in expr.parts)
            case "or":
                return any(self.tried(self.true, part, depth, above) for part in expr.parts)
        return True  # only kconfig can tell

    def _false(self, expr: Expr, above: tuple[str, ...]) -> bool:
        if expr.holds(self.now) is not True:
            return expr.kind != "symbol" or self._off(expr.name, above)
        match expr.kind:
            case "symbol":
                return self._off(expr.name, above)
            case "or":
                return all(self._false(part, above) for part in expr.parts)
            case "and":
                return any(self.tried(self._false, part, above) for part in expr.parts)
        return False

    def _off(self, name: str, above: tuple[str, ...]) -> bool:
        if self.now.get(name, "n") == "n":
            return self.sets.get(name) != "y"
        # What is on serves something: no dependency puts it out, only who asks for that itself.
        if above or name in self.sets or name in self.held:
            return False
        entries = self.tree.entries.get(name, [])
        is_settable = any(e.shown is not None and not e.choice for e in entries)
        selectors = self.tree.selected_by.get(name, [])
        if not is_settable or any(self.now.get(by, "n") != "n" for by, _ in selectors):
            return False
        self._record(name, "n", above)
        del self.now[name]
        return True

    def _set(self, entry: Entry, depth: int, above: tuple[str, ...]) -> bool:
        assert entry.shown is not None
        if not self.true(entry.depends, depth + 1, above):
            return False
        if not self.true(entry.shown, depth + 1, above):
            return False
        if entry.choice and not self._chosen(entry):
            return False
        if self.tree.is_switch(entry.symbol):
            is_module = any(p.kind == "symbol" and p.name == "m" for p in _parts(entry.depends))
            self._record(entry.symbol, "m" if is_module else "y", above[:-1])
        return self._comes(entry.symbol)

    def _chosen(self, entry: Entry) -> bool:
        """Whether a symbol may take the place of the one of its choice that is on."""
        others = [
            name
            for name, entries in self.tree.entries.items()
            if name != entry.symbol
            and self.now.get(name, "n") != "n"
            and any(e.choice == entry.choice for e in entries)
        ]
        if any(name in self.sets or name in self.held for name in others):
            return False
        for name in others:
            del self.now[name]
        return True

    def _record(self, name: str, value: str, above: tuple[str, ...]) -> None:
        self.sets[name] = value
        self.because[name] = f"for {above[-1]}" if above else self.why

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
            len(missing) + 10 * any(entry.choice for entry in entries),
            name,
        )

    def tried(self, attempt: Callable[P, bool], *args: P.args, **kwargs: P.kwargs) -> bool:
        """An attempt that leaves no trace where it fails."""
        kept = dict(self.now), dict(self.sets), dict(self.because)
        if attempt(*args, **kwargs):
            return True
        self.now, self.sets, self.because = kept
        return False

    # Why something cannot be had, asked where nothing has been left of the attempt.

    def reason(self, expr: Expr) -> str:
        """Why an expression cannot be made true."""
        if expr.kind == "symbol":
            return self._why_off(expr.name, frozenset())
        names = [part.name for part in _parts(expr) if part.kind == "symbol"]
        for name in names:
            if not self._can(symbol(name)):
                return f"needs {name}, which {self._why_off(name, frozenset())}"
        for part in _parts(expr):
            inner = part.parts[0] if part.kind == "not" else part
            if part.kind == "not" and inner.kind == "symbol" and not self._can(part):
                return self._why_on(inner.name)
        return "cannot be made true"

    def _can(self, expr: Expr, above: tuple[str, ...] = ()) -> bool:
        kept = dict(self.now), dict(self.sets), dict(self.because)
        can = self.true(expr, 0, above)
        self.now, self.sets, self.because = kept
        return can

    def _why_on(self, name: str) -> str:
        if self.sets.get(name) in _ON:
            return f"{name} is on for the other lines of the patch"
        if name in self.held:
            return f"{name} {self.held[name]}"
        return f"{name} is on and cannot be switched off"

    def _why_off(self, name: str, seen: Collection[str]) -> str:
        if name in self.held:
            return self.held[name]
        entries = self.tree.entries.get(name)
        if not entries:
            return "is no symbol of this architecture"
        parts = [p for e in entries[:1] for p in _parts(e.depends) if p.holds(self.now) is False]
        if missing := [part for part in parts if not self._can(part, (name,))] or parts:
            text = f"depends on {' && '.join(map(written, missing))}, which does not hold"
            return text + self._held_below(missing, {*seen, name})
        if any(entry.choice for entry in entries):
            return "is one of a choice of which another one is on"
        return "can be set by nobody" if all(e.shown is None for e in entries) else "stays off"

    def _held_below(self, missing: Iterable[Expr], seen: Collection[str]) -> str:
        """What a keeper or the profile says of a dependency, however deep."""
        for part in missing:
            name = part.parts[0].name if part.kind == "not" else part.name
            if not name or name in seen:
                continue
            if part.kind == "not" and self.now.get(name, "n") != "n" and name not in self.held:
                return f": {name} is on"
            if name in self.held or name in self.tree.entries:
                found = self._why_off(name, seen)
                if name in self.held or ": " in found:
                    return f": {name} {found}"
        return ""
