# SPDX-License-Identifier: GPL-2.0-only
"""A bisection that goes on among the commits between two neighbouring releases, each built, and
booted where the criterion asks it."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import pairwise

from zpmaint.app.looks import Looks
from zpmaint.core.errors import InfraError, UserError
from zpmaint.core.versions import KernelVersion
from zpmaint.matrix import narrowing
from zpmaint.matrix.criterion import Depth, Observed, answer
from zpmaint.matrix.narrowing import Answer
from zpmaint.sources.commit import Commit
from zpmaint.sources.source import HasHistory

_MOST = 5000
"""Commits between two releases that are bisected at all: a large point release has a thousand."""


@dataclass(frozen=True)
class CommitStep:
    """One commit that was looked at."""

    commit: Commit
    answer: Answer
    depth: Depth
    words: str
    seconds: float
    remembered: bool


@dataclass(frozen=True)
class Among:
    """What came of it."""

    steps: tuple[CommitStep, ...] = ()
    commits: tuple[Commit, ...] = ()
    """The one that turned it; several where those before it could not be judged."""
    note: str = ""
    """Why there are none."""


def narrow_commits(
    looks: Looks,
    git: HasHistory,
    releases: tuple[KernelVersion, KernelVersion],
    ends: tuple[Observed, Observed],
    on_step: Callable[[CommitStep], None],
) -> Among:
    """Find the commit between two `releases`, a good one and a bad one. `ends` is what was seen on
    a good and a bad kernel.

    Only where each commit is made from the one before it, as in a stable series: a row through
    merges would put side by side what are not each other's parents."""
    good, bad = releases
    older, newer = sorted(releases)
    listed = git.between(older.tag, newer.tag, (), most=_MOST + 1)
    if not listed:
        return Among(note="no commits between them are at hand")
    if len(listed) > _MOST:
        return Among(note=f"more than {_MOST} commits between them")
    if not _is_chain(listed):
        return Among(note="merges lie between them: their commits are no row")
    # The last is the newer release itself; the older one is before the first.
    row: list[Commit | None] = [None, *listed]
    if good > bad:
        row.reverse()
    answers: dict[int, Answer] = {}
    steps: list[CommitStep] = []
    while (place := narrowing.next_place(answers, len(row))) is not None:
        commit = row[place]
        assert commit is not None
        began = time.monotonic()
        try:
            seen, known = looks.at_commit(git, commit.sha)
        except (UserError, InfraError) as error:
            seen, known = Observed(str(error)), False
        told = answer(*ends, seen)
        took = time.monotonic() - began
        steps.append(CommitStep(commit, told, looks.depth, seen.words, took, known))
        answers[place] = told
        on_step(steps[-1])
    found = narrowing.found(answers, len(row))
    # Read backwards (for a fix) what turned it is the commit before: the one that is good again.
    places = range(found.last_good + 1, found.first_bad + 1)
    if good > bad:
        places = range(found.last_good, found.first_bad)
    turned = tuple(commit for at in places if (commit := row[at]) is not None)
    note = "" if found.is_exact else "one of them: not all could be judged"
    return Among(tuple(steps), turned, note)


def _is_chain(commits: Sequence[Commit]) -> bool:
    return all(len(one.parents) == 1 for one in commits) and all(
        one.parents == (before.sha,) for before, one in pairwise(commits)
    )
