# SPDX-License-Identifier: GPL-2.0-only
"""A file that stays a file under its name: its hunks placed, together, and checked together."""

from __future__ import annotations

from collections.abc import Sequence

from unidiff.patch import PatchedFile

from zpmaint.merge.lines import join
from zpmaint.merge.splice import in_order, spliced
from zpmaint.port import checks, leftovers, plain
from zpmaint.port.checks import compiled
from zpmaint.port.climb import climbed, told
from zpmaint.port.held_names import held_to_tree
from zpmaint.port.hunks import Change
from zpmaint.port.outlines import language
from zpmaint.port.placement import Job, Miss, Placement
from zpmaint.port.refuted import refuted
from zpmaint.port.scopes import Source, source
from zpmaint.port.terms import STRICT, Terms
from zpmaint.port.values import FilePort


def port_file(
    file: PatchedFile, base: bytes | None, target: bytes, terms: Terms = STRICT
) -> FilePort:
    """The port of the changed lines of one file that stays a file under its name."""
    return held_to_tree(file, modified(file, base, target, terms), target, terms)


def jobs_of(
    file: PatchedFile, base: bytes | None, target: bytes, terms: Terms = STRICT
) -> list[Job]:
    """What the ladder is given, hunk by hunk."""
    tongue = language(file.path)
    before = None if base is None else source(base, tongue)
    wrote = frozenset(line.value for hunk in file for line in hunk if line.is_added)
    there = source(target, tongue)
    changes = tuple(Change.of(hunk, tongue) for hunk in file)
    return [Job(change, there, before, wrote, terms, changes) for change in changes]


def modified(
    file: PatchedFile, base: bytes | None, target: bytes | None, terms: Terms = STRICT
) -> FilePort:
    """Port a file that stays a file under its name."""
    assert target is not None  # wholefile.port() has dealt with it
    jobs = jobs_of(file, base, target, terms)
    answers, result = _together(file.path, jobs, [climbed(job) for job in jobs])
    if (at := plain.fitting(jobs)) is not None and not plain.stands(answers, at, jobs):
        answers, result = _as_the_tools(file.path, jobs, answers, result)
    if result is not None:
        return FilePort(file.path, tuple(map(told, jobs, answers)), result.data)
    conflict = "\n".join(a.conflict for a in answers if isinstance(a, Miss) and a.conflict)
    return FilePort(file.path, tuple(map(told, jobs, answers)), None, conflict)


def _together(
    path: str, jobs: Sequence[Job], attempts: list[Placement | Miss]
) -> tuple[list[Placement | Miss], Source | None]:
    """The hunks held to the checks of the whole file, and the file, where all have a place."""
    if not _all_placed(attempts):
        return attempts, None
    placements = [a for a in attempts if isinstance(a, Placement)]
    result = applied(jobs[0].target, placements)
    if isinstance(result, Source) and (unused := idle(path, jobs, placements, result)):
        result = Miss(f"{', '.join(unused)} would be left without a user")
    if isinstance(result, Miss):
        return [result for _ in attempts], None
    kept = [
        approved(path, job, a, result) if isinstance(a, Placement) else a
        for job, a in zip(jobs, attempts, strict=True)
    ]
    return kept, result if _all_placed(kept) else None


def _all_placed(attempts: Sequence[Placement | Miss]) -> bool:
    return all(isinstance(a, Placement) or a.done for a in attempts)


def _as_the_tools(
    path: str, jobs: Sequence[Job], answers: list[Placement | Miss], result: Source | None
) -> tuple[list[Placement | Miss], Source | None]:
    """The answers, in the stead of which stands what patch and a merge agree on."""
    at = plain.agreed(jobs)
    if at is None:
        return answers, result
    literal = [plain.literally(job, n, a) for job, n, a in zip(jobs, at, answers, strict=True)]
    if any(map(refuted, jobs, literal)):
        return answers, result
    if jobs[0].base is None:
        # What the patch's author has seen is not known: the other checks can only doubt.
        there = applied(jobs[0].target, literal)
        if isinstance(there, Miss) or idle(path, jobs, literal, there):
            return answers, result
        return list(literal), there
    kept, done = _together(path, jobs, list(literal))
    return (kept, done) if done is not None else (answers, result)


def applied(target: Source, placements: Sequence[Placement]) -> Source | Miss:
    """The target with all placements done."""
    if not in_order((one.start, one.end) for one in placements):
        return Miss("two hunks would land on the same lines or in another order")
    lines = spliced(target.lines, ((one.start, one.end, one.lines) for one in placements))
    if any(not line.endswith("\n") for line in lines[:-1]):
        return Miss("a line that ends the anchor's file, and has no line feed, would be inside")
    return source(join(lines), target.language)


def idle(
    path: str, jobs: Sequence[Job], placements: Sequence[Placement], result: Source
) -> list[str]:
    """The functions that a port would leave without a user."""
    # A header's static functions are there for others.
    return leftovers.of_file(jobs, placements, result) if path.endswith(".c") else []


def approved(path: str, job: Job, placement: Placement, result: Source) -> Placement | Miss:
    """A placement, held to the checks of the scopes that it went to."""
    reasons = checks.of_scope(job, placement, result)
    if reasons:
        return Miss(f"{placement.placed}: {'; '.join(reasons)}")
    return compiled.held(path, job, placement, result)
