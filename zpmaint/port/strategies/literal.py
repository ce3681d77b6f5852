"""exact and offset: the pre-image with all its context stands in the target.

It is taken only where it is the one such place in the same scope: `}` and `return 0;` as context
have put many a hunk into the wrong function.
"""

from __future__ import annotations

from zpmaint.port.align import align
from zpmaint.port.hunks import find_all
from zpmaint.port.placement import Attempt, Job, Miss, Placement
from zpmaint.port.scopes import Scope


def place(job: Job) -> Attempt:
    """Find the pre-image as it stands, whole, in the anchor's scope."""
    change, target = job.change, job.target
    places = find_all(target.lines, change.pre)
    if not places:
        return Miss("the lines it changes are not in the target as the anchor has them")
    elsewhere = 0
    if job.knows_home and job.home is not None:
        inside = [n for n in places if _same(change.scopes_in(target, n), job.home)]
        elsewhere = len(places) - len(inside)
        places = inside
    elif job.knows_home:
        inside = [n for n in places if change.scopes_in(target, n) == [None]]
        if change.scopes_in(job.base, job.base_at) == [None]:  # type: ignore[arg-type]
            elsewhere = len(places) - len(inside)
            places = inside
    if not places:
        return Miss(
            f"its lines stand in {elsewhere} other place(s) of the target, none of them in "
            f"{_name(job.home)}"
        )
    if len(places) > 1:
        places = _followed(job, places)
        if len(places) != 1:
            return Miss(f"its lines stand more than once in {_name(job.home)} of the target")
    at = places[0]
    offset = at - change.start
    placed = "exact" if offset == 0 else "offset"
    also = f", {elsewhere} alike in other scopes" if elsewhere else ""
    if job.knows_home:
        confidence = 1.0 if offset == 0 else 0.99
        why = f"all its lines stand once in {_name(job.home)}{also}"
    else:
        # No base and little context: the one place in the file, but no scope to check it by.
        confidence = 0.95 if offset == 0 else 0.9
        why = "all its lines stand once in the file; without a base no scope to hold it against"
    low, high = change.changed()
    new = tuple(change.post[change.lead : len(change.post) - change.trail])
    return Placement(at + low, at + high, new, placed, confidence, why, offset)


def _same(found: list[Scope | None], home: Scope) -> bool:
    return len(found) == 1 and found[0] is not None and found[0].identity == home.identity


def _name(scope: Scope | None) -> str:
    return f"{scope.name}()" if scope and scope.kind == "function" else scope.name if scope else (
        "the file"
    )


def _followed(job: Job, places: list[int]) -> list[int]:
    """Of several places the one that the base's own lines went to."""
    if job.base is None or job.base_at is None:
        return places
    moved = dict(align(job.base.lines, job.target.lines))
    wanted = {moved.get(job.base_at + k, -1) - k for k in range(len(job.change.pre))}
    return [n for n in places if wanted == {n}]
