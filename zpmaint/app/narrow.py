# SPDX-License-Identifier: GPL-2.0-only
"""A bisection: which release turned a patch, and where a history is at hand, which commit."""

from __future__ import annotations

import time
from collections.abc import Callable, Collection
from dataclasses import dataclass, field, replace
from typing import Any

from zpmaint.app.history import Cause, cause_between
from zpmaint.app.job import Job
from zpmaint.app.looks import Looks
from zpmaint.app.narrow_commits import CommitStep, narrow_commits
from zpmaint.app.port import starting, touched
from zpmaint.core.errors import InfraError, UserError
from zpmaint.core.result import Result
from zpmaint.core.versions import KernelVersion
from zpmaint.matrix import narrowing
from zpmaint.matrix.criterion import Criterion, Depth, Kind, Observed, answer, check_ends
from zpmaint.matrix.narrowing import Answer
from zpmaint.matrix.path import between, is_line
from zpmaint.sources.commit import Commit
from zpmaint.sources.source import HasHistory


@dataclass(frozen=True)
class Step:
    """One kernel that was looked at."""

    version: KernelVersion
    answer: Answer
    depth: Depth
    words: str
    seconds: float
    remembered: bool
    """Whether it was known before; nothing was done then."""

    def as_json(self) -> dict[str, Any]:
        return {
            "version": str(self.version),
            "answer": str(self.answer),
            "depth": str(self.depth),
            "why": self.words,
            "seconds": round(self.seconds, 3),
            "remembered": self.remembered,
        }


@dataclass(frozen=True)
class Narrowed:
    """What came of a bisection."""

    criterion: Criterion
    depth: Depth
    row: tuple[KernelVersion, ...]
    """From the good one to the bad one."""
    steps: tuple[Step, ...]
    last_good: KernelVersion
    first_bad: KernelVersion
    skipped: tuple[KernelVersion, ...]
    """Those between them: nobody can tell which of them is the first bad one."""
    against: tuple[KernelVersion, ...]
    """Bad ones before `last_good`: it turned more than once, and this is the last turn."""
    is_line: bool
    """Whether each kernel of the row is made from the one before it."""
    commits: tuple[Commit, ...] = ()
    """The commits that turn it; oldest first. Several of a bisection by commit: one of them."""
    candidates: tuple[Commit, ...] = ()
    """The commits between the two that touch files of the patch: it may be one of them."""
    note: str = ""
    """Why there are no commits, or not one."""
    commit_steps: tuple[CommitStep, ...] = ()
    """The commits that were looked at by themselves."""

    @property
    def is_exact(self) -> bool:
        return not self.skipped

    @property
    def is_fix(self) -> bool:
        """Whether the bad kernels are the older ones."""
        return self.first_bad < self.last_good

    def as_json(self) -> dict[str, Any]:
        """The object that `zpmaint bisect --json` prints."""
        return {
            "run": str(self.criterion),
            "depth": str(self.depth),
            "good": str(self.row[0]),
            "bad": str(self.row[-1]),
            "kernels": len(self.row),
            "last_good": str(self.last_good),
            "first_bad": str(self.first_bad),
            "exact": self.is_exact,
            "skipped": [str(one) for one in self.skipped],
            "against": [str(one) for one in self.against],
            "one_line": self.is_line,
            "steps": [step.as_json() for step in self.steps],
            "commits": [commit.as_json() for commit in self.commits],
            "commit_steps": [
                {
                    "commit": step.commit.sha,
                    "answer": str(step.answer),
                    "why": step.words,
                    "seconds": round(step.seconds, 3),
                    "remembered": step.remembered,
                }
                for step in self.commit_steps
            ],
            "candidates": [commit.as_json() for commit in self.candidates],
            "note": self.note or None,
        }


@dataclass
class _Row:
    """A bisection under way."""

    looks: Looks
    row: list[KernelVersion]
    on_step: Callable[[Step], None]
    answers: dict[int, Answer] = field(default_factory=dict)
    steps: list[Step] = field(default_factory=list)

    def take(self, step: Step) -> None:
        self.answers[self.row.index(step.version)] = step.answer
        self.steps.append(step)
        self.on_step(step)


def narrow(
    job: Job,
    bad: KernelVersion,
    looks: Looks,
    *,
    skip: Collection[KernelVersion] = (),
    by_commit: bool = False,
    on_step: Callable[[Step], None] = lambda _: None,
    on_commit: Callable[[CommitStep], None] = lambda _: None,
) -> Narrowed:
    """Find where the patch turned between the kernel of `job`, which is good, and a `bad` one.

    Each answer is remembered as it comes: the same call goes on from there. What cannot be judged,
    and what the infrastructure failed at, is gone round; the latter is tried again by the next
    call. `by_commit` goes on among the commits between the two releases, each built or booted; a
    port goes on by itself. Raises UserError where the two do not differ as they have to, InfraError
    where one of the two cannot be looked at."""
    good = job.version
    looks = _deep_enough(looks, bad)
    row = between(good, bad, job.chain.versions())
    state = _Row(looks, row, on_step)
    ends = {}
    for version, wanted in ((good, Answer.GOOD), (bad, Answer.BAD)):
        began = time.monotonic()
        seen, known = looks.at(version)
        ends[wanted] = seen
        took = time.monotonic() - began
        state.take(Step(version, wanted, looks.depth, seen.words, took, known))
    first, last = ends[Answer.GOOD], ends[Answer.BAD]
    check_ends(first, last, (str(good), str(bad)))
    for version in row[1:-1]:
        if version in skip:
            state.take(Step(version, Answer.SKIP, looks.depth, "left out, as asked", 0.0, True))
        elif (before := looks.remembered(version)) is not None:
            told = answer(first, last, before)
            if told is not Answer.SKIP or before.state is not None:
                state.take(Step(version, told, looks.depth, before.words, 0.0, True))
    while (place := narrowing.next_place(state.answers, len(row))) is not None:
        state.take(_looked(looks, row[place], first, last))
    made = _told(job, state)
    git = _history(job, made.last_good, made.first_bad) if by_commit else None
    if git is None or made.skipped or looks.depth is Depth.PORT or not _are_neighbours(made):
        return made
    between_these = (made.last_good, made.first_bad)
    among = narrow_commits(looks, git, between_these, (first, last), on_commit)
    return replace(
        made, commits=among.commits, commit_steps=among.steps, note=among.note,
        candidates=made.candidates if not among.commits else (),
    )  # fmt: skip


def _deep_enough(looks: Looks, bad: KernelVersion) -> Looks:
    """A kernel that is bad by its port, or by its build, needs no more of the others than that."""
    if looks.criterion.kind is not Kind.RESULT:
        return looks
    record = looks.known(bad)
    if record is None:
        port = looks.port(bad)
        if not port.state.leads_on:
            return replace(looks, criterion=Criterion(Kind.PORT))
        record = looks.verified(bad)
    kinds = {Result.CONFLICT: Kind.PORT, Result.BUILD: Kind.BUILD}
    return replace(looks, criterion=Criterion(kinds.get(record.result, Kind.RESULT)))


def _looked(looks: Looks, version: KernelVersion, good: Observed, bad: Observed) -> Step:
    began = time.monotonic()
    try:
        seen, known = looks.at(version)
    except (UserError, InfraError) as error:
        # Not served, or the machine's trouble: nothing to remember, and no reason to end.
        seen, known = Observed(str(error)), False
    took = time.monotonic() - began
    return Step(version, answer(good, bad, seen), looks.depth, seen.words, took, known)


def _told(job: Job, state: _Row) -> Narrowed:
    row, looks = state.row, state.looks
    found = narrowing.found(state.answers, len(row))
    made = Narrowed(
        criterion=looks.criterion,
        depth=looks.depth,
        row=tuple(row),
        steps=tuple(state.steps),
        last_good=row[found.last_good],
        first_bad=row[found.first_bad],
        skipped=tuple(row[at] for at in found.skipped),
        against=tuple(row[at] for at in found.against),
        is_line=is_line(row[0], row[-1]),
    )
    if made.skipped:
        return replace(made, note="not known between which two releases it is")
    older, newer = sorted((made.last_good, made.first_bad))
    if not _are_neighbours(made):
        return replace(made, note=f"{newer} is not made from {older}")
    if looks.depth is Depth.PORT:
        cause: Cause = cause_between(
            job.session, job.patchset, looks.port(older), looks.port(newer), job.chain
        )
        return replace(made, commits=cause.commits, note=cause.note)
    return _candidates(job, made, older, newer)


def _are_neighbours(made: Narrowed) -> bool:
    return is_line(made.last_good, made.first_bad)


def _candidates(job: Job, made: Narrowed, older: KernelVersion, newer: KernelVersion) -> Narrowed:
    git = _history(job, older, newer)
    if git is None:
        return replace(made, note="no git history of both kernels is at hand")
    starts = [one for version in (older, newer) for one in starting(job.patchset, version)]
    commits = git.commits(older, newer, touched(starts), most=_SHOWN)
    if not commits:
        return replace(made, note="no commit between them touches a file of the patch")
    return replace(made, candidates=tuple(commits), note="each of them was not tried by itself")


def _history(job: Job, one: KernelVersion, other: KernelVersion) -> HasHistory | None:
    return job.chain.history_of(one, other) or job.session.chain().history_of(one, other)


_SHOWN = 50
"""Commits that are told of."""
