# SPDX-License-Identifier: GPL-2.0-only
"""The commits between two kernels of one repository, and which of them turned something.

All in memory: commits from one listing, the files of each from one `git cat-file --batch`.
"""

from __future__ import annotations

from collections.abc import Callable, Hashable, Iterable, Sequence
from functools import lru_cache
from typing import TypeVar

from zpmaint.core.versions import KernelVersion
from zpmaint.port.engine import Blobs
from zpmaint.port.history import Scopes, differ, turns
from zpmaint.sources.commit import Commit
from zpmaint.sources.source import HasHistory

MOST = 2000
"""Commits looked at between two kernels; between two releases some fifty touch a busy file."""
_KEPT = 64  # commits whose files are kept: a commit's parent is mostly the one before it

Seen = TypeVar("Seen", bound=Hashable)


class Past:
    """What `newer` has and `older` has not, as far as it touches some files."""

    def __init__(
        self,
        git: HasHistory,
        older: KernelVersion,
        newer: KernelVersion,
        paths: Iterable[str],
        *,
        most: int = MOST,
    ) -> None:
        self._git = git
        self._paths = list(paths)
        self.commits: Sequence[Commit] = ()
        """Parents first; empty where `note` says why they cannot be searched."""
        self.note = ""
        self.files: Callable[[str], Blobs] = lru_cache(maxsize=_KEPT)(
            lambda revision: git.contents(revision, self._paths)
        )
        listed = git.commits(older, newer, self._paths, most=most + 1)
        if listed is None:
            self.note = "a tag here names a tree without a history"
        elif len(listed) > most:
            self.note = f"not searched: more than {most} commits in {', '.join(self._paths)}"
        else:
            self.commits = listed

    def near(self, scopes: Scopes) -> list[Commit]:
        """The commits that changed some scopes."""
        return [
            commit
            for commit in self.commits
            if any(differ(scopes, self.files(p), self.files(commit.sha)) for p in commit.parents)
        ]

    def turning(self, look: Callable[[str], Seen], commits: Iterable[Commit]) -> list[Commit]:
        """Those of `commits` at which what `look` sees in a commit is in none of its parents."""
        return [
            commit
            for commit in commits
            if turns(look(commit.sha), [look(parent) for parent in commit.parents])
        ]

    def first_tags(self, commits: Iterable[Commit]) -> dict[str, KernelVersion]:
        """By commit the first tagged kernel that has it."""
        return self._git.first_tags([commit.sha for commit in commits])
