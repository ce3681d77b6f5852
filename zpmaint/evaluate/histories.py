# SPDX-License-Identifier: GPL-2.0-only
"""Git histories that an evaluation reads by path: a folder that holds OWNER/NAME, never copied.

ZPMAINT_PAIRS_GIT names the folder. They are read with git itself, through a view (git_view.py), one
long-lived process for contents: a data set asks for some hundred thousand.
"""

from __future__ import annotations

import os
import re
import threading
from collections.abc import Iterable, Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from zpmaint.core.errors import InfraError, UserError
from zpmaint.core.places import kept_in
from zpmaint.core.text import to_text
from zpmaint.sources.git_objects import entries_of
from zpmaint.sources.git_run import GitError
from zpmaint.sources.git_view import view
from zpmaint.sources.tree_rules import RefusedError
from zpmaint.sources.tree_writer import TreeWriter

VARIABLE = "ZPMAINT_PAIRS_GIT"
_RELEASE = re.compile(r"Linux v?(\d+\.\d+[\d.]*(?:-rc\d+)?)")


def folder() -> Path:
    """What the environment names. Raises UserError where it names nothing."""
    named = os.environ.get(VARIABLE, "")
    if not named or not Path(named).is_dir():
        said = f"is {named!r}, no folder" if named else "is not set"
        raise UserError(
            f"{VARIABLE} {said}", "let it name a folder that holds OWNER/NAME git clones"
        )
    return Path(named)


@dataclass(frozen=True)
class Change:
    """A file that differs between two trees; '' for a blob that is not there."""

    path: str
    old: str
    new: str


@dataclass(frozen=True)
class Commit:
    """One commit of a history."""

    sha: str
    parents: tuple[str, ...]
    release: str
    """The kernel that it makes, by its subject: 2.6.32.5; '' for any other commit."""


class History:
    """One repository. What git refuses is an InfraError, a commit that is not there a UserError."""

    def __init__(self, top: Path, name: str, cache: Path | None = None) -> None:
        """The view is kept below `cache`; None: zpmaint's own."""
        self.name = name
        self._place = top / name
        if not self._place.is_dir():
            raise UserError(f"{self._place}: no such repository", f"clone {name} there")
        self._runner = view(self._place, cache or kept_in()[0]).runner

    def _git(self, *words: str) -> bytes:
        try:
            return self._runner.run(*words)
        except GitError as error:
            raise InfraError(
                f"{self._place}: {error.said}", "is it a whole clone of the repository?"
            ) from None

    def insist(self, commits: Iterable[str]) -> None:
        """Raise UserError unless all these commits are there."""
        asked = "".join(f"{sha}^{{commit}}\n" for sha in commits)
        told = self._runner.text(
            "cat-file", "--batch-check=%(objecttype)", stdin=asked.encode("utf-8", "replace")
        )
        if lost := [line for line in told.splitlines() if line.endswith("missing")]:
            raise UserError(
                f"{self._place}: {len(lost)} commits are not there: {lost[0].split('^')[0]}",
                f"fetch the whole history of {self.name}",
            )

    def patch(self, commit: str) -> bytes:
        """A commit as `git format-patch -M` mails it."""
        return self._git("format-patch", "-1", "--stdout", "-M", "--no-signature", commit)

    def touched(self, commit: str) -> list[str]:
        """The files that a commit changes, a renamed one by both names."""
        rows = self._git("diff-tree", "-r", "-z", "--no-renames", "--no-commit-id", commit)
        return [to_text(path) for path in rows.split(b"\0")[1::2]]

    def files(self, tree: str) -> dict[str, str]:
        """Path to blob of everything in a tree."""
        found = {}
        for row in self._git("ls-tree", "-r", "-z", tree).split(b"\0"):
            head, tab, path = row.partition(b"\t")
            if tab and head.split()[1] == b"blob":
                found[to_text(path)] = to_text(head.split()[2])
        return found

    def changes(self, old: str, new: str) -> list[Change]:
        """What differs between two trees."""
        rows = self._git("diff-tree", "-r", "-z", "--no-renames", old, new).split(b"\0")
        found = []
        for head, path in zip(rows[0::2], rows[1::2], strict=False):
            modes, blobs = to_text(head).split()[:2], to_text(head).split()[2:4]
            sides = [
                "" if mode.lstrip(":") in ("000000", "160000") else blob
                for mode, blob in zip(modes, blobs, strict=True)
            ]
            found.append(Change(to_text(path), *sides))
        return found

    def folders(self, folders: Sequence[str], place: Path) -> None:
        """Write some folders as they are at HEAD below the empty folder `place`. Raises UserError
        where one is not there, InfraError where one holds what is not to be written."""
        writer = TreeWriter(place)
        for folder in folders:
            try:
                if self._runner.text("cat-file", "-t", f"HEAD:{folder}") != "tree":
                    raise GitError(1, "no folder")
            except GitError:
                raise UserError(
                    f"{self._place}: no folder {folder} at HEAD", "see its branches"
                ) from None
            try:
                for entry in entries_of(self._runner, f"HEAD:{folder}")[1]:
                    path = f"{folder}/{entry.path}"
                    if entry.is_link:
                        writer.link(path, to_text(entry.data))
                    else:
                        writer.file(path, entry.data)
            except RefusedError as error:
                raise InfraError(f"{self._place}: refused: {error}") from None
        try:
            writer.finish()
        except RefusedError as error:
            raise InfraError(f"{self._place}: refused: {error}") from None

    def commits(self, tips: Sequence[str]) -> list[Commit]:
        """All ancestors of some commits, each behind its parents."""
        text = self._git(
            "log",
            "--topo-order",
            "--reverse",
            "--format=%H%x00%P%x00%s",
            *dict.fromkeys(tips),
            "--",
        )
        found = []
        for line in to_text(text).splitlines():
            sha, parents, subject = line.split("\0", 2)
            release = _RELEASE.fullmatch(subject)
            found.append(Commit(sha, tuple(parents.split()), release[1] if release else ""))
        return found

    def read(self, names: Iterable[str]) -> Iterator[bytes | None]:
        """Blobs, named by their hashes or as COMMIT:PATH, in this order; None for what is none."""
        asked = [name.encode("utf-8", "surrogateescape") + b"\n" for name in names]
        if not asked:
            return
        with self._runner.start("cat-file", "--batch", takes_input=True) as git:
            stdin, stdout = git.stdin, git.stdout

            def feed() -> None:
                with suppress(OSError, ValueError), stdin:
                    stdin.writelines(asked)

            feeder = threading.Thread(target=feed, daemon=True)
            feeder.start()
            for _ in asked:
                head = stdout.readline()
                if head.endswith(b" missing\n"):
                    yield None
                    continue
                if not head.endswith(b"\n"):
                    raise InfraError(f"{self._place}: git cat-file ended early")
                _, kind, size = head.split()
                data = stdout.read(int(size) + 1)[:-1]
                yield data if kind == b"blob" else None
            feeder.join()
