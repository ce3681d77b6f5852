# SPDX-License-Identifier: GPL-2.0-only
"""A repository of somebody's own work, read: its branches, what they stand on, each commit's patch.

Read through a view (git_view.py), as every foreign repository is: nothing of its configuration,
hooks or attributes is heeded, and nothing in it is written.
"""

from __future__ import annotations

from collections.abc import Iterable
from functools import cached_property
from pathlib import Path

from zpmaint.core.errors import UserError
from zpmaint.core.progress import SILENT, Reporter
from zpmaint.core.versions import KernelVersion
from zpmaint.sources.git_objects import Objects, UnreadableError
from zpmaint.sources.git_run import GitError
from zpmaint.sources.git_tags import kernels_of
from zpmaint.sources.git_view import View, view
from zpmaint.sources.source import SourceFailedError

HEADS = "refs/heads/"
_TAGS = "refs/tags/"
_DIFF = (
    "diff-tree", "-r", "--patch", "--binary", "--full-index", "--find-renames", "--root",
    "--no-commit-id", "--no-ext-diff", "--no-textconv", "--no-color", "--unified=3",
    "--src-prefix=a/", "--dst-prefix=b/", "--submodule=short",
)  # fmt: skip
"""As git format-patch makes it, whatever anybody has configured."""


class Branches:
    """A repository on this disk, bare or with a work tree."""

    def __init__(self, place: Path, cache: Path, reporter: Reporter = SILENT) -> None:
        """Raises UserError where `place` is no repository that can be read."""
        self.place = place
        self._cache = cache
        self._reporter = reporter
        self.view: View = view(place, cache, reporter)
        self.objects = Objects(self.view.runner)

    def close(self) -> None:
        """End the git that serves it."""
        self.objects.close()

    def __enter__(self) -> Branches:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def commit(self, revision: str) -> str:
        """The whole name of the commit that `revision` names. Raises UserError where there is
        none."""
        found = None
        # A name that starts with a dash or has a space is no revision to cat-file, which takes
        # it as it stands; there is nothing in it that a shell or git could act on.
        if revision and not revision.startswith("-"):
            found = self._header(f"{revision}^{{commit}}")
        if found is None or found[1] != "commit":
            raise UserError(
                f"{self.place}: no commit {revision!r}",
                f"name a branch, a tag or a commit: git -C {self.place} branch --list",
            )
        return found[0]

    def branch(self, revision: str) -> str:
        """The branch that `revision` names, without refs/heads/; '' where it is none (a tag, a
        commit, HEAD that is detached)."""
        if revision == "HEAD":
            text = (self.view.folder / "HEAD").read_text().strip()
            name = text.removeprefix("ref: ").removeprefix(HEADS)
            return name if text.startswith(f"ref: {HEADS}") else ""
        name = revision.removeprefix(HEADS).removeprefix("heads/")
        return name if f"{HEADS}{name}" in self.view.refs else ""

    @cached_property
    def kernels(self) -> dict[KernelVersion, str]:
        """By kernel the full name of its tag."""
        return _kernels(self.view.refs)

    @cached_property
    def is_shallow(self) -> bool:
        """Whether history was cut off when it was cloned."""
        return (self.view.folder / "shallow").is_file()

    def kernels_in(self, commit: str) -> list[KernelVersion]:
        """The tagged kernels that are in the history of `commit`, newest first."""
        listed = self.text("for-each-ref", f"--merged={commit}", "--format=%(refname)", _TAGS)
        return sorted(_kernels(listed.splitlines()), reverse=True)

    def fork(self, one: str, other: str) -> str | None:
        """The newest commit that two have in common; None where there is none."""
        try:
            return self.view.runner.text("merge-base", one, other)
        except GitError as error:
            if error.status == 1 and not error.stderr:
                return None
            raise self.broken(error) from None

    def is_in(self, commit: str, tip: str) -> bool:
        """Whether `commit` is in the history of `tip`."""
        return self.fork(commit, tip) == commit

    def count(self, older: str, newer: str) -> int:
        """How many commits `newer` has that `older` has not."""
        return int(self.text("rev-list", "--count", newer, f"^{older}"))

    def commits(self, older: str, newer: str) -> list[str]:
        """They, parents first."""
        words = ("--topo-order", "--reverse", newer, f"^{older}")
        return self.text("rev-list", *words).split()

    def object(self, commit: str) -> bytes:
        """A commit object's bytes."""
        try:
            return self.objects.contents(commit)
        except UnreadableError as error:
            raise self.broken(error) from None

    def patch(self, commit: str) -> bytes:
        """What a commit changes against its first parent, as git's own diff; b'' for nothing."""
        try:
            return self.view.runner.run(*_DIFF, commit)
        except GitError as error:
            raise self.broken(error) from None

    def changed(self, one: str, other: str) -> list[str]:
        """The files in which two commits differ, those that one of them lacks included."""
        words = ("diff-tree", "-r", "-z", "--name-only", "--no-renames", one, other)
        return [path for path in self.text(*words).split("\0") if path]

    def files(self, commit: str, paths: Iterable[str]) -> dict[str, bytes | None]:
        """What files hold at a commit; None for one that it does not have."""
        found: dict[str, bytes | None] = {}
        for path in paths:
            head = self._header(f"{commit}:{path}")
            is_file = head is not None and head[1] == "blob"
            found[path] = self.object(head[0]) if head is not None and is_file else None
        return found

    def text(self, *words: str) -> str:
        """What git says. Raises SourceFailedError."""
        try:
            return self.view.runner.text(*words)
        except GitError as error:
            raise self.broken(error) from None

    def _header(self, name: str) -> tuple[str, str, int] | None:
        try:
            return self.objects.header(name)
        except UnreadableError as error:
            if "is no name of an object" in error.what:
                return None
            raise self.broken(error) from None

    def broken(self, error: GitError | UnreadableError) -> SourceFailedError:
        """An error of git as one of the repository."""
        said = error.said if isinstance(error, GitError) else error.what
        hint = f"git -C {self.place} fsck shows what is broken"
        if self.view.is_partial:
            said += "; it was cloned without all contents, and zpmaint runs nothing to fetch them"
            hint = f"git -C {self.place} fetch --refetch --no-filter origin"
        return SourceFailedError(f"{self.place}: git could not read it: {said}", hint)


def _kernels(refs: Iterable[str]) -> dict[KernelVersion, str]:
    """By kernel the full name of its tag."""
    tags, _ = kernels_of(ref.removeprefix(_TAGS) for ref in refs if ref.startswith(_TAGS))
    return {version: f"{_TAGS}{name}" for version, name in tags.items()}
