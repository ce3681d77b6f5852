"""Hunks whose file or function went to another file of the target.

The caller offers files of the target. A hunk goes to one of them only where its scope, by name,
or for lines at file level most of its own lines, are found in that one and in no other; it is then
placed there by the same ladder as at home, and says where it went.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import replace

from zpmaint.port.outlines import language
from zpmaint.port.placement import Attempt, Job, Miss, Placement
from zpmaint.port.scopes import source
from zpmaint.port.text import squeezed
from zpmaint.port.tokens import identifiers

_ENOUGH = 0.6
"""The share of a hunk's own lines that must stand in a file for it to be looked at."""
_SURE = 0.8
"""As sure as a hunk in another file can be."""

Try = Callable[[str, Job], Attempt]


def known_lines(job: Job, data: bytes) -> float:
    """The share of the lines that a hunk expects, of those that say something, in a file."""
    wanted = [squeezed(line) for line in job.change.pre]
    wanted = [line for line in wanted if identifiers(line)]
    if len(wanted) < 2:
        return 0.0
    there = {squeezed(line) for line in source(data, job.target.language).lines}
    return sum(line in there for line in wanted) / len(wanted)


def place(
    path: str, job: Job, offers: Iterable[tuple[str, bytes]], attempt: Try
) -> tuple[str, Job, Placement] | Miss:
    """The one offered file that takes a hunk of `path`, and where it goes there."""
    found: list[tuple[str, Job, Placement]] = []
    for other, data in offers:
        if other == path or language(other) != job.target.language:
            continue
        if known_lines(job, data) < _ENOUGH:
            continue
        there = replace(job, target=source(data, job.target.language))
        if job.home is not None and not there.target.same_scope(job.home):
            continue
        placed = attempt(other, there)
        if isinstance(placed, Placement):
            found.append((other, there, placed))
    if len(found) != 1:
        names = ", ".join(other for other, _, _ in found)
        return Miss(f"its lines went to several files ({names})" if found else "", weight=2)
    other, there, placed = found[0]
    why = f"moved from {path} to {other} ({placed.placed}); {placed.why}"
    sure = min(placed.confidence, _SURE)
    return other, there, replace(placed, placed="moved", confidence=sure, why=why, offset=None)


def is_away(job: Job, attempt: Attempt) -> bool:
    """Whether a hunk that found no place may have one in another file: its scope left."""
    return isinstance(attempt, Miss) and job.home is not None and not _has_home(job)


def _has_home(job: Job) -> bool:
    return job.home is not None and bool(job.target.same_scope(job.home))
