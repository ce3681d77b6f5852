# SPDX-License-Identifier: GPL-2.0-only
"""neighbours: an addition whose next lines are gone goes between those further off that are left.

Where the nearest line above that the target still has, and the nearest below, stand there with
nothing but empty lines between them, what stood between them in the base is gone on both sides and
there is no other place. A line is known by itself, by the lines that go on from it to the spot, or
by the scope that it ends or begins.
"""

from __future__ import annotations

from zpmaint.merge.lines import squeezed
from zpmaint.merge.tokens import code
from zpmaint.port.follow import Followed
from zpmaint.port.placed import Placed
from zpmaint.port.placement import Attempt, Job, Miss, Placement
from zpmaint.port.runs import Run, runs
from zpmaint.port.scopes import Scope, Source
from zpmaint.port.threeway_input import regions

_SURE = 0.75
_ONE = 0.7
_NEAR = 12
"""How far off a line may be that tells of the spot."""


def place(job: Job) -> Attempt:
    """Place an addition by what is left on both sides of it."""
    if job.base is None or job.base_at is None:
        return Miss("without a base its neighbours cannot be followed")
    found = runs(job.change, job.base_at)
    if len(found) != 1 or found[0].start != found[0].end:
        return Miss("it is not one addition")
    run = found[0]
    around = regions(job, run.start, run.end)
    if isinstance(around, Miss):
        return around
    followed = Followed(*around)
    top, foot = _above(followed, run.start), _below(followed, run.start)
    if top is not None and foot is None:
        foot = _any_below(followed, run.start, top)
    elif foot is not None and top is None:
        top = _any_above(followed, run.start, foot)
    at_file_level = job.base.scope_between(run.start) is None
    if at_file_level and (top is None) != (foot is None):
        return _beside(job, run, top, foot)
    if top is None or foot is None or top > foot:
        return Miss("the lines on both sides of an addition are gone from the target", weight=2)
    target = job.target.lines
    if any(map(squeezed, target[top:foot])):
        return Miss("upstream has other lines between those around an addition", weight=2)
    paragraph = not all(map(str.strip, [*run.lines[:1], *run.lines[-1:]]))
    if not paragraph and job.home is not None and job.home.kind == "function":
        return Miss("statements next to which nothing is left may need what is gone", weight=2)
    if _parted(job.base.lines, run, job.target.lines[top:foot]):
        return Miss("upstream parted the lines that an addition stands between", weight=2)
    if _depth(job.base, followed.base.start, run.start) != _depth(
        job.target, followed.target.start, foot
    ):
        return Miss("the lines around an addition are in another block", weight=2)
    at = _spot(job.base, run, top, foot)
    why = "what stood next to it is gone; the lines around that stand together"
    return Placement(at, at, tuple(run.lines), Placed.NEIGHBOURS, _SURE, why)


def _parted(base: list[str], run: Run, gap: list[str]) -> bool:
    """Whether an addition that nothing parts from its neighbours has an empty line there now."""
    ends = [*run.lines[:1], *run.lines[-1:]]
    beside = [*base[run.start - 1 : run.start], *base[run.start : run.start + 1]]
    return bool(gap) and all(map(str.strip, [*ends, *beside]))


def _beside(job: Job, run: Run, top: int | None, foot: int | None) -> Attempt:
    """An addition at file level, where order says little, next to the one thing that is left."""
    at = foot if top is None else top
    assert at is not None
    if job.target.scope_between(at) is not None:
        return Miss("the lines around an addition are in a scope of the target", weight=2)
    lines = run.lines
    if not lines or lines[0].strip() == lines[-1].strip() == "":
        return Miss("it adds nothing that stands by itself")
    which = "above" if top is None else "below"
    if top is not None and lines[0].strip():
        return Miss("what an addition stands before is gone from the target", weight=2)
    if foot is not None and lines[-1].strip():
        return Miss("what an addition stands behind is gone from the target", weight=2)
    why = f"what stood {which} it is gone; the addition stands apart from it, and stays"
    return Placement(at, at, tuple(lines), Placed.NEIGHBOURS, _ONE, why)


def _spot(base: Source, run: Run, top: int, foot: int) -> int:
    """Where between two lines, with at most empty ones between them, an addition stands."""
    if not run.lines or not run.lines[0].strip():
        return top
    if not run.lines[-1].strip():
        return foot
    stuck = run.start > 0 and bool(base.lines[run.start - 1].strip())
    return top if stuck else foot


def _above(followed: Followed, at: int) -> int | None:
    """The target's line behind the nearest one above `at` that is left."""
    base, target = followed.base, followed.target
    low = max(base.start, at - _NEAR)
    for n in range(at - 1, low - 1, -1):
        if (scope := _scope_ending(base.source, n + 1)) is not None and squeezed(
            base.source.lines[n]
        ):
            twins = target.source.same_scope(scope)
            return twins[0].end if len(twins) == 1 else None
        to = followed.kept(n)
        if to is not None and squeezed(base.source.lines[n]):
            return _along(followed, n, to, at) if followed.is_unique(n) else None
    return target.start if low == base.start else None


def _any_above(followed: Followed, at: int, foot: int) -> int | None:
    """The same of any line that is left, where it stands right above a known one."""
    base, target = followed.base, followed.target.source.lines
    for n in range(at - 1, max(base.start, at - _NEAR) - 1, -1):
        to = followed.kept(n)
        if to is not None and squeezed(base.source.lines[n]):
            return to + 1 if to < foot and not any(map(squeezed, target[to + 1 : foot])) else None
    return None


def _any_below(followed: Followed, at: int, top: int) -> int | None:
    """The same of any line that is left, where it stands right below a known one."""
    base, target = followed.base, followed.target.source.lines
    for n in range(at, min(base.end, at + _NEAR)):
        to = followed.kept(n)
        if to is not None and squeezed(base.source.lines[n]):
            return to if to >= top and not any(map(squeezed, target[top:to])) else None
    return None


def _along(followed: Followed, line: int, to: int, at: int) -> int:
    """The end of the lines that go on from a line in both sources, up to base line `at`."""
    base, target = followed.base.source.lines, followed.target.source.lines
    n, there = line + 1, to + 1
    while (
        n < at
        and there < followed.target.end
        and squeezed(base[n]) == squeezed(target[there]) != ""
    ):
        n, there = n + 1, there + 1
    return there


def _below(followed: Followed, at: int) -> int | None:
    """The nearest line below `at` that is left, by the target's numbers."""
    base, target = followed.base, followed.target
    high = min(base.end, at + _NEAR)
    for n in range(at, high):
        if (scope := _scope_beginning(base.source, n)) is not None:
            twins = target.source.same_scope(scope)
            return _back(followed, n, twins[0].start, at) if len(twins) == 1 else None
        to = followed.kept(n)
        if to is not None and squeezed(base.source.lines[n]):
            return _back(followed, n, to, at) if followed.is_unique(n) else None
    return target.end if high == base.end else None


def _back(followed: Followed, line: int, to: int, at: int) -> int:
    """The beginning of the lines that lead to a line in both sources, down from base line `at`."""
    base, target = followed.base.source.lines, followed.target.source.lines
    n, there = line, to
    while (
        n > at
        and there > followed.target.start
        and squeezed(base[n - 1]) == squeezed(target[there - 1]) != ""
    ):
        n, there = n - 1, there - 1
    return there


def _scope_ending(source: Source, line: int) -> Scope | None:
    return next((s for s in source.scopes if s.end == line), None)


def _scope_beginning(source: Source, line: int) -> Scope | None:
    return next((s for s in source.scopes if s.start == line), None)


def _depth(source: Source, start: int, at: int) -> int:
    """How many blocks are open at a line, from a scope's first."""
    tokens = list(code("".join(source.lines[start:at])))
    return tokens.count("{") - tokens.count("}")
