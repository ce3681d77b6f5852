# SPDX-License-Identifier: GPL-2.0-only
"""A touched scope parses, and declares what it uses before it does."""

from __future__ import annotations

import re
from collections.abc import Callable

from zpmaint.core.text import to_bytes
from zpmaint.merge.lines import join, squeezed
from zpmaint.merge.tokens import identifiers
from zpmaint.port.checks import labels
from zpmaint.port.checks.strays import strays
from zpmaint.port.placement import Job
from zpmaint.port.scopes import Scope, Source, errors, late_declarations, locals_of


def check(job: Job, scope: Scope, result: Source) -> list[str]:
    """The touched scope parses, its gotos have their labels and its variables are declared."""
    twin = next((s for s in result.same_scope(scope)), None)
    if twin is None:
        return [f"{scope.name} would no longer be found in the result"]
    known = "".join(job.target.lines[scope.start : scope.end])
    text = "".join(result.lines[twin.start : twin.end])
    before, after = to_bytes(known), to_bytes(text)
    found = []
    more = errors(after) - errors(before)
    # What the parser cannot read of the patch itself it cannot judge in another place either.
    if more > 0 and not _own(job, errors):
        found.append(f"{scope.name} would no longer parse")
    more = late_declarations(after) - late_declarations(before)
    if more > 0 and more > _own(job, late_declarations):
        found.append(f"a declaration in {scope.name} would come to stand behind statements")
    if early := _early(known, text, before, job):
        found.append(f"{scope.name} would use {', '.join(early)} before the declaration")
    found += labels.check(known, text)
    lost = strays(after) - strays(before)
    if lost and not _own(job, lambda data: strays(data).total()):
        found.append(f"{', '.join(sorted(lost))} in {scope.name} would stand in no switch or loop")
    declared = set(locals_of(before))
    if job.base is not None and job.home is not None:
        declared |= locals_of(join(job.base.lines[job.home.start : job.home.end])) & (
            identifiers(text) - identifiers(known)
        )
    if undeclared := (declared - locals_of(after)) & identifiers(text):
        found.append(f"{scope.name} would use {', '.join(sorted(undeclared))} undeclared")
    return found


def _own(job: Job, count: Callable[[bytes], int]) -> int:
    """How much of a kind the patch itself brings to the hunk's scope in its own base: an #if
    around half a statement is no mistake of the port's."""
    base, home = job.base, job.home
    if base is None or home is None or job.after is None:
        return 0
    twin = next(iter(job.after.same_scope(home)), None)
    if twin is None:
        return 0
    new = join(job.after.lines[twin.start : twin.end])
    return max(0, count(new) - count(join(base.lines[home.start : home.end])))


def _early(known: str, text: str, before: bytes, job: Job) -> list[str]:
    """The variables whose first mention was their declaration, and is another line of the
    target's or of the patch's now."""
    written = set(map(squeezed, job.wrote))
    names = sorted(locals_of(before) & identifiers(text))
    found = []
    for name in names:
        first, now = _first(known, name), _first(text, name)
        if first != now and now in written and name not in locals_of(to_bytes(now)):
            found.append(name)
    return found


def _first(text: str, name: str) -> str:
    """The first line that mentions a name, squeezed."""
    found = re.search(rf"^.*\b{re.escape(name)}\b.*$", text, re.MULTILINE)
    return squeezed(found[0]) if found else ""
