"""A patch file in pieces: prose and the diffs of files, which together are every byte of it.

patch(1), quilt and git read the same file with other eyes. Here are the lines as they stand, what
they say of each file (git's extended headers included), and unidiff's model of the hunks.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property

from unidiff.patch import PatchedFile
from unidiff.patch import PatchSet as UnifiedDiff

from zpmaint.core.errors import UserError
from zpmaint.diffs.paths import NOWHERE, without_backup

_HUNK = re.compile(r"@@ -(\d+)(?:,(\d+))? \+(\d+)(?:,(\d+))? @@(.*)", re.DOTALL)
_EXTENDED = (
    "old mode ",
    "new mode ",
    "deleted file mode ",
    "new file mode ",
    "copy from ",
    "copy to ",
    "rename from ",
    "rename to ",
    "similarity index ",
    "dissimilarity index ",
    "index ",
)
_ABOVE = re.compile(r"Index: |={60,}\s*$|diff (?!--git )")
_GIT = re.compile(r"diff --git (\S+) (\S+)\s*$")
_DIFFER = re.compile(r"Binary files? .* (?:differ|has changed)\s*$")
_CHUNK = re.compile(r"(?:literal|delta) \d+\s*$")


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
        old, new = _range(old_start, self.old_count), _range(new_start, self.new_count)
        return f"@@ -{old} +{new} @@{self.tail}"


def _range(start: int, count: int) -> str:
    return str(start) if count == 1 else f"{start},{count}"


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

    @property
    def diffs(self) -> tuple[FileDiff, ...]:
        return tuple(piece for piece in self.pieces if isinstance(piece, FileDiff))

    def text(self) -> str:
        """Every byte of the file again."""
        return "".join(p if isinstance(p, str) else p.text() for p in self.pieces)


def read_patch(text: str, name: str, strip: int = 1) -> PatchText:
    """The pieces of a patch file; `name` is its file, for errors, and `strip` what -p says.

    Raises UserError, in one line with file and line, for a hunk that does not hold what its header
    says, a name that leads out of the tree, and a context diff.
    """
    parts = text.split("\n")
    lines = [part + "\n" for part in parts[:-1]] + ([parts[-1]] if parts[-1] else [])
    return PatchText(tuple(_Reader(lines, name, strip).pieces()))


@dataclass
class _Reader:
    """One walk over the lines of a patch file."""

    lines: list[str]
    name: str
    strip: int
    at: int = 0

    def fail(self, what: str, hint: str, line: int | None = None) -> UserError:
        number = (self.at if line is None else line) + 1
        return UserError(f"{self.name}: line {number}: {what}", hint)

    def line(self, ahead: int = 0) -> str:
        at = self.at + ahead
        return self.lines[at] if at < len(self.lines) else ""

    def pieces(self) -> Iterator[str | FileDiff]:
        prose: list[str] = []
        while self.at < len(self.lines):
            start = self.at
            diff = self.git_diff() or self.plain_diff(prose)
            if diff is None:
                self.at = start
                if self.line().startswith("*** ") and self.line(1).startswith("--- "):
                    raise self.fail("a context diff", "make a unified one: diff -u")
                prose.append(self.line())
                self.at += 1
                continue
            if prose:
                yield "".join(prose)
                prose = []
            yield diff
        if prose:
            yield "".join(prose)

    def git_diff(self) -> FileDiff | None:
        found = _GIT.match(self.line())
        if found is None:
            return None
        start = self.at
        self.at += 1
        while self.line().startswith(_EXTENDED):
            self.at += 1
        names = self.names()
        head = tuple(self.lines[start : self.at])
        hunks = tuple(self.hunks()) if names else ()
        binary = self.binary()
        if len(head) == 1 and not binary:
            return None  # prose that quotes the line
        bare = FileDiff(head, (), (), None, None, start + 1)
        old, new = names or (found[1], found[2])
        read = bare.said("rename from") or bare.said("copy from") or self.path(old, start)
        made = bare.said("rename to") or bare.said("copy to") or self.path(new, start)
        if bare.said("new file mode"):
            read = None
        if bare.said("deleted file mode"):
            made = None
        self.inside(read, start)
        self.inside(made, start)
        return FileDiff(head, hunks, binary, read, made, start + 1)

    def plain_diff(self, prose: list[str]) -> FileDiff | None:
        start = self.at
        names = self.names()
        if names is None or not self.line().startswith("@@ -"):
            return None
        above: list[str] = []
        while prose and _ABOVE.match(prose[-1]):
            above.insert(0, prose.pop())
        head = (*above, *self.lines[start : self.at])
        old, new = (self.path(name, start) for name in names)
        if old is not None and new is not None and old != new:
            # Two copies of a tree that were compared: x.c.orig, or what is no backup's name.
            old = new = min(new, old, key=lambda path: (without_backup(path) != path, len(path)))
        self.inside(old, start)
        self.inside(new, start)
        return FileDiff(head, tuple(self.hunks()), (), old, new, start + 1)

    def names(self) -> tuple[str, str] | None:
        """What the lines --- and +++ name, where they stand here."""
        if not (self.line().startswith("--- ") and self.line(1).startswith("+++ ")):
            return None
        old, new = (self.line(n)[4:].split("\t")[0].rstrip("\r\n") for n in (0, 1))
        self.at += 2
        return old, new

    def path(self, name: str, line: int) -> str | None:
        """The path in the tree that a header's name stands for, its first parts stripped."""
        name = name.strip()
        if name == NOWHERE:
            return None
        if name.startswith('"'):
            raise self.fail(f"{name} is a quoted file name", "no kernel source needs one", line)
        parts = [part for part in name.split("/") if part not in ("", ".")]
        if name.startswith("/") or len(parts) <= self.strip:
            raise self.fail(
                f"{name} has no path that -p{self.strip} leaves", "name the strip level: -p0", line
            )
        return "/".join(parts[self.strip :])

    def inside(self, path: str | None, line: int) -> None:
        parts = (path or "").split("/")
        if ".." in parts or (path or "").startswith("/"):
            raise self.fail(f"{path} leads out of the kernel tree", "no patch may", line)
        if any(part.lower() == ".git" for part in parts):
            raise self.fail(f"{path} leads into a git repository", "patch sources only", line)

    def hunks(self) -> Iterator[HunkText]:
        while self.line().startswith("@@ -"):
            yield self.hunk()

    def hunk(self) -> HunkText:
        head = self.at
        found = _HUNK.match(self.line())
        if found is None:
            raise self.fail(f"not a hunk header: {self.line()!r}", "as in @@ -1569,16 +1569,11 @@")
        old, new = (1 if found[n] is None else int(found[n]) for n in (2, 4))
        left, right = old, new
        self.at += 1
        while left > 0 or right > 0:
            line = self.line()
            mark = line[:1]
            if not line or (mark not in " +-\\\n\r"):
                raise self.fail(
                    f"the hunk ends early: {left} old and {right} new lines are missing",
                    "the patch file was cut or damaged; zpmaint import mends postings",
                    head,
                )
            if mark != "\\":
                left -= mark != "+"
                right -= mark != "-"
            self.at += 1
        if left < 0 or right < 0:
            raise self.fail("the hunk holds more lines than its header says", "cut it anew", head)
        while self.line().startswith("\\"):
            self.at += 1
        return HunkText(
            int(found[1]), old, int(found[3]), new, found[5], self.lines[head],
            tuple(self.lines[head + 1 : self.at]),
        )  # fmt: skip

    def binary(self) -> tuple[str, ...]:
        start = self.at
        if _DIFFER.match(self.line()):
            self.at += 1
        elif self.line().rstrip() == "GIT binary patch":
            self.at += 1
            while _CHUNK.match(self.line()):
                while self.line().strip():
                    self.at += 1
                self.at += bool(self.line())
        return tuple(self.lines[start : self.at])
