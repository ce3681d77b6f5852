# SPDX-License-Identifier: GPL-2.0-only
"""The files that a file of a patch goes to: its own, or where upstream moved parts of it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import replace

from unidiff.patch import PatchedFile

from zpmaint.port import moved, wholefile
from zpmaint.port.climb import climbed, told
from zpmaint.port.one_file import applied, approved, idle, jobs_of, modified
from zpmaint.port.parsed import Blobs, files_of
from zpmaint.port.placed import Placed
from zpmaint.port.placement import Job, Miss, Placement
from zpmaint.port.terms import Terms
from zpmaint.port.values import FilePort


def ported(
    file: PatchedFile, base: bytes | None, target: bytes | None, terms: Terms
) -> list[FilePort]:
    """The ports of a file: more than one where upstream moved a part of it to other files."""
    stays = target is not None or file.is_added_file or file.is_removed_file
    done = wholefile.port(file, target, terms) if stays or not terms.offers else None
    if done is not None:
        return [done]
    if stays:
        done = modified(file, base, target, terms)
        if done.result is not None or not terms.offers:
            return [done]
    left = _left(file, base, terms, target)
    if not isinstance(left, Miss):
        return left
    done = done or wholefile.port(file, target, terms)
    assert done is not None  # a file that is not there is always told of
    hunks = (
        replace(
            hunk,
            why=f"{hunk.why}; {left.why}",
            rests_on_names=hunk.rests_on_names or left.rests_on_names,
        )
        if hunk.placed.is_conflict
        else hunk
        for hunk in done.hunks
    )
    return [replace(done, hunks=tuple(hunks)) if left.why else done]


def _left(
    file: PatchedFile, base: bytes | None, terms: Terms, target: bytes | None
) -> list[FilePort] | Miss:
    """The ports of a file some or all of whose hunks have to go to other files; why not, where
    they do not find a place there."""
    if base is None:
        return Miss("without a base a function that moved is not told from another")
    jobs = jobs_of(file, base, b"" if target is None else target, terms)
    taken: dict[str, list[tuple[Job, Placement | Miss]]] = {}
    for job in jobs:
        path: str = file.path
        attempt = Miss("") if target is None else climbed(job)
        goes = target is None or moved.is_away(job)
        if isinstance(attempt, Miss) and not attempt.done:
            found = moved.place(file.path, job, terms.offers, climbed) if goes else Miss("")
            if isinstance(found, Miss):
                return found
            path, job, attempt = found  # noqa: PLW2901  # the job goes on in the other file
        taken.setdefault(path, []).append((job, attempt))
    ports = []
    for path, pairs in taken.items():
        done = _together(path, file.path, pairs)
        if isinstance(done, Miss):
            return done
        ports.append(done)
    return ports


def _together(
    path: str, origin: str, pairs: Sequence[tuple[Job, Placement | Miss]]
) -> FilePort | Miss:
    """A file of the target with all hunks that go there, held to the checks of a whole file."""
    jobs = [job for job, _ in pairs]
    placed = sorted((a for _, a in pairs if isinstance(a, Placement)), key=lambda a: a.start)
    result = applied(jobs[0].target, placed)
    if isinstance(result, Miss):
        return replace(result, why=f"{path}: {result.why}")
    if unused := idle(path, jobs, placed, result):
        return Miss(f"{path}: {', '.join(unused)} would be left without a user")
    kept = [approved(path, j, a, result) if isinstance(a, Placement) else a for j, a in pairs]
    for one in kept:
        if isinstance(one, Miss) and not one.done:
            return replace(one, why=f"{path}: {one.why}")
    hunks = tuple(map(told, jobs, kept))
    return FilePort(path, hunks, result.data, moved_from=origin if path != origin else "")


def away(patch: str, base: Blobs, target: Blobs) -> dict[str, tuple[str, ...]]:
    """By path the functions (and other scopes) whose lines `patch` changes and that are not in
    that file of the target; all of them where there is no such file."""
    found: dict[str, tuple[str, ...]] = {}
    for file in files_of(patch):
        old, blob = base.get(file.path), target.get(file.path)
        if old is None or file.is_added_file or file.is_removed_file or file.is_rename:
            continue
        if (names := away_of(file, old, blob)) is not None:
            found[file.path] = names
    return found


def away_of(file: PatchedFile, base: bytes, target: bytes | None) -> tuple[str, ...] | None:
    """The same of one file that stays one; None where all that the patch changes is there."""
    jobs = [job for job in jobs_of(file, base, target or b"") if moved.is_away(job)]
    if not jobs and target is not None:
        return None
    return tuple(dict.fromkeys(job.home.name for job in jobs if job.home is not None))


def there(done: FilePort, target: Blobs, terms: Terms) -> bytes | None:
    """The target's file that a port changes."""
    if not done.moved_from:
        return target.get(done.path)
    return next(offer.data for offer in terms.offers if offer.path == done.path)


def one_each(files: list[FilePort]) -> list[FilePort]:
    """The ports; conflicts where two of them would change one file, each without the other."""
    paths = Counter(file.path for file in files)
    moved_to = {file.path for file in files if file.moved_from}
    found = []
    for file in files:
        if file.path in moved_to and paths[file.path] > 1:
            why = f"two files of the patch go to {file.path} now"
            conflicts = (
                replace(h, placed=Placed.CONFLICT, confidence=0.0, why=why) for h in file.hunks
            )
            file = replace(file, hunks=tuple(conflicts), result=None)  # noqa: PLW2901
        found.append(file)
    return found
