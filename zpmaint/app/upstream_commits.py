# SPDX-License-Identifier: GPL-2.0-only
"""Which upstream commits the patches of a series are, and which others they stand on."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

from zpmaint.core.versions import KernelVersion
from zpmaint.diffs.series import Member, Series
from zpmaint.port.markers import Marks, marks
from zpmaint.port.prerequisites import brought, expected_by, lacking, spoken_of
from zpmaint.sources.commit import Commit
from zpmaint.sources.source import HasHistory

_MOST = 400
"""Commits in a patch's files that are read for what it stands on."""
_ALL = 1_000_000
"""More commits than there are between two kernels."""
_REVERT = 'Revert "'


@dataclass(frozen=True)
class Prerequisite:
    """A commit that brought lines of which a patch speaks, and which the kernel does not have."""

    commit: Commit
    lines: tuple[str, ...]
    patch: str
    """The patch of the series that is this commit; '' where none is: then it is hidden."""

    def as_json(self) -> dict[str, Any]:
        return {
            **self.commit.as_json(), "lines": list(self.lines), "patch": self.patch or None,
        }  # fmt: skip


@dataclass(frozen=True)
class Ancestry:
    """What was found out of a patch's past."""

    commits: tuple[Commit, ...] = ()
    """The commits of the kernel that are this patch."""
    prerequisites: tuple[Prerequisite, ...] = ()
    note: str = ""
    """Why its prerequisites were not looked for; '' where they were."""


@dataclass(frozen=True)
class Commits:
    """The commits between the kernel that a series was cut against and the one it goes to."""

    git: HasHistory
    base: KernelVersion
    target: KernelVersion
    series: Series
    _said: dict[str, Marks] = field(default_factory=dict)

    @cached_property
    def between(self) -> Sequence[Commit]:
        """All that the newer one has and the older one has not, in every file: one listing is had
        sooner than a question for each patch."""
        older, newer = sorted((self.base, self.target))
        return self.git.between(older.tag, newer.tag, (), most=_ALL) or ()

    @cached_property
    def _by_subject(self) -> Mapping[str, Sequence[Commit]]:
        found: dict[str, list[Commit]] = {}
        for commit in self.between:
            found.setdefault(commit.subject, []).append(commit)
        return found

    @cached_property
    def _by_name(self) -> Mapping[str, Commit]:
        return {commit.short: commit for commit in self.between}

    def said(self, member: Member) -> Marks:
        """What a patch says of itself."""
        if member.name not in self._said:
            self._said[member.name] = marks(member)
        return self._said[member.name]

    def of(self, member: Member) -> tuple[Commit, ...]:
        """The commits between the kernels that are this patch, by its own words: the one that it
        cites, else those of its subject. None where one of them was reverted since."""
        if self.base > self.target:
            return ()
        return self._between(member)

    def _between(self, member: Member) -> tuple[Commit, ...]:
        said = self.said(member)
        named = [self._by_name[sha[:12]] for sha in said.commits if sha[:12] in self._by_name]
        found = named or list(self._by_subject.get(said.subject, ()))
        if any(f'{_REVERT}{commit.subject}"' in self._by_subject for commit in found):
            return ()
        return tuple(found)

    @cached_property
    def _patches(self) -> Mapping[str, str]:
        """By subject the patch of the series."""
        return {
            subject: member.name
            for member in self.series.members
            if (subject := self.said(member).subject)
        }

    def prerequisites(
        self, member: Member, kernel: Mapping[str, bytes | None]
    ) -> tuple[tuple[Prerequisite, ...], str]:
        """What a patch stands on that the target, whose files are in `kernel`, does not have: the
        commits behind the target and before the patch's own one, or before its base. Why that was
        not looked for is the second."""
        original = next(iter(self._originals(member)), None)
        spoken = spoken_of(member)
        if original is not None and original.parents:
            until = original.parents[0]
            then, now = (self.git.contents(rev, spoken) for rev in (until, original.sha))
            own = expected_by(then, now)
            spoken = {path: lines | own.get(path, frozenset()) for path, lines in spoken.items()}
        elif self.base > self.target:
            until = self.base.tag
        else:
            return (), "its own commit is not in the history at hand"
        wanted = {path: lines for path, lines in lacking(spoken, kernel).items() if lines}
        if not wanted:
            return (), ""
        commits = self.git.between(self.target.tag, until, wanted, most=_MOST + 1)
        if commits is None:
            return (), "a tag here names a tree without a history"
        if len(commits) > _MOST:
            return (), f"not looked for: more than {_MOST} commits in its files"
        found = []
        for commit in commits:
            if not commit.parents:
                continue
            then, now = (self.git.contents(r, wanted) for r in (commit.parents[0], commit.sha))
            patch = self._patches.get(commit.subject, "")
            if patch != member.name and (lines := brought(then, now, wanted)):
                found.append(Prerequisite(commit, tuple(lines), patch))
        return tuple(found), ""

    def _originals(self, member: Member) -> Sequence[Commit]:
        """The commit that a patch is, wherever the repository has it."""
        cited = (self.git.commit(sha) for sha in self.said(member).commits)
        return [commit for commit in cited if commit is not None] or self._between(member)
