# SPDX-License-Identifier: GPL-2.0-only
"""Members that a placement's lines speak of are members of their struct still.

A member may be gone though its name lives on elsewhere: the struct's own definition tells, where
one of the touched files has it. So does how a variable is spoken to: `a->b` where upstream has made
`a` the struct itself.
"""

from __future__ import annotations

import re
from functools import lru_cache

from zpmaint.merge.tokens import identifiers
from zpmaint.port.calls import bare
from zpmaint.port.checks.brought import Brought
from zpmaint.port.scopes import Scope, Source

_VARIABLE = re.compile(r"\bstruct\s+(\w+)\s*(\*?)\s*(\w+)\s*(?=[,;)=\[])")
_ACCESS = re.compile(r"(?<![\w.>\])])([A-Za-z_]\w*)\s*(->|\.)\s*([A-Za-z_]\w*)")
_INITIALISED = re.compile(r"\s*\.([A-Za-z_]\w*)\s*(?:=|\[)")
_TABLE_OF = re.compile(r"\bstruct\s+(\w+)\b")


def check(own: Brought, result: Source) -> list[str]:
    """What is wrong with the members in a placement's lines."""
    if not any("->" in line or "." in line for line in own.lines):
        return []
    scope = own.within
    if scope is None:  # whole functions, say
        return _of_variables(own, bare("".join(own.placement.lines)))
    twin = next(iter(result.same_scope(scope)), None)
    if twin is None:
        return []
    text = bare("".join(result.lines[twin.start : twin.end]))
    if twin.kind == "table":
        return _of_table(own, text)
    return [*_of_variables(own, text), *_spoken_to(own, scope)]


def _of_table(own: Brought, text: str) -> list[str]:
    """`.name =` in a table of a struct that has no such member any more."""
    head = _TABLE_OF.search(text.split("{", 1)[0])
    if head is None:
        return []
    names = [found[1] for line in own.lines if (found := _INITIALISED.match(line))]
    return _gone(own, head[1], names)


def _of_variables(own: Brought, text: str) -> list[str]:
    """`a->name` of a variable whose struct has no such member any more."""
    types: dict[str, set[str]] = {}
    for found in _VARIABLE.finditer(text):
        types.setdefault(found[3], set()).add(found[1])
    spoken: dict[str, list[str]] = {}
    for line in own.lines:
        for found in _ACCESS.finditer(line):
            kinds = types.get(found[1], set())
            if len(kinds) == 1:
                spoken.setdefault(next(iter(kinds)), []).append(found[3])
    return [reason for kind, names in spoken.items() for reason in _gone(own, kind, names)]


def _gone(own: Brought, kind: str, names: list[str]) -> list[str]:
    """The members that the base's definition of a struct has, and the target's has not."""
    base, target = own.job.base, own.job.target
    pairs = [(base, target)] if base is not None else []
    pairs += [(one.base, one.target) for one in own.job.terms.beside]
    wanted = [name for name in dict.fromkeys(names) if name not in own.job.terms.brings]
    for before, after in pairs if wanted else ():
        was, now = _body(before, kind), _body(after, kind)
        if was and now and (lost := [n for n in wanted if n in was and n not in now]):
            return [f"struct {kind} has no {', '.join(lost)} in the target"]
    return []


@lru_cache(maxsize=512)
def _body(source: Source, kind: str) -> frozenset[str]:
    """All names in the definition of a struct; empty where a source has none, or several."""
    head = f"struct {kind} {{"
    if head.encode() not in source.data:
        return frozenset()
    lines = [n for n, line in enumerate(source.lines) if line.startswith(head)]
    scope = source.scope_at(lines[0]) if len(lines) == 1 else None
    if scope is None:
        return frozenset()
    return frozenset(identifiers("".join(source.lines[scope.start : scope.end])))


def _spoken_to(own: Brought, scope: Scope) -> list[str]:
    """Whether the variables of a placement's lines are pointers there, as they were."""
    job = own.job
    if job.base is None or job.home is None or scope.kind != "function":
        return []
    was = bare("".join(job.base.lines[job.home.start : job.home.end]))
    now = bare("".join(job.target.lines[scope.start : scope.end]))
    found = []
    for line in own.lines:
        for name, how, _ in _ACCESS.findall(line):
            other = "." if how == "->" else "->"
            before, after = _ways(was, name), _ways(now, name)
            if before == {how} and after == {other}:
                found.append(f"{name}{how} is {name}{other} in the target")
    return list(dict.fromkeys(found))


def _ways(text: str, name: str) -> set[str]:
    """How a text speaks to a variable: by -> or by a dot."""
    return {found[2] for found in _ACCESS.finditer(text) if found[1] == name}
