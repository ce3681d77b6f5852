# SPDX-License-Identifier: GPL-2.0-only
"""A patch's history: the ranges of kernels it meets in one way, and what caused each change.

Two witnesses: what the patch set declares, and, where one git repository has both of two
neighbouring kernels, the commits between them at which the port itself changes.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any

from zpmaint.app.commit_range import MOST, Past
from zpmaint.app.port import starting, touched
from zpmaint.app.session import Session
from zpmaint.app.sweep import bases_for, sweep_over, within
from zpmaint.core.errors import InfraError, UserError
from zpmaint.core.versions import KernelVersion
from zpmaint.patchset.values import PatchSet
from zpmaint.port.engine import Blobs, port
from zpmaint.port.history import (
    Manner,
    Range,
    declared,
    manner,
    ranges,
    touched_scopes,
    way,
)
from zpmaint.port.values import Port
from zpmaint.sources.chain import Chain
from zpmaint.sources.commit import Commit
from zpmaint.sources.source import HasHistory


@dataclass(frozen=True)
class Cause:
    """Why a range begins where it does."""

    declared: tuple[str, ...]
    """What the patch set says of it, a line each."""
    commits: tuple[Commit, ...]
    """The upstream commits at which the port changes, oldest first."""
    note: str
    """Why there are no commits; '' where there are."""


@dataclass(frozen=True)
class Chapter:
    """A range and its cause."""

    range: Range
    cause: Cause

    def as_json(self) -> dict[str, Any]:
        """An object of the list that `zpmaint history --json` prints."""
        run, weakest = self.range, self.range.weakest
        return {
            "first": str(run.first.version),
            "last": str(run.last.version),
            "count": len(run.ports),
            "state": str(run.first.state),
            "anchor": run.first.anchor,
            "way": way(run.first) or None,
            "confidence": round(weakest.confidence, 3),
            "why": weakest.why,
            "cause": {
                "commits": [commit.as_json() for commit in self.cause.commits],
                "declared": list(self.cause.declared),
                "note": self.cause.note or None,
            },
        }


@dataclass(frozen=True)
class History:
    """The chapters, oldest first."""

    chapters: tuple[Chapter, ...]
    absent: Mapping[str, str]
    """Tracked kernels that no source gave, each with the reason."""


def history(
    session: Session,
    patchset: PatchSet,
    sources: Sequence[str] = (),
    *,
    since: KernelVersion | None = None,
    until: KernelVersion | None = None,
) -> History:
    """The history of `patchset` within [since, until].

    With `sources` over all kernels that these serve; without, over all tags of the project's git
    sources and the kernels that kernels.toml tracks: every kernel that kernel.org keeps would be
    a tarball each."""
    absent: dict[str, str] = {}
    if sources:
        chain = session.chain(sources)
        versions = within(chain.versions(), since, until)
    else:
        chain = session.chain().cheapest_first()
        tags = {v for git in chain.histories() for v in git.versions()}
        tracked = within(_tracked(session, patchset, absent), since, until)
        more = _had(patchset, [v for v in tracked if v not in tags], chain, absent)
        versions = sorted([*within(tags, since, until), *more])
    if not versions:
        reasons = "".join(f"; {kernel}: {why}" for kernel, why in absent.items())
        raise UserError(f"no kernel to tell of{reasons}", "name a --source, or a wider range")
    bases = bases_for(session, patchset, versions, chain)
    runs = ranges(sweep_over(session, patchset, versions, bases, chain))
    search = _Search(patchset, bases, chain)
    chapters = []
    with session.reporter.step(f"find the causes of {len(runs)} ranges", "ranges") as step:
        for before, run in zip([None, *runs], runs, strict=False):
            chapters.append(Chapter(run, search.cause(before.last if before else None, run.first)))
            step.advance(len(chapters), len(runs))
    return History(tuple(chapters), absent)


def _tracked(session: Session, patchset: PatchSet, absent: dict[str, str]) -> set[KernelVersion]:
    """The kernels that kernels.toml tracks for a patch set; a series of which no source names
    the newest goes to `absent`."""
    found: set[KernelVersion] = set()
    for row in session.config.kernel:
        if patchset.name in (row.patches or (session.config.patch,)):
            try:
                found.add(session.resolve(row.version, session.chain(names=row.sources)))
            except (UserError, InfraError) as error:
                absent[row.version] = error.what
    return found


def _had(
    patchset: PatchSet, versions: Sequence[KernelVersion], chain: Chain, absent: dict[str, str]
) -> list[KernelVersion]:
    """Those of `versions` that `chain` can give; the others go to `absent`."""
    found = []
    for version in versions:
        try:
            chain.blobs(version, touched(starting(patchset, version)))
        except (UserError, InfraError) as error:
            absent[str(version)] = error.what
        else:
            found.append(version)
    return found


def cause_between(
    session: Session, patchset: PatchSet, before: Port, after: Port, chain: Chain
) -> Cause:
    """Why the ports onto two neighbouring kernels differ, by the first git history of both among
    `chain` and the project's sources."""
    wanted = (before.version, after.version)
    among = chain if chain.history_of(*wanted) else session.chain()
    return _Search(patchset, bases_for(session, patchset, wanted, chain), among).cause(
        before, after
    )


class _Search:
    """For causes of the changes between neighbouring kernels."""

    def __init__(self, patchset: PatchSet, bases: Mapping[str, Blobs], chain: Chain) -> None:
        self._patchset = patchset
        self._bases = bases
        self._chain = chain

    def cause(self, before: Port | None, after: Port) -> Cause:
        said = tuple(declared(self._patchset, before, after))
        if before is None:
            return Cause(said, (), "the first kernel looked at")
        git = self._chain.history_of(before.version, after.version)
        if git is None:
            return Cause(said, (), "no git history between these kernels here")
        commits, note = self._commits(git, before, after)
        return Cause(said, tuple(commits), note)

    def _commits(self, git: HasHistory, before: Port, after: Port) -> tuple[list[Commit], str]:
        starts = [a for p in (before, after) for a in starting(self._patchset, p.version)]
        paths = touched(starts)
        past = Past(git, before.version, after.version, paths, most=MOST)
        if past.note:
            return [], past.note
        near = past.near(touched_scopes((before, after)))
        moved = False
        # As the older kernel's port sees it; where that one sees no change (an anchor may be
        # left before it fails), as the newer one's does.
        for rules in (before.version, after.version):
            seen = partial(self._manner, rules)
            if seen(git.blobs(before.version, paths)) == seen(git.blobs(after.version, paths)):
                continue
            moved = True
            # Far from the hunks comes last: a name that the patch speaks of may be gone there.
            for commits in (near, past.commits):
                if found := past.turning(partial(_at, seen, past), commits):
                    return found, ""
        if not moved:
            return [], "by declaration alone: either anchor would be carried as before"
        return (
            [],
            f"none of {len(past.commits)} commits in {', '.join(paths)} changes the port by itself",
        )

    def _manner(self, rules: KernelVersion, files: Blobs) -> Manner:
        """How `files` take the patch, if they were the kernel `rules`."""
        return manner(port(self._patchset, rules, self._bases, files))


def _at(seen: Callable[[Blobs], Manner], past: Past, revision: str) -> Manner:
    return seen(past.files(revision))
