# SPDX-License-Identifier: GPL-2.0-only
"""Conflicts that a person solves: opened, solved from memory, and what became of the rest."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from functools import lru_cache

from unidiff.patch import PatchedFile

from zpmaint.patchset.values import Resolution
from zpmaint.port import intent, resolution, sites, wholefile
from zpmaint.port.carry import diff_of
from zpmaint.port.climb import climbed, told
from zpmaint.port.one_file import applied, jobs_of, modified
from zpmaint.port.outcome import Outcome, carried_on, stuck
from zpmaint.port.parsed import Blobs, Frozen, files_of
from zpmaint.port.placed import Placed
from zpmaint.port.placement import Job, Miss, Placement
from zpmaint.port.scopes import Source
from zpmaint.port.strategies import LADDER
from zpmaint.port.values import FilePort

_UNPLACED = frozenset({Placed.CONFLICT, Placed.UPSTREAM})


@lru_cache(maxsize=512)
def recalled(
    patch: str, base: Frozen, target: Frozen, resolutions: tuple[Resolution, ...]
) -> Outcome:
    """A port in conflict, with what was solved before solved in the same way."""
    before, now = dict(base), dict(target)
    files = [_recalled_file(f, before[f.path], now[f.path], resolutions) for f in files_of(patch)]
    return stuck(files, _UNPLACED) or carried_on(
        files, [diff_of(file, now[file.path]) for file in files]
    )


def _recalled_file(
    file: PatchedFile,
    base: bytes | None,
    target: bytes | None,
    resolutions: Sequence[Resolution],
) -> FilePort:
    done = wholefile.port(file, target) or modified(file, base, target)
    mine = [memory for memory in resolutions if memory.path == file.path]
    if target is None or not mine or all(not hunk.placed.is_conflict for hunk in done.hunks):
        return done
    jobs, attempts = _tried(file, base, target, done)
    if not jobs:
        return done
    solved = resolution.solve(file.path, jobs, attempts, mine)
    hunks = tuple(map(told, solved.jobs, solved.attempts))
    if solved.result is None:
        return replace(done, hunks=hunks)
    return FilePort(file.path, hunks, solved.result.data)


def _tried(
    file: PatchedFile, base: bytes | None, target: bytes, done: FilePort
) -> tuple[list[Job], list[Placement | Miss]]:
    """Each hunk with what became of it in `done`; none of a file that a merge cannot hold."""
    if wholefile.port(file, target):
        return [], []
    jobs = jobs_of(file, base, target)
    attempts = [
        Miss(hunk.why) if hunk.placed.is_conflict else climbed(job)
        for job, hunk in zip(jobs, done.hunks, strict=True)
    ]
    return jobs, attempts


def opened(patch: str, base: Blobs, target: Blobs) -> dict[str, sites.Opened]:
    """By path what a port of `patch` leaves open; files that a merge cannot hold (created,
    deleted, gone) are left out."""
    found = {}
    for file in files_of(patch):
        blob, old = target.get(file.path), base.get(file.path)
        done = wholefile.port(file, blob) or modified(file, old, blob)
        if blob is not None and any(hunk.placed.is_conflict for hunk in done.hunks):
            jobs, attempts = _tried(file, old, blob, done)
            if jobs:
                found[file.path] = sites.opened(file.path, jobs, attempts)
    return found


def settled(
    patch: str, base: Blobs, target: Blobs, resolutions: Sequence[Resolution] = ()
) -> dict[str, FilePort]:
    """The files of a patch of which every hunk is placed, whatever became of the others."""
    files = (
        _recalled_file(file, base.get(file.path), target.get(file.path), resolutions)
        for file in files_of(patch)
    )
    return {
        done.path: done
        for done in files
        if all(hunk.placed not in _UNPLACED for hunk in done.hunks)
    }


def patched(patch: str, path: str, base: bytes) -> bytes | None:
    """A file of the anchor's base with the anchor applied; None where it is not what the anchor
    was cut against."""
    file = next(file for file in files_of(patch) if file.path == path)
    jobs = jobs_of(file, base, base)
    placements = [a for a in (LADDER[0](job) for job in jobs) if isinstance(a, Placement)]
    result = applied(jobs[0].target, placements) if len(placements) == len(jobs) else None
    return result.data if isinstance(result, Source) else None


def lost(patch: str, path: str, base: bytes | None, target: bytes, result: bytes) -> list[str]:
    """The hunks of a file whose intent `result`, made from `target` by hand, does not fulfil."""
    file = next(file for file in files_of(patch) if file.path == path)
    found = []
    for job in jobs_of(file, base, target):
        share = intent.share(job.change, *_scope_of(job, replace(job.target, data=result)))
        if share < intent.ENOUGH:
            found.append(f"only {share:.0%} of what {job.change.header} is for would be done")
    return found


def _scope_of(job: Job, after: Source) -> tuple[list[str], list[str]]:
    """A hunk's scope before and after, where both have it; else the file."""
    twins = [s.same_scope(job.home) if job.home else [] for s in (job.target, after)]
    if any(len(found) != 1 for found in twins):
        return job.target.lines, after.lines
    (one,), (other,) = twins
    return job.target.lines[one.start : one.end], after.lines[other.start : other.end]
