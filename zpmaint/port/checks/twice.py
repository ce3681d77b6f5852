# SPDX-License-Identifier: GPL-2.0-only
"""A function, a type or a macro that a placement brings is not defined there a second time."""

from __future__ import annotations

from zpmaint.port.checks.brought import Brought
from zpmaint.port.scopes import Scope, Source, fragment

_ONCE = frozenset({"function", "struct", "macro"})


def check(own: Brought, result: Source) -> list[str]:
    """What upstream has brought, too, under the same name and the same #if."""
    if not any("{" in line or "define" in line for line in own.lines):
        return []
    mine = fragment(list(own.placement.lines), own.job.target.language).scopes
    found = []
    for scope in mine:
        if scope.kind not in _ONCE or scope.name.startswith("enum "):
            continue
        there = [s for s in own.job.target.scopes if _alike(s, scope)]
        outside = [s for s in there if not _is_replaced(own, s)]
        after = [s for s in own.job.after.scopes if _alike(s, scope)] if own.job.after else []
        now = [s for s in result.scopes if _alike(s, scope)]
        twins = [s for s in now if sum(s.conditions == other.conditions for other in now) > 1]
        if outside and twins and len(now) > len(after):
            found.append(f"{scope.name} is defined in the target already")
    return list(dict.fromkeys(found))


def _alike(one: Scope, other: Scope) -> bool:
    return (one.kind, one.name) == (other.kind, other.name)


def _is_replaced(own: Brought, scope: Scope) -> bool:
    """Whether the placement's own lines take a scope's place."""
    return own.placement.start <= scope.start and scope.end <= own.placement.end
