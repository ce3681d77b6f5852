# SPDX-License-Identifier: GPL-2.0-only
"""Scopes that upstream renamed: the same lines under a name that the base does not have."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from functools import lru_cache

from zpmaint.merge.lines import squeezed
from zpmaint.merge.tokens import identifiers
from zpmaint.port.scopes import Scope, Source

ALIKE = 0.65
"""The share of lines that a scope and its successor have in common, at least."""
MARGIN = 0.2
"""How much more than any other scope's."""
STRANGER = 0.3
"""The share below which a scope of the same name is not the one that is looked for: a wrapper that
took the name over, the lines being elsewhere now."""


def counted(source: Source, scope: Scope) -> Counter[str]:
    """The lines of a scope that say something, squeezed."""
    return said(source.lines[scope.start : scope.end])


def said(lines: Sequence[str]) -> Counter[str]:
    """Those of some lines that say something, squeezed."""
    return Counter(line for line in map(squeezed, lines) if identifiers(line))


def alike(one: Counter[str], other: Counter[str]) -> float:
    """The share of lines that two scopes have in common."""
    total = one.total() + other.total()
    return 2 * (one & other).total() / total if total else 0.0


@lru_cache(maxsize=1024)
def successor(base: Source, scope: Scope, target: Source) -> Scope | None:
    """The one scope of the target that `scope` of the base became under another name."""
    known = {(s.kind, s.name): s for s in base.scopes}
    lines = counted(base, scope)

    def came(candidate: Scope) -> bool:
        """Whether the lines came to a scope of the target: it is new, or was another before."""
        before = known.get((candidate.kind, candidate.name))
        if before is None:
            return True
        # Where the name lives on, a function that both have is another one.
        return not target.same_scope(scope) and alike(lines, counted(base, before)) < STRANGER

    if lines.total() < 3:
        return None
    scores = sorted(
        (
            (alike(lines, counted(target, s)), s.start, s)
            for s in target.scopes
            if s.kind == scope.kind and came(s)
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
    if base is None or (named and not _is_stranger(base, scope, target, named)):
        return named
    renamed = successor(base, scope, target)
    return [renamed] if renamed else named


def _is_stranger(base: Source, scope: Scope, target: Source, named: list[Scope]) -> bool:
    lines = counted(base, scope)
    return len(named) == 1 and alike(lines, counted(target, named[0])) < STRANGER
