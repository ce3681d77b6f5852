# SPDX-License-Identifier: GPL-2.0-only
"""What a call is given is of the struct that the function takes in the target.

A parameter's type stands in the definition; where that is in no touched file, the other callers
tell: what variables all of them gave before, and all give now.
"""

from __future__ import annotations

import re
from functools import lru_cache

from zpmaint.port.calls import Uses, bare, uses
from zpmaint.port.checks.brought import Brought
from zpmaint.port.scopes import Scope, Source

_VARIABLE = re.compile(r"\bstruct\s+(\w+)\s*\*\s*(?:const\s+)?(\w+)\s*(?=[,;)=])")
_PARAMETER = re.compile(r"(?:const\s+)?struct\s+(\w+)\s*\*\s*(?:const\s+)?\w*$")


def check(own: Brought, result: Source) -> list[str]:
    """The arguments of a placement's calls that are of another struct than they have to be."""
    scope, base = own.within, own.job.base
    if base is None or not own.calls:
        return []
    twin = next(iter(result.same_scope(scope)), None) if scope else None
    mine = pointers(result, twin) if twin else _pointers("".join(own.placement.lines))
    found = []
    for name, told in own.calls:
        for n, argument in enumerate(told):
            kind = mine.get(argument)
            if kind is None:
                continue
            was, now = _taken(base, name, n), _taken(result, name, n)
            if not now:
                was, now = _given(base, name, n), _given(own.job.target, name, n)
            if was == {kind} and now and kind not in now:
                takes = " or ".join(sorted(now))
                found.append(
                    f"{name}() takes a struct {takes} as argument {n + 1} in the target, and "
                    f"{argument} is a struct {kind}"
                )
    return list(dict.fromkeys(found))


@lru_cache(maxsize=512)
def pointers(source: Source, scope: Scope) -> dict[str, str]:
    """By variable of a function the struct that it points to."""
    return _pointers("".join(source.lines[scope.start : scope.end]))


def _pointers(text: str) -> dict[str, str]:
    """The same of a text; variables of two kinds left out."""
    found: dict[str, set[str]] = {}
    for kind, name in _VARIABLE.findall(bare(text)):
        found.setdefault(name, set()).add(kind)
    return {name: kinds.pop() for name, kinds in found.items() if len(kinds) == 1}


def _taken(source: Source, name: str, n: int) -> set[str]:
    """The structs that definitions and prototypes have as the parameter of a number."""
    told = uses(source, name)
    return {
        found[1]
        for parameters in told.parameters
        if n < len(parameters) and (found := _PARAMETER.match(parameters[n]))
    }


def _given(source: Source, name: str, n: int) -> set[str]:
    """The structs whose pointers the callers in a source give as the argument of a number."""
    told: Uses = uses(source, name)
    found = set()
    for line, call in zip(told.lines, told.calls, strict=True):
        scope = source.scope_at(line)
        if scope is not None and n < len(call) and (kind := pointers(source, scope).get(call[n])):
            found.add(kind)
    return found
