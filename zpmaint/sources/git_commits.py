# SPDX-License-Identifier: GPL-2.0-only
"""Commits made beside a repository: no work tree, no index, no HEAD, and nothing in it is touched.

They are written by `git fast-import` into a folder of ours that borrows the repository's objects.
Only once all is made and looked at do the new objects go over (git_landing.py).
"""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path

from zpmaint.core.errors import UserError
from zpmaint.core.files import locked
from zpmaint.core.progress import SILENT, Reporter
from zpmaint.sources.git_branches import Branches
from zpmaint.sources.git_objects import Objects, UnreadableError
from zpmaint.sources.git_run import GitError, Runner, on_view
from zpmaint.sources.source import SourceFailedError

_FILE = "100644"


@dataclass(frozen=True)
class Fresh:
    """A commit that is to be made."""

    author: bytes
    """NAME <ADDRESS> as the commit is to have it."""
    date: str
    """Seconds since the epoch and the zone."""
    committer: bytes
    """NAME <ADDRESS> and the date."""
    message: bytes
    files: Mapping[str, bytes | None]
    """By path what each file that it changes holds then; None for one that goes."""
    modes: Mapping[str, str]
    """By path the mode, where it is not that of the file before (100644 of a new one)."""
    encoding: bytes = b""


class Workbench:
    """Where commits are made."""

    def __init__(self, git: Branches, folder: Path) -> None:
        self.git = git
        self.folder = folder
        view = git.view
        (folder / "objects/info").mkdir(parents=True)
        (folder / "refs").mkdir()
        (folder / "HEAD").write_text("ref: refs/heads/none\n")
        shutil.copy(view.folder / "config", folder / "config")
        if (view.folder / "shallow").is_file():
            shutil.copy(view.folder / "shallow", folder / "shallow")
        (folder / "objects/info/alternates").write_text(f"{view.objects[0]}\n")
        reading = on_view(folder, view.objects)
        assert reading.cell is not None
        self.runner: Runner = replace(reading, cell=replace(reading.cell, writable=(folder,)))
        self.objects = Objects(self.runner)

    def make(self, parent: str, fresh: Sequence[Fresh], name: str) -> list[str]:
        """Make commits on top of the commit `parent`, and give their names in order; `name` tells
        those of one call from another's. Raises UserError where git takes a commit's words for
        none; SourceFailedError where what was made does not hold what it should."""
        modes = self.modes(parent, {path for one in fresh for path in one.files})
        stream = [b"feature done\n"]
        for number, one in enumerate(fresh, 1):
            stream.append(_commit(one, f"refs/made/{name}", number, parent))
            modes |= {path: mode for path, mode in one.modes.items() if mode}
            for path, data in one.files.items():
                mode = modes.get(path, _FILE)
                stream.append(_file(path, data, mode))
            for path, data in one.files.items():
                if data is None:
                    modes.pop(path, None)
        stream.append(b"done\n")
        marks = self.folder / f"marks-{name}"
        words = ("fast-import", "--quiet", "--date-format=raw-permissive", "--force", "--done")
        try:
            self.runner.run(*words, f"--export-marks={marks}", stdin=b"".join(stream))
        except GitError as error:
            raise UserError(
                f"{self.git.place}: git does not take what would be committed: {error.said}",
                "look at the author and date of the patches",
            ) from None
        told = dict(line.split() for line in marks.read_text().splitlines())
        made = [told[f":{number}"] for number in range(1, len(fresh) + 1)]
        self._look_at(made, fresh)
        return made

    def modes(self, commit: str, paths: set[str]) -> dict[str, str]:
        """By path the mode that it has at a commit; those that are not there left out."""
        found: dict[str, str] = {}
        folders = {path.rpartition("/")[0] for path in paths}
        for folder in folders:
            head = self.objects.header(f"{commit}:{folder}")
            if head is None or head[1] != "tree":
                continue
            below = f"{folder}/" if folder else ""
            entries = self.objects.tree(f"{commit}:{folder}")
            found |= {f"{below}{name}": mode for name, (mode, _) in entries.items()}
        return {path: mode for path, mode in found.items() if path in paths}

    def _look_at(self, made: Sequence[str], fresh: Sequence[Fresh]) -> None:
        """Raise SourceFailedError unless the commits hold the files that they were to hold."""
        try:
            for sha, one in zip(made, fresh, strict=True):
                for path, data in one.files.items():
                    head = self.objects.header(f"{sha}:{path}")
                    if (head is None) != (data is None) or (
                        head is not None and self.objects.contents(head[0]) != data
                    ):
                        raise UnreadableError(f"{sha[:12]} does not hold {path} as it should")
        except UnreadableError as error:
            raise self.git.broken(error) from None

    def range_diff(self, older: tuple[str, str], newer: tuple[str, str]) -> str:
        """What two series of commits differ in, each given as (what it stands on, its tip), as
        `git range-diff` tells it."""
        words = ("range-diff", "--no-color", "--no-notes", "--creation-factor=90")
        try:
            told = self.runner.run(*words, f"{older[0]}..{older[1]}", f"{newer[0]}..{newer[1]}")
        except GitError as error:
            raise SourceFailedError(f"{self.git.place}: git range-diff: {error.said}") from None
        return told.decode("utf-8", "surrogateescape")


@contextmanager
def workbench(git: Branches, reporter: Reporter = SILENT) -> Iterator[Workbench]:
    """A workbench for a repository, one at a time, cleared away afterwards; that of a run that was
    killed is cleared by the next one."""
    place = git.view.folder.with_name(git.view.folder.name.replace("view-", "bench-"))
    prefix = f".{place.name}.landing."
    with locked(place, reporter):
        for left in place.parent.glob(f"{prefix}*"):
            shutil.rmtree(left)
        with tempfile.TemporaryDirectory(dir=place.parent, prefix=prefix) as folder:
            made = Workbench(git, Path(folder).resolve())
            try:
                yield made
            finally:
                made.objects.close()


def _commit(one: Fresh, ref: str, number: int, parent: str) -> bytes:
    lines = [
        b"commit %s" % ref.encode(),
        b"mark :%d" % number,
        b"author %s %s" % (one.author, one.date.encode()),
        b"committer %s" % one.committer,
        *([b"encoding %s" % one.encoding] if one.encoding else []),
        b"data %d" % len(one.message),
        one.message,
        *([b"from %s" % parent.encode()] if number == 1 else []),
    ]
    return b"\n".join(lines) + b"\n"


def _file(path: str, data: bytes | None, mode: str) -> bytes:
    named = _quoted(path)
    if data is None:
        return b"D %s\n" % named
    return b"M %s inline %s\ndata %d\n%s\n" % (mode.encode(), named, len(data), data)


def _quoted(path: str) -> bytes:
    """A path as fast-import reads it, whatever is in it."""
    text = path.encode("utf-8", "surrogateescape")
    out = b"".join(
        bytes((one,)) if 32 <= one < 127 and one not in b'"\\' else b"\\%03o" % one for one in text
    )
    return b'"%s"' % out
