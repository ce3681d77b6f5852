# SPDX-License-Identifier: GPL-2.0-only
"""A name put before others into an enum that programs know moves their numbers.

The patch's own author may have put it last; upstream's new names stand behind it then, and have
been in kernels that people run.
"""

from __future__ import annotations

from zpmaint.port.checks.brought import Brought
from zpmaint.port.enumerators import numbered, only_counts
from zpmaint.port.scopes import Scope, Source


def check(path: str, own: Brought, result: Source) -> list[str]:
    """The names of upstream's that would get another number."""
    job = own.job
    scope = own.within
    if job.base is None or scope is None or scope.kind != "struct":
        return []
    if not _is_exported(path, job.base):
        return []
    twin = next(iter(result.same_scope(scope)), None)
    if twin is None or "enum" not in job.target.head_of(scope):
        return []
    now, done = _of(job.target, scope), _of(result, twin)
    was, wants = _only(job.base, scope), _only(job.after, scope)
    moved = [
        name
        for name, number in now.items()
        if number is not None
        and done.get(name) not in (None, number)
        and not only_counts(name)
        and not (name in was and wants.get(name) != was[name])
    ]
    if not moved:
        return []
    first = moved[0]
    more = f", and {len(moved) - 1} more" if len(moved) > 1 else ""
    return [
        f"programs know {first} as {now[first]}, and it would be {done[first]}{more}: the enum is "
        "part of what they are built with"
    ]


def _is_exported(path: str, source: Source) -> bool:
    """Whether programs see a header: uapi, or what was before there was that."""
    if "include/uapi/" in path:
        return True
    return path.startswith("include/linux/") and "__KERNEL__" in source.names


def _of(source: Source, scope: Scope) -> dict[str, int | None]:
    return numbered(source.lines[scope.start : scope.end])


def _only(source: Source | None, scope: Scope) -> dict[str, int | None]:
    found = source.same_scope(scope) if source is not None else []
    return _of(source, found[0]) if source is not None and len(found) == 1 else {}
