# SPDX-License-Identifier: GPL-2.0-only
"""What a patch file is made of: prose and the diffs of files, every byte kept."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property

from unidiff.patch import PatchedFile
from unidiff.patch import PatchSet as UnifiedDiff

from zpmaint.diffs.grammar import hunk_range


@dataclass(frozen=True)
class Note:
    """Something that is said of a line of a patch file."""

    line: int
    """Counted from 1."""
    what: str

    def __str__(self) -> str:
        return f"line {self.line}: {self.what}"


@dataclass(frozen=True)
class HunkText:
    """A hunk's lines as they stand in the file, with their ends."""

    old_start: int
    old_count: int
    new_start: int
    new_count: int
    tail: str
    """What its header says after the second @@, with the line's end."""
    header: str
    lines: tuple[str, ...]

    def at(self, old_start: int, new_start: int) -> str:
        """The header line for another place."""
        if (old_start, new_start) == (self.old_start, self.new_start):
            return self.header
        old, new = hunk_range(old_start, self.old_count), hunk_range(new_start, self.new_count)
        return f"@@ -{old} +{new} @@{self.tail}"


@dataclass(frozen=True)
class FileDiff:
    """What a patch does to one file."""

    head: tuple[str, ...]
    """Its lines up to the first hunk: Index, diff --git, extended headers, --- and +++."""
    hunks: tuple[HunkText, ...]
    binary: tuple[str, ...]
    """The lines of a binary change, those of `GIT binary patch` or `Binary files differ`."""
    old: str | None
    """The path in the tree that it reads; None for a file that it creates."""
    new: str | None
    """The path that it writes; None for a file that it deletes."""
    number: int
    """The line of the patch file where it starts, counted from 1."""

    def said(self, key: str) -> str | None:
        """What an extended header says: said("new mode") is 100755."""
        start = f"{key} "
        return next(
            (line[len(start) :].strip() for line in self.head if line.startswith(start)), None
        )

    @property
    def is_git(self) -> bool:
        """Whether git wrote it: then its headers say all that happens to the file."""
        return any(line.startswith("diff --git ") for line in self.head)

    @property
    def is_copy(self) -> bool:
        return self.said("copy from") is not None

    @property
    def is_rename(self) -> bool:
        return (
            self.old is not None
            and self.new is not None
            and not self.is_copy
            and (self.old != self.new)
        )

    @property
    def paths(self) -> tuple[str, ...]:
        """The files that it reads or writes."""
        return tuple(dict.fromkeys(path for path in (self.old, self.new) if path is not None))

    @cached_property
    def parsed(self) -> PatchedFile:
        """unidiff's model of its hunks, as those of a file that stays under its name.

        Only for a diff with hunks."""
        path = self.new or self.old
        return UnifiedDiff(_plain(str(path), self.hunks))[0]

    def text(self) -> str:
        """The lines as they stand in the file."""
        hunks = "".join(h.header + "".join(h.lines) for h in self.hunks)
        return "".join(self.head) + hunks + "".join(self.binary)


def _plain(path: str, hunks: Sequence[HunkText]) -> Iterator[str]:
    # Not the file's own head: prose and dates in it would be read, too.
    yield f"--- a/{path}\n"
    yield f"+++ b/{path}\n"
    for hunk in hunks:
        yield hunk.header.rstrip("\r\n") + "\n"
        for line in hunk.lines:
            yield line if line[0] in " +-\\" else " " + line


@dataclass(frozen=True)
class PatchText:
    """A patch file whole."""

    pieces: tuple[str | FileDiff, ...]
    """Prose (mail headers, a message, a diffstat, a signature) and diffs, in their order."""
    notes: tuple[Note, ...] = ()
    """What was put right in reading: a count in a hunk's header, a blank that was eaten. Each is
    in the pieces as it is now."""
    unread: tuple[Note, ...] = ()
    """Parts of a diff that stand in the prose, as none of this reads them; never to be passed
    over in silence."""

    @property
    def diffs(self) -> tuple[FileDiff, ...]:
        return tuple(piece for piece in self.pieces if isinstance(piece, FileDiff))

    def text(self) -> str:
        """Every byte of the file again, but for what `notes` tells of."""
        return "".join(p if isinstance(p, str) else p.text() for p in self.pieces)
