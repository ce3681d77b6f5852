# SPDX-License-Identifier: GPL-2.0-only
"""What became of the branches that patch sets were made from, and taking what is new."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from enum import StrEnum
from pathlib import Path
from typing import Any

from zpmaint.app.from_branch import between
from zpmaint.app.new import New, Wanted, repository_of, taken_from
from zpmaint.app.session import Session
from zpmaint.core.eras import Era
from zpmaint.core.errors import InfraError, UserError
from zpmaint.core.files import locked, write_whole
from zpmaint.diffs.member import Member
from zpmaint.patchset.anchor_files import write_anchor
from zpmaint.patchset.git_table import moved_on
from zpmaint.patchset.load import TABLE, all_patchsets
from zpmaint.patchset.table import with_anchor
from zpmaint.patchset.values import Anchor, Branch
from zpmaint.sources.git_branches import HEADS, Branches
from zpmaint.sources.source import SourceFailedError


class Standing(StrEnum):
    """How a branch stands to the set that was made from it."""

    SAME = "same"
    """The set holds its newest commit."""
    AHEAD = "new commits"
    """It has commits that the set does not hold."""
    REWRITTEN = "rewritten"
    """The commit that the set ends with is no longer in it."""
    GONE = "gone"
    """The repository or the branch is not there, or cannot be read."""


@dataclass(frozen=True)
class BranchNews:
    """One set's branch."""

    patchset: str
    branch: Branch
    standing: Standing
    count: int = 0
    """Of commits that are new."""
    tip: str = ""
    why: str = ""
    """Why it is gone."""

    @property
    def has_changed(self) -> bool:
        """Whether the branch is no longer what the set was made from."""
        return self.standing is not Standing.SAME

    def as_json(self) -> dict[str, Any]:
        """The object of a set's branch in what `zpmaint track --json` prints."""
        return {
            "patchset": self.patchset,
            "repository": self.branch.repository,
            "branch": self.branch.name,
            "standing": str(self.standing),
            "commits": self.count,
            "holds": self.branch.commit,
            "tip": self.tip or None,
            "why": self.why or None,
        }

    def __str__(self) -> str:
        where = f"{self.patchset}: {self.branch.name} of {self.branch.repository}"
        again = f"zpmaint new {self.patchset} --again takes"
        match self.standing:
            case Standing.AHEAD:
                more = f"{self.count} new commit{'s' if self.count > 1 else ''}"
                return f"{where}: {more}; {again} them"
            case Standing.REWRITTEN:
                return f"{where}: rewritten since ({self.tip[:12]}); {again} it anew"
            case Standing.GONE:
                return f"{where}: {self.why}"
            case Standing.SAME:
                return f"{where}: nothing new"


def branch_news(session: Session) -> list[BranchNews]:
    """How the branches of the project's sets stand. What cannot be read is told so."""
    sets = all_patchsets(session.places.project)
    return [_news(session, one.name, one.branch) for one in sets if one.branch is not None]


def _news(session: Session, name: str, branch: Branch) -> BranchNews:
    place = repository_of(session, branch.repository)
    try:
        with Branches(place, session.places.cache, session.reporter) as git:
            tip = git.view.refs.get(f"{HEADS}{branch.name}", "")
            if not tip:
                return BranchNews(name, branch, Standing.GONE, why="the branch is not there")
            if tip == branch.commit:
                return BranchNews(name, branch, Standing.SAME, tip=tip)
            with suppress(UserError):  # the commit may be gone with the rewriting
                held = git.commit(branch.commit)
                if git.is_in(held, tip):
                    return BranchNews(name, branch, Standing.AHEAD, git.count(held, tip), tip)
            return BranchNews(name, branch, Standing.REWRITTEN, tip=tip)
    except (UserError, SourceFailedError) as error:
        return BranchNews(name, branch, Standing.GONE, why=error.what)


def take_again(session: Session, name: str, sources: tuple[str, ...] = ()) -> New:
    """Bring a set up to its branch: its anchor's patches are made anew, or, where the branch
    stands on another kernel now, an anchor for that one is added.

    Raises UserError where the set has no branch, or where its patches were changed by hand since
    they were taken: they would be lost."""
    patchset = session.patchset(name)
    branch = patchset.branch
    if branch is None:
        raise UserError(
            f"{patchset.name} was not made from a branch",
            "zpmaint new NAME --from git:REPOSITORY RANGE makes one",
        )
    with locked(patchset.folder / TABLE, session.reporter):
        place = repository_of(session, branch.repository)
        taken = taken_from(session, _now(session, place, branch, sources))
        fresh = replace(branch, commit=taken.tip, since=taken.since)
        anchor = next((a for a in patchset.anchors if a.name == taken.base.tag), None)
        toml = patchset.folder / TABLE
        text = toml.read_text(encoding="utf-8")
        if anchor is None:
            last = patchset.anchors[-1]
            made = Anchor(
                taken.base.tag, taken.base, taken.base, Era(), taken.series,
                f"{branch.name} stands on it since it was rebased",
            )  # fmt: skip
            text = with_anchor(text, made, last.name, last.era)
        else:
            made = replace(anchor, series=taken.series)
            was = Wanted(place, f"{branch.since}..{branch.commit}", sources=sources)
            _check_by_hand(session, was, anchor, taken.series.members)
        text = moved_on(text, fresh)
        if fresh != branch or anchor is None:
            write_anchor(patchset.folder, made)
            write_whole(toml, text)  # the one that makes it count comes last
        names = tuple(member.name for member in taken.series.members)
        notes = taken.notes if fresh != branch else (*taken.notes, f"{branch.name}: nothing new")
        return New(patchset.name, patchset.folder, taken.base, names, fresh, notes)


def _now(session: Session, place: Path, branch: Branch, sources: tuple[str, ...]) -> Wanted:
    """The branch's own commits as it is now: those above the commit that they stood on, where they
    still do and no newer kernel came between (by a rebase or a merge)."""
    name = f"{HEADS}{branch.name}"
    with Branches(place, session.places.cache, session.reporter) as git:
        tip = git.commit(name)
        still = False
        with suppress(UserError):
            since = git.commit(branch.since)
            still = git.is_in(since, tip) and not between(git, since, tip)
    return Wanted(place, f"{branch.since}..{name}" if still else name, sources=sources)


def _check_by_hand(session: Session, was: Wanted, anchor: Anchor, fresh: Sequence[Member]) -> None:
    """Raise UserError where the anchor's patches are neither those that were taken nor those that
    would be written now, as after a run that was killed."""
    there = _texts(anchor.series.members)
    if there == _texts(fresh):
        return
    before = there
    with suppress(UserError, InfraError):  # the old commits may be gone: nothing to compare with
        before = _texts(taken_from(session, was).series.members)
    if there != before:
        raise UserError(
            f"{anchor.name}: its patches were changed since they were taken from the branch",
            "commit the changes to the branch and take the folder's own back, or make another set "
            "of the branch: zpmaint new OTHER --from",
        )


def _texts(members: Sequence[Member]) -> list[tuple[str, bytes]]:
    return [(member.name, member.data) for member in members]
