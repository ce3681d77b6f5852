# SPDX-License-Identifier: GPL-2.0-only
"""Objects of a git repository: one by one from a git that stays, or many in one go."""

from __future__ import annotations

import threading
import weakref
from collections.abc import Callable, Iterable, Iterator
from contextlib import suppress
from dataclasses import dataclass
from typing import IO

from zpmaint.core.errors import InfraError
from zpmaint.core.readable import is_readable
from zpmaint.sources.git_run import GitError, GitProcess, Runner
from zpmaint.sources.pipes import wide
from zpmaint.sources.tree_rules import RefusedError, limits

PATIENCE = 1800.0
"""Seconds for one object: it may have to come from a server."""
_LINK = b"120000"


class UnreadableError(InfraError):
    """git could not read what it should have."""


@dataclass(frozen=True)
class Entry:
    """A file of a tree, or a symbolic link, whose target are its contents."""

    path: str
    mode: bytes
    """As git has it: 100644, 100755, 120000."""
    data: bytes

    @property
    def is_link(self) -> bool:
        return self.mode == _LINK


class Objects:
    """A repository's objects, one by one. Each kind of question is answered by a git of its own,
    which is started with the first one."""

    def __init__(self, runner: Runner) -> None:
        self._runner = runner
        self._gits: dict[str, GitProcess] = {}
        # Who reads a repository need not say when they are done.
        weakref.finalize(self, _end, self._gits)

    def header(self, name: str) -> tuple[str, str, int] | None:
        """Hash, kind and size in bytes of what `name` names; None where there is none such.
        Raises UnreadableError."""
        _, head = self._ask("--batch-check", name)
        return head

    def contents(self, name: str) -> bytes:
        """What an object holds. Raises UnreadableError, also for one that is not there."""
        git, head = self._ask("--batch", name)
        if head is None:
            raise UnreadableError(f"{name} is missing")
        if head[2] > limits().file:
            self.close()
            raise UnreadableError(f"{name} has {head[2]} bytes, more than {limits().file}")
        data = git.stdout.read(head[2] + 1)
        if len(data) != head[2] + 1:
            raise self._ended(git)
        return data[:-1]

    def tree(self, name: str) -> dict[str, tuple[str, str]]:
        """Mode and hash of each entry of one folder, by its name. Raises UnreadableError."""
        head = self.header(name)
        if head is None or head[1] != "tree":
            raise UnreadableError(f"{name} is missing")
        data, width = self.contents(head[0]), len(head[0]) // 2
        found = {}
        while data:
            mode, _, rest = data.partition(b" ")
            entry, _, rest = rest.partition(b"\0")
            found[_text(entry)] = _text(mode), rest[:width].hex()
            data = rest[width:]
        return found

    def close(self) -> None:
        """End the gits."""
        _end(self._gits)

    def _ask(self, how: str, name: str) -> tuple[GitProcess, tuple[str, str, int] | None]:
        if "\n" in name or "\0" in name:
            raise UnreadableError(f"{name!r} is no name of an object")
        was_there = how in self._gits
        git = self._gits.get(how) or self._runner.start(
            "cat-file", how, takes_input=True, seconds=None
        )
        self._gits[how] = git
        line = b""
        with suppress(BrokenPipeError):
            git.stdin.write(name.encode("utf-8", "surrogateescape") + b"\n")
            git.stdin.flush()
            # A question is answered before the next one: nothing is in the pipe's buffer.
            if not is_readable(git.stdout.fileno(), PATIENCE):
                self.close()
                raise UnreadableError(f"git gave no answer within {PATIENCE:g} s, asked for {name}")
            line = git.stdout.readline()
        if not line.endswith(b"\n"):
            error = self._ended(git)
            if was_there:
                # It ends with the thread that started it, which another one may outlive.
                return self._ask(how, name)
            raise error
        words = line.split()
        if words[-1] in (b"missing", b"ambiguous"):
            return git, None
        if len(words) != 3 or not words[2].isdigit():
            self.close()
            raise UnreadableError(f"git cat-file said {line[:80]!r} of {name}")
        return git, (_text(words[0]), _text(words[1]), int(words[2]))

    def _ended(self, git: GitProcess) -> UnreadableError:
        said = "git ended early"
        try:
            git.finish()
        except GitError as error:
            said = error.said
        self.close()
        return UnreadableError(said)


def _end(gits: dict[str, GitProcess]) -> None:
    while gits:
        gits.popitem()[1].close()


def files_of(runner: Runner, tree: str) -> tuple[int, Iterator[tuple[str, bytes]]]:
    """How many files a tree has (links and submodules are none), and each, path and contents."""
    count, entries = entries_of(runner, tree, lambda mode: mode != _LINK)
    return count, ((entry.path, entry.data) for entry in entries)


def entries_of(
    runner: Runner, tree: str, wanted: Callable[[bytes], bool] = lambda mode: True
) -> tuple[int, Iterator[Entry]]:
    """How many files and links a tree has, of the modes that are wanted, and each.

    Raises UnreadableError; RefusedError for a tree of more entries than any kernel has."""
    rows = [row for row in _listed(runner, tree) if row[0][:3] in (b"100", b"120")]
    rows = [row for row in rows if wanted(row[0])]
    data = contents(runner, [sha for _, sha, _ in rows])
    entries = (
        Entry(path.decode("utf-8", "surrogateescape"), mode, held)
        for (mode, _, path), held in zip(rows, data, strict=True)
    )
    return len(rows), entries


def _listed(runner: Runner, tree: str) -> list[tuple[bytes, bytes, bytes]]:
    """Mode, object and path of every file of a tree."""
    bounds = limits()
    rows = []
    with runner.start("ls-tree", "-r", "-z", "--full-tree", tree) as git:
        rest = b""
        while data := git.stdout.read(1 << 20):
            *whole, rest = (rest + data).split(b"\0")
            for row in whole:
                facts, _, path = row.partition(b"\t")
                mode, _, sha = facts.split()
                rows.append((mode, sha, path))
            if len(rows) > bounds.entries or len(rest) > 4 * bounds.path:
                raise RefusedError("", f"a tree of more than {bounds.entries} entries")
        try:
            git.finish()
        except GitError as error:
            raise UnreadableError(error.said) from None
    return rows


def contents(runner: Runner, blobs: Iterable[bytes]) -> Iterator[bytes]:
    """The blobs' bytes, in their order."""
    wanted = list(blobs)
    most = limits().file
    with (
        runner.start("cat-file", "--batch", "--buffer", takes_input=True) as git,
        wide(git.stdout) as out,
    ):
        asking = threading.Thread(target=_ask, args=(git.stdin, wanted), daemon=True)
        asking.start()
        for name in wanted:
            head = out.readline().split()
            if len(head) != 3 or head[1] != b"blob":
                raise UnreadableError(f"{name.decode()} is missing")
            size = int(head[2])
            if size > most:
                raise RefusedError("", f"a file of {size} bytes, {most} are read at most")
            data = out.read(size + 1)
            if len(data) != size + 1:
                raise UnreadableError(f"{name.decode()} is cut short")
            yield data[:-1]
        asking.join()


def _ask(pipe: IO[bytes], wanted: Iterable[bytes]) -> None:
    with suppress(OSError, ValueError), pipe:  # it was ended, and its pipe with it
        pipe.write(b"".join(name + b"\n" for name in wanted))


def _text(data: bytes) -> str:
    return data.decode("utf-8", "surrogateescape")
