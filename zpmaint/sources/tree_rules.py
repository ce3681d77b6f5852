# SPDX-License-Identifier: GPL-2.0-only
"""What a kernel's tree may consist of, whoever made it: an archive or a repository.

Names that stay below its top, files, folders, links that lead to places inside, and not more of
them than a kernel has. Pure: it is told of each entry before anything is written.
"""

from __future__ import annotations

import functools
import re
import tomllib
from dataclasses import dataclass
from pathlib import Path

_CONTROL = re.compile("[\0-\x1f\x7f-\x9f\u2028\u2029]")
_NO_NAMES = ("", ".", "..", ".git")
_NO_NAME = "a name that leads out of the tree, or into a repository in it"
_HOPS = 40
"""Links that Linux follows in one path."""


class RefusedError(ValueError):
    """An entry that no kernel's tree has, and that might do harm."""

    def __init__(self, entry: str, why: str) -> None:
        super().__init__(f"{shown(entry)}: {why}" if entry else why)


def shown(entry: str) -> str:
    """A name, as it can be printed; a long one cut."""
    text = ascii(entry) if _CONTROL.search(entry) or not entry.isprintable() else repr(entry)
    return text if len(text) <= 120 else f"{text[:60]}...{text[-50:]}"


@dataclass(frozen=True)
class Limits:
    """How much a tree is at most; see unpack.toml for the reasons."""

    entries: int
    bytes: int
    file: int
    """Bytes of one file."""
    path: int
    """Characters of one path."""
    depth: int
    padding: int
    """Zeros behind an archive's end."""
    memory: int
    """Bytes that xz may take."""


@functools.cache
def limits() -> Limits:
    """The limits of unpack.toml."""
    table = tomllib.loads((Path(__file__).parent / "unpack.toml").read_text())["limits"]
    return Limits(**{name: row["most"] for name, row in table.items()})


class Outline:
    """The entries of one tree, as they come. Every method raises RefusedError."""

    def __init__(self, bounds: Limits | None = None) -> None:
        self._bounds = limits() if bounds is None else bounds
        self._folders = {""}
        self._files: set[str] = set()
        self.links: dict[str, str] = {}
        self._bytes = 0

    def folder(self, path: str) -> None:
        self._check(path)
        if path in self._files or path in self.links:
            raise RefusedError(path, "a folder where a file was")
        self._enter(path, path)

    def file(self, path: str, size: int) -> None:
        self._new(path)
        self._bytes += size
        if size > self._bounds.file or self._bytes > self._bounds.bytes:
            raise RefusedError(path, f"with it the tree has more than {self._bounds.bytes} bytes")
        self._files.add(path)

    def link(self, path: str, target: str) -> None:
        self._new(path)
        self._bytes += len(target)
        if not target or _CONTROL.search(target) or len(target) > self._bounds.path:
            raise RefusedError(path, f"a symbolic link to {shown(target)}")
        self.links[path] = target

    def same(self, path: str, target: str) -> None:
        """A second name of a file that came before."""
        if target not in self._files:
            raise RefusedError(path, f"a hard link to {shown(target)}, no file that came before it")
        self.file(path, 0)

    def finish(self) -> None:
        """Now that all links are known: none of them leads out of the tree."""
        for path, target in self.links.items():
            if not self._stays(path):
                raise RefusedError(path, f"a symbolic link to {shown(target)}, out of the tree")

    def _new(self, path: str) -> None:
        self._check(path)
        if path in self._folders:
            raise RefusedError(path, "a file where a folder was")
        if path in self._files or path in self.links:
            raise RefusedError(path, "is there twice")
        if path.rpartition("/")[2] in _NO_NAMES:
            raise RefusedError(path, _NO_NAME)
        if len(self._files) + len(self.links) + len(self._folders) > self._bounds.entries:
            raise RefusedError(path, f"one entry more than {self._bounds.entries}")
        self._enter(path.rpartition("/")[0], path)

    def _check(self, path: str) -> None:
        if len(path) > self._bounds.path:
            raise RefusedError(path, f"a name of more than {self._bounds.path} characters")
        if _CONTROL.search(path):
            raise RefusedError(path, "a control character in a name")

    def _enter(self, folder: str, entry: str) -> None:
        """Take in a folder, with all that it lies in, for the sake of an entry."""
        if folder in self._folders:
            return
        parts = folder.split("/")
        if len(parts) > self._bounds.depth:
            raise RefusedError(entry, f"more than {self._bounds.depth} folders deep")
        for end in range(1, len(parts) + 1):
            above = "/".join(parts[:end])
            if above in self.links:
                raise RefusedError(entry, f"lies below the symbolic link {shown(above)}")
            if above in self._files:
                raise RefusedError(entry, "a folder where a file was")
            if parts[end - 1] in _NO_NAMES:
                raise RefusedError(entry, _NO_NAME)
            self._folders.add(above)

    def _stays(self, path: str) -> bool:
        """Whether what is at `path` lies in the tree, every link on the way followed."""
        left = path.split("/")[::-1]
        here: list[str] = []
        hops = 0
        while left:
            part = left.pop()
            if part in ("", "."):
                continue
            if part == "..":
                if not here:
                    return False
                here.pop()
                continue
            here.append(part)
            target = self.links.get("/".join(here))
            if target is not None:
                hops += 1
                if target.startswith("/") or hops > _HOPS:
                    return False
                here.pop()
                left += target.split("/")[::-1]
        return True
