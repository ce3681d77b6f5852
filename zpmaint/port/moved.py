# SPDX-License-Identifier: GPL-2.0-only
"""Hunks whose file or function went to another file of the target.

The caller offers files of the target. A hunk goes to one of them only where its scope, by name,
or for lines at file level most of its own lines, are found in that one and in no other; it is then
placed there by the same ladder as at home, and says where it went.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import replace

from zpmaint.merge.lines import squeezed
from zpmaint.merge.tokens import identifiers
from zpmaint.port.outlines import language
from zpmaint.port.placed import Placed
from zpmaint.port.placement import Attempt, Job, Miss, Placement
from zpmaint.port.scopes import source
from zpmaint.port.successor import alike, counted
from zpmaint.port.terms import Offer

_ENOUGH = 0.6
"""The share of a hunk's own lines, or of its function's, that must stand in a file for it to be
looked at."""
_SURE = 0.8
"""As sure as a hunk in another file can be."""

Try = Callable[[Job], Attempt]


def known_lines(job: Job, data: bytes) -> float:
    """The share of the lines that a hunk expects, of those that say something, in a file."""
    wanted = [squeezed(line) for line in job.change.pre]
    wanted = [line for line in wanted if identifiers(line)]
    if len(wanted) < 2:
        return 0.0
    there = {squeezed(line) for line in source(data, job.target.language).lines}
    return sum(line in there for line in wanted) / len(wanted)


def _known_scope(job: Job) -> float:
    """How much alike the scope of a hunk is in the base and in the target; 0 without either."""
    twins = job.target.same_scope(job.home) if job.home is not None else []
    if job.base is None or job.home is None or len(twins) != 1:
        return 0.0
    return alike(counted(job.base, job.home), counted(job.target, twins[0]))


def place(
    path: str, job: Job, offers: Iterable[Offer], attempt: Try
) -> tuple[str, Job, Placement] | Miss:
    """The one offered file that takes a hunk of `path`, and where it goes there."""
    found: list[tuple[Offer, Job, Placement]] = []
    missed: list[Miss] = []
    for other in offers:
        if other.path == path or language(other.path) != job.target.language:
            continue
        there = replace(job, target=source(other.data, job.target.language))
        if job.home is not None and not there.target.same_scope(job.home):
            continue
        if max(known_lines(job, other.data), _known_scope(there)) < _ENOUGH:
            continue
        placed = attempt(there)
        if isinstance(placed, Placement):
            found.append((other, there, placed))
        else:
            why = f"{other.path} may hold it now ({other.why}), but {placed.why}"
            missed.append(Miss(why, rests_on_names=placed.rests_on_names))
    if not found:
        on_names = any(miss.rests_on_names for miss in missed)
        return Miss("; ".join(miss.why for miss in missed), rests_on_names=on_names)
    if len(found) > 1:
        names = ", ".join(other.path for other, _, _ in found)
        return Miss(f"its lines went to several files ({names})")
    other, there, placed = found[0]
    why = f"moved from {path} to {other.path} ({placed.placed}): {other.why}; {placed.why}"
    sure = min(placed.confidence, _SURE)
    return (
        other.path,
        there,
        replace(placed, placed=Placed.MOVED, confidence=sure, why=why, offset=None),
    )


def is_away(job: Job) -> bool:
    """Whether a hunk's scope left the file."""
    return job.home is not None and not job.target.same_scope(job.home)
