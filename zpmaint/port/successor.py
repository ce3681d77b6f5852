"""Scopes that upstream renamed: the same lines under a name that the base does not have."""

from __future__ import annotations

from collections import Counter
from functools import lru_cache

from zpmaint.port.scopes import Scope, Source
from zpmaint.port.text import squeezed
from zpmaint.port.tokens import identifiers

ALIKE = 0.65
"""The share of lines that a scope and its successor have in common, at least."""
MARGIN = 0.2
"""How much more than any other scope's."""


def _counted(source: Source, scope: Scope) -> Counter[str]:
    lines = (squeezed(line) for line in source.lines[scope.start : scope.end])
    return Counter(line for line in lines if identifiers(line))


def alike(one: Counter[str], other: Counter[str]) -> float:
    """The share of lines that two scopes have in common."""
    total = one.total() + other.total()
    return 2 * (one & other).total() / total if total else 0.0


@lru_cache(maxsize=1024)
def successor(base: Source, scope: Scope, target: Source) -> Scope | None:
    """The one scope of the target that `scope` of the base became under another name."""
    known = {(s.kind, s.name) for s in base.scopes}
    lines = _counted(base, scope)
    if lines.total() < 3:
        return None
    scores = sorted(
        (
            (alike(lines, _counted(target, s)), s.start, s)
            for s in target.scopes
            if s.kind == scope.kind and (s.kind, s.name) not in known
        ),
        reverse=True,
    )
    if not scores or scores[0][0] < ALIKE:
        return None
    if len(scores) > 1 and scores[1][0] > scores[0][0] - MARGIN:
        return None
    return scores[0][2]


def twins(base: Source | None, scope: Scope, target: Source) -> list[Scope]:
    """The scopes of the target that are `scope` of the base: by name, else under a new name."""
    named = target.same_scope(scope)
    if len(named) > 1 and base is not None:
        # Several under one name: told apart by their order, where none came or went.
        before = base.same_scope(scope)
        if len(before) == len(named) and scope in before:
            return [named[before.index(scope)]]
    if named or base is None:
        return named
    renamed = successor(base, scope, target)
    return [renamed] if renamed else []
