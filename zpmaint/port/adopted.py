# SPDX-License-Identifier: GPL-2.0-only
"""Whether upstream has adopted what a patch does, hunk by hunk."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache

from zpmaint.port import upstream, wholefile
from zpmaint.port.one_file import jobs_of
from zpmaint.port.parsed import Frozen, files_of
from zpmaint.port.placed import Placed
from zpmaint.port.values import FilePort, HunkPort


@dataclass(frozen=True)
class Seen:
    """What a target shows of a patch's change."""

    is_adopted: bool
    verbatim: bool
    files: tuple[FilePort, ...]
    why: str


@lru_cache(maxsize=512)
def adopted(patch: str, base: Frozen, target: Frozen) -> Seen:
    """Whether the target behaves as the patch wants, hunk by hunk; all hunks must agree."""
    before, now = dict(base), dict(target)
    files: list[FilePort] = []
    found: list[upstream.Evidence] = []
    for file in files_of(patch):
        blob = now[file.path]
        if whole := wholefile.port(file, blob):
            held = all(hunk.placed is Placed.UPSTREAM for hunk in whole.hunks)
            found.append(upstream.Evidence(0.0, float(held), held, whole.hunks[0].why))
            files.append(whole)
            continue
        assert blob is not None
        jobs = jobs_of(file, before[file.path], blob)
        signs = [upstream.evidence(job) for job in jobs]
        found += signs
        hunks = tuple(
            HunkPort(
                job.change.header,
                job.home.name if job.home else "",
                Placed.UPSTREAM if sign.adopted else Placed.CONFLICT,
                1.0 if sign.verbatim else min(1 - sign.left, sign.there) if sign.adopted else 0.0,
                sign.why,
            )
            for job, sign in zip(jobs, signs, strict=True)
        )
        files.append(FilePort(file.path, hunks, blob if all(s.adopted for s in signs) else None))
    return Seen(
        all(sign.adopted for sign in found),
        all(sign.verbatim for sign in found),
        tuple(files),
        "; ".join(dict.fromkeys(sign.why for sign in found)),
    )
