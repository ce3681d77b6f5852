# SPDX-License-Identifier: GPL-2.0-only
"""What a source tree holds: the questions by which toolchains, fix-ups and profiles are chosen.

Trees are asked, not versions: a release candidate, a vendor's tree and a backport answer for
themselves, and a version range would have to be guessed for each of them.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated

from pydantic import AfterValidator, BaseModel, ConfigDict

from zpmaint.core.text import to_text


def _compiles(pattern: str) -> str:
    re.compile(pattern, re.MULTILINE)
    return pattern


Pattern = Annotated[str, AfterValidator(_compiles)]
"""A regular expression as the data files write it; ^ and $ match at every line."""


class Table(BaseModel):
    """A table of one of this room's data files: frozen, no unknown keys."""

    model_config = ConfigDict(extra="forbid", frozen=True)


class SourceView:
    """A source tree as a build will see it: the files of `root`, under those of `over`.

    `over` maps a path to its content, or to None where the file is to be absent.
    """

    def __init__(self, root: Path, over: Mapping[str, bytes | None] | None = None) -> None:
        self.root = root
        self.over = dict(over or {})

    def read(self, path: str) -> bytes | None:
        """The content of a file, None where there is none."""
        if path in self.over:
            return self.over[path]
        try:
            return (self.root / path).read_bytes()
        except (FileNotFoundError, NotADirectoryError, IsADirectoryError):
            return None

    def text(self, path: str) -> str | None:
        """A file as text; None where there is none."""
        found = self.read(path)
        return None if found is None else to_text(found)

    def has(self, path: str) -> bool:
        """Whether there is such a file or folder."""
        if path in self.over:
            return self.over[path] is not None
        return (self.root / path).exists()

    def glob(self, pattern: str) -> list[str]:
        """The files that match, sorted; `over` adds none that match only there by a wildcard."""
        if not any(sign in pattern for sign in "*?["):
            return [pattern] if self.read(pattern) is not None else []
        found = (str(path.relative_to(self.root)) for path in self.root.glob(pattern))
        return sorted(path for path in found if self.read(path) is not None)


class Holds(Table):
    """At least one of `files` (globs) has a line that `pattern` finds."""

    files: tuple[str, ...]
    """Globs below the tree's root."""
    pattern: Pattern
    """Found in a line of one of them."""


class Condition(Table):
    """All of it must be true of a tree; an empty condition always is."""

    has: tuple[str, ...] = ()
    """Files or folders that are there."""
    lacks: tuple[str, ...] = ()
    """Files or folders that are not."""
    holds: tuple[Holds, ...] = ()
    """Lines that are found."""

    def met(self, tree: SourceView) -> bool:
        """Whether `tree` answers yes to all of it."""
        return (
            all(tree.has(path) for path in self.has)
            and not any(tree.has(path) for path in self.lacks)
            and all(_found(row, tree) for row in self.holds)
        )


def _found(row: Holds, tree: SourceView) -> bool:
    return any(
        re.search(row.pattern, to_text(tree.read(path) or b""), re.MULTILINE)
        for glob in row.files
        for path in tree.glob(glob)
    )
