# SPDX-License-Identifier: GPL-2.0-only
"""exact and offset: the pre-image with all its context stands in the target.

It is taken only where it is the one such place in the same scope: `}` and `return 0;` as context
have put many a hunk into the wrong function.
"""

from __future__ import annotations

from zpmaint.merge.align import align
from zpmaint.merge.tokens import identifiers
from zpmaint.port.hunks import Change, find_all
from zpmaint.port.placed import Placed
from zpmaint.port.placement import Attempt, Job, Miss, Placement
from zpmaint.port.scopes import Scope, Source
from zpmaint.port.successor import successor

_MANY = 2000
"""Places beyond which a pre-image says nothing of where it belongs; each is looked at."""


def place(job: Job) -> Attempt:
    """Find the pre-image as it stands, whole, in the anchor's scope."""
    change, target = job.change, job.target
    if not change.pre and not target.lines:
        why = "the file is empty, as the anchor has it"
        return Placement(0, 0, tuple(change.post), Placed.EXACT, 1.0, why, 0)
    everywhere = find_all(target.lines, change.pre)
    if not everywhere:
        return Miss("the lines it changes are not in the target as the anchor has them")
    if len(everywhere) > _MANY:
        return Miss(f"its lines stand in {len(everywhere)} places of the target", weight=1)
    places = [n for n in everywhere if _is_home(job, n) and _ends_alike(job, n)]
    elsewhere = len(everywhere) - len(places)
    if not places:
        return Miss(
            f"its lines stand in {elsewhere} other place(s) of the target, none of them in "
            f"{_name(job.home)} under the same #if",
            weight=1,
        )
    if len(places) > 1 or _is_faint(change):
        places = _followed(job, places)
        if len(places) != 1:
            return Miss(f"its lines could stand in several places in {_name(job.home)}", weight=1)
    at = places[0]
    offset = at - change.start
    placed = Placed.EXACT if offset == 0 else Placed.OFFSET
    also = f", {elsewhere} alike in other scopes" if elsewhere else ""
    new_name = _new_name(job)
    if new_name:
        confidence = 0.85
        why = f"all its lines stand once in {new_name}, which {_name(job.home)} became{also}"
    elif job.knows_home:
        confidence = 1.0 if offset == 0 else 0.99
        why = f"all its lines stand once in {_name(job.home)}{also}"
    else:
        # No base and little context: the one place in the file, but no scope to check it by.
        confidence = 0.95 if offset == 0 else 0.9
        why = "all its lines stand once in the file; without a base no scope to hold it against"
    low, high = change.changed()
    new = tuple(change.post[change.lead : len(change.post) - change.trail])
    return Placement(at + low, at + high, new, placed, confidence, why, offset)


def _ends_alike(job: Job, at: int) -> bool:
    """What the patch puts at the file's end belongs there: not before what upstream added."""
    change = job.change
    if change.trail or job.base is None or job.base_at is None:
        return True
    ends = job.base_at + len(change.pre) == len(job.base.lines)
    return not ends or at + len(change.pre) == len(job.target.lines)


def _is_home(job: Job, at: int) -> bool:
    """Whether a place in the target is in the scope, and under the #if, that the hunk came from."""
    change, target = job.change, job.target
    if job.base is not None and job.base_at is not None:
        return _identity(change, job.base, job.base_at, job.target) == _identity(change, target, at)
    if change.own_scope is not None:
        scopes = change.scopes_in(target, at)
        return [s and (s.kind, s.name) for s in scopes] == [
            (change.own_scope.kind, change.own_scope.name)
        ]
    return True


def _identity(
    change: Change, source: Source, at: int, target: Source | None = None
) -> list[object]:
    """The scopes and conditions of a hunk's place; in the target's names, where it is given."""
    scopes = change.scopes_in(source, at)
    if target is not None:
        scopes = [scope and _called(source, scope, target) for scope in scopes]
    inner = source.inner(at + change.lead)
    return [*(scope and (scope.kind, scope.name) for scope in scopes), inner]


def _new_name(job: Job) -> str:
    """What the scope is called in the target, where that is not its name in the base."""
    if job.base is None or job.home is None or job.target.same_scope(job.home):
        return ""
    found = successor(job.base, job.home, job.target)
    return found.name if found else ""


def _called(source: Source, scope: Scope, target: Source) -> Scope:
    if target.same_scope(scope):
        return scope
    return successor(source, scope, target) or scope


def _is_faint(change: Change) -> bool:
    """Whether the pre-image is so common (braces, empty lines, one name) that even a single match
    says little."""
    return sum(bool(identifiers(line)) for line in change.pre) < 2


def _name(scope: Scope | None) -> str:
    return scope.name if scope else "the file"


def _followed(job: Job, places: list[int]) -> list[int]:
    """Of several places the one that the base's own lines went to."""
    if job.base is None or job.base_at is None:
        sure = not _is_faint(job.change) or places == [job.change.start]
        return places if len(places) == 1 and sure else []
    moved = dict(align(job.base.lines, job.target.lines))
    wanted = {moved.get(job.base_at + k, -1) - k for k in range(len(job.change.pre))}
    return [n for n in places if wanted == {n}]
