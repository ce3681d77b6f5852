# SPDX-License-Identifier: GPL-2.0-only
"""What the plain tools make of a file: where `patch -F0` takes every hunk of it, and a three-way
merge gives the same bytes.

Two tools that know nothing of C agree then on what the maintainer will do by hand. The checks have
been wrong about such files more often than the tools: they may doubt, and say so, and neither
refuse nor rewrite.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from zpmaint.merge import diff3
from zpmaint.merge.lines import squeezed
from zpmaint.merge.splice import spliced
from zpmaint.port.confidence import PLAIN
from zpmaint.port.hunks import find_all
from zpmaint.port.overlay import fits_at, places
from zpmaint.port.placed import Placed
from zpmaint.port.placement import Job, Miss, Placement
from zpmaint.port.under_if import left

Answer = Placement | Miss


def agreed(jobs: Sequence[Job]) -> list[int] | None:
    """The lines of the target at which all hunks of a file stand, each found from the offset of
    the one before as patch(1) does, if a merge with the base gives the same file; else None.
    Without a base no merge can be had: then see `_is_sure`."""
    base, after, target = jobs[0].base, jobs[0].after, jobs[0].target
    if base is None:
        at = fitting(jobs)
        return at if at is not None and _is_sure(jobs, at) else None
    if after is None:
        return None
    at = fitting(jobs)
    if at is None:
        return None
    done = spliced(
        target.lines,
        ((n, n + len(job.change.pre), job.change.post) for job, n in zip(jobs, at, strict=True)),
    )
    chunks = diff3.merge(base.lines, after.lines, target.lines)
    if not diff3.is_clean(chunks) or diff3.result(chunks) != done:
        return None
    return None if any(map(_went, jobs, at)) else at


def _went(job: Job, at: int) -> bool:
    """Whether a hunk's lines have gone from their function, or their #if, to another one while
    the old one is still there: a merge follows lines wherever they go."""
    base, target, start = job.base, job.target, job.base_at
    if base is None or start is None:
        return True
    lead = job.change.lead
    was, now = base.scope_between(start + lead), target.scope_between(at + lead)
    if was is not None and now is not None and (was.kind, was.name) != (now.kind, now.name):
        return bool(target.same_scope(was)) or bool(base.same_scope(now))
    return left(job, at + lead)


def _is_sure(jobs: Sequence[Job], at: Sequence[int]) -> bool:
    """Whether each place that patch -F0 would take is the only one, or at the offset of a hunk
    before (at the file's head: behind) whose place is; and below the line its header names."""
    lines = jobs[0].target.lines
    alone = [len(find_all(lines, job.change.pre)) == 1 for job in jobs]
    offsets = [n - job.change.start for job, n in zip(jobs, at, strict=True)]
    if not any(alone):
        return False
    offset = offsets[alone.index(True)]
    for job, n, own, is_alone in zip(jobs, at, offsets, alone, strict=True):
        if own != offset and not is_alone:
            return False
        named = squeezed(job.change.section)
        if named and not any(squeezed(line).startswith(named) for line in lines[:n]):
            return False
        offset = own
    return True


def fitting(jobs: Sequence[Job]) -> list[int] | None:
    """Where `patch -F0` would do the hunks of a file; None where it would refuse one."""
    lines = jobs[0].target.lines
    at = places(lines, [job.change for job in jobs])
    if at is None or any(not job.change.pre for job in jobs):
        return None
    fits = (fits_at(job.change, n, len(lines)) for job, n in zip(jobs, at, strict=True))
    return at if all(fits) else None


def stands(answers: Sequence[Answer], at: Sequence[int], jobs: Sequence[Job]) -> bool:
    """Whether each hunk is done literally, and where the plain tools would do it."""
    return all(
        isinstance(answer, Placement)
        and answer.placed.is_literal
        and answer.offset == n - job.change.start
        for answer, n, job in zip(answers, at, jobs, strict=True)
    )


def literally(job: Job, at: int, answer: Answer) -> Placement:
    """A hunk done as it is at a line of the target, and what the ladder has to say against it."""
    change = job.change
    offset = at - change.start
    low, high = change.changed()
    placed = Placed.EXACT if offset == 0 else Placed.OFFSET
    new = tuple(change.post[change.lead : len(change.post) - change.trail])
    start, end = at + low, at + high
    if isinstance(answer, Placement) and answer.placed.is_literal and answer.offset == offset:
        return answer
    why = "patch -F0 and a three-way merge both do it just so"
    if job.base is None:
        why = "patch -F0 does it just so, at one offset with the hunks before it"
    if isinstance(answer, Miss):
        return Placement(start, end, new, placed, PLAIN, f"{why}, but {answer.why}", offset)
    doubt = f"; {answer.placed} would do it otherwise: {answer.why}"
    if answer.placed.is_literal:
        doubt = f", not at {answer.offset:+d} lines, where {answer.why}"
    made = Placement(start, end, new, placed, PLAIN, why + doubt, offset)
    if (answer.start, answer.end, answer.lines) == (start, end, new):
        # The same edit by another name: as sure as that was.
        return replace(made, confidence=answer.confidence, why=f"{why}; {answer.why}")
    return made
