# SPDX-License-Identifier: GPL-2.0-only
"""A patch file in pieces: prose and the diffs of files, which together are every byte of it.

patch(1), quilt and git read the same file with other eyes. Here are the lines as they stand, what
they say of each file (git's extended headers included), and unidiff's model of the hunks. This is
the only code that takes a unified diff apart; what a caller wants beyond that it checks itself.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field

from zpmaint.core.errors import UserError
from zpmaint.diffs import grammar, hunk_body
from zpmaint.diffs.grammar import hunk_header, hunk_range
from zpmaint.diffs.paths import NOWHERE, has_controls, without_backup
from zpmaint.diffs.values import FileDiff, HunkText, Note, PatchText

__all__ = ["FileDiff", "HunkText", "Note", "PatchText", "read_patch"]

_DAMAGED = "the patch file was cut or damaged; zpmaint import mends postings"
# Lines that only a diff has, each with what it is where nothing reads it.
_UNREAD = (
    (re.compile(r"diff --(?:cc|combined) "), "a combined diff (of a merge) is not carried"),
    (re.compile(r"@@@+ -\d"), "a hunk of a combined diff (of a merge) is not carried"),
    (re.compile(r"@@ -\d"), "a hunk without --- and +++ lines above it"),
    (re.compile(r"diff (?:-|\S+/\S+ \S+/\S+)"), "no hunk follows this header of a diff"),
    (grammar.BINARY_DIFFERS, "a binary change without its contents"),
    (grammar.BINARY, "a binary change without the file's name"),
    (re.compile(r"Only in \S*: \S"), "a file that the diff leaves out (make it with diff -N)"),
    (re.compile(r"rename (?:from|to) \S"), "a rename without its diff --git line"),
)
_NORMAL = re.compile(r"\d+(?:,\d+)?[acd]\d+(?:,\d+)?\s*$")
_PROPERTY = re.compile(r"Property changes on: (\S+)")


def read_patch(text: str, name: str, strip: int = 1) -> PatchText:
    """The pieces of a patch file; `name` is its file, for errors, and `strip` what -p says.

    Raises UserError, in one line with file and line, for a hunk whose lines are missing, a name
    that leads out of the tree, and a diff that is not unified. What GNU patch puts right is put
    right and told in `notes`; what looks like a diff and is none that can be read, in `unread`.
    """
    return Reader(lines_of(text), name, strip).read()


def lines_of(text: str) -> list[str]:
    parts = text.split("\n")
    return [part + "\n" for part in parts[:-1]] + ([parts[-1]] if parts[-1] else [])


@dataclass
class Reader:
    """One walk over the lines of a patch file."""

    lines: list[str]
    name: str
    strip: int
    at: int = 0
    notes: list[Note] = field(default_factory=list)
    unread: list[Note] = field(default_factory=list)

    def fail(self, what: str, hint: str, line: int | None = None) -> UserError:
        number = (self.at if line is None else line) + 1
        return UserError(f"{self.name}: line {number}: {what}", hint)

    def line(self, ahead: int = 0) -> str:
        at = self.at + ahead
        return self.lines[at] if at < len(self.lines) else ""

    def read(self) -> PatchText:
        pieces = tuple(self.pieces())
        if pieces and isinstance(pieces[-1], FileDiff) and not self.lines[-1].endswith("\n"):
            # patch(1) says that the file unexpectedly ends, and takes the line as a whole one.
            self.notes.append(Note(len(self.lines), "the patch file's last newline is missing"))
            self.lines[-1] += "\n"
            again = type(self)(self.lines, self.name, self.strip)
            pieces = tuple(again.pieces())
        return PatchText(pieces, tuple(self.notes), tuple(self.unread))

    def pieces(self) -> Iterator[str | FileDiff]:
        prose: list[str] = []
        while self.at < len(self.lines):
            start = self.at
            diff = self.git_diff() or self.plain_diff(prose)
            if diff is None:
                self.at = start
                prose.append(self.line())
                self.at += 1
                continue
            if prose:
                self.look_at(prose, diff.number - 1 - len(prose))
                yield "".join(prose)
                prose = []
            yield diff
        if prose:
            self.look_at(prose, len(self.lines) - len(prose))
            yield "".join(prose)

    def look_at(self, prose: list[str], first: int) -> None:
        """Name what is part of a diff and was not read as one."""
        for n, line in enumerate(prose):
            after = prose[n + 1] if n + 1 < len(prose) else ""
            if line.startswith("*** ") and after.startswith("--- "):
                raise self.fail("a context diff", "make a unified one: diff -u", first + n)
            if _NORMAL.match(line) and after.startswith(("< ", "> ")):
                raise self.fail("a diff without context", "make a unified one: diff -u", first + n)
            if found := _PROPERTY.match(line):
                self.notes.append(Note(first + n + 1, f"left out: svn's properties of {found[1]}"))
            what = next((what for shape, what in _UNREAD if shape.match(line)), "")
            if not what and line.startswith("--- ") and after.startswith("+++ "):
                what = f"no hunk follows for {grammar.name_of(after)}"
            if what:
                self.unread.append(Note(first + n + 1, what))

    def git_diff(self) -> FileDiff | None:
        found = grammar.GIT.match(self.line())
        if found is None:
            return None
        start = self.at
        self.at += 1
        while self.line().startswith(grammar.EXTENDED):
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
        self.named(read, made, start)
        diff = FileDiff(head, hunks, binary, read, made, start + 1)
        if why := _hollow(diff):
            self.unread.append(Note(start + 1, why))
        return diff

    def plain_diff(self, prose: list[str]) -> FileDiff | None:
        start = self.at
        sides = (self.line(), self.line(1))
        names = self.names()
        if names is None or not self.at_hunk():
            return None
        above: list[str] = []
        while prose and grammar.ABOVE.match(prose[-1]):
            above.insert(0, prose.pop())
        head = (*above, *self.lines[start : self.at])
        old, new = (self.path(name, start) for name in names)
        if old is not None and new is not None and old != new:
            old = new = self.one_name(old, new)
        self.named(old, new, start)
        hunks = tuple(self.hunks())
        if len(hunks) == 1 and old is not None and new is not None:
            # The date of a side that is not there is the epoch's, or svn says so.
            if hunks[0].old_count == hunks[0].old_start == 0 and grammar.is_nobody(sides[0]):
                old = None
            elif hunks[0].new_count == hunks[0].new_start == 0 and grammar.is_nobody(sides[1]):
                new = None
        return FileDiff(head, hunks, (), old, new, start + 1 - len(above))

    def one_name(self, old: str, new: str) -> str:
        """The file that two names of a diff without git's headers stand for: two copies of a tree
        were compared, x.c.orig with x.c, or what is no backup's name."""
        return min(new, old, key=lambda path: (without_backup(path) != path, len(path)))

    def names(self) -> tuple[str, str] | None:
        """What the lines --- and +++ name, where they stand here."""
        if not (self.line().startswith("--- ") and self.line(1).startswith("+++ ")):
            return None
        old, new = (grammar.name_of(self.line(n)) for n in (0, 1))
        self.at += 2
        return old, new

    def path(self, name: str, line: int) -> str | None:
        """The path in the tree that a header's name stands for, its first parts stripped."""
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

    def named(self, old: str | None, new: str | None, line: int) -> None:
        """Raise for names that no patch may have."""
        if old is None and new is None:
            raise self.fail("a diff of no file: neither of its names is one", _DAMAGED, line)
        self.inside(old, line)
        self.inside(new, line)

    def inside(self, path: str | None, line: int) -> None:
        parts = (path or "").split("/")
        if ".." in parts or (path or "").startswith("/"):
            raise self.fail(f"{path} leads out of the kernel tree", "no patch may", line)
        if any(part.lower() == ".git" for part in parts):
            raise self.fail(f"{path} leads into a git repository", "patch sources only", line)
        if has_controls(path or ""):
            raise self.fail(f"{path!r} has control characters", "no kernel source has", line)

    def hunks(self) -> Iterator[HunkText]:
        while self.at_hunk():
            yield self.hunk()

    def at_hunk(self) -> bool:
        """Whether a hunk begins here."""
        return self.line().startswith("@@ -")

    def hunk(self) -> HunkText:
        head = self.at
        header = hunk_header(self.line())
        if header is None:
            raise self.fail(f"not a hunk header: {self.line()!r}", "as in @@ -1569,16 +1569,11 @@")
        body = hunk_body.counted(self.lines, head, header)
        if isinstance(body, hunk_body.Misfit):
            body = hunk_body.recounted(self.lines, head, header, body)
        if isinstance(body, hunk_body.Misfit) and body.body is not None:
            self.unread.append(Note(body.at + 1, body.what))
            body = body.body
        if isinstance(body, hunk_body.Misfit):
            raise self.fail(body.what, _DAMAGED, body.at)
        self.notes += [Note(at + 1, what) for at, what in body.notes]
        self.at = body.end
        line = self.lines[head]
        if (body.old, body.new) != (header.old_count, header.new_count):
            old = hunk_range(header.old_start, body.old)
            new = hunk_range(header.new_start, body.new)
            line = f"@@ -{old} +{new} @@{header.tail}"
        return HunkText(
            header.old_start, body.old, header.new_start, body.new, header.tail, line, body.lines
        )

    def binary(self) -> tuple[str, ...]:
        start = self.at
        if grammar.BINARY_DIFFERS.match(self.line()):
            self.at += 1
        elif grammar.BINARY.match(self.line()):
            self.at += 1
            while grammar.BINARY_CHUNK.match(self.line()):
                while self.line().strip():
                    self.at += 1
                self.at += bool(self.line())
        return tuple(self.lines[start : self.at])


def _hollow(diff: FileDiff) -> str:
    """Why a diff of git's does not hold the change that its headers tell of; '' if it does."""
    if "160000" in (diff.said("new file mode"), diff.said("deleted file mode")) or (
        (diff.said("index") or "").endswith(" 160000")
    ):
        return "a submodule is not carried"
    if diff.hunks or diff.binary:
        return ""
    if any(line.startswith("--- ") for line in diff.head):
        return f"no hunk follows for {diff.new or diff.old}"
    said = diff.said("index") or ""
    is_same = diff.said("similarity index") in (None, "100%") and not said
    if is_same and (diff.is_rename or diff.is_copy or diff.said("new mode")):
        return ""
    names = said.partition(" ")[0].split("..")
    if None not in (diff.old, diff.new) or not any(_is_empty(one) for one in names):
        return f"no hunk follows for {diff.new or diff.old}"
    return ""


# git's name of no contents at all.
_EMPTY = "e69de29bb2d1d6434b8b29ae775ad8c2e48c5391"


def _is_empty(name: str) -> bool:
    return len(name) >= 4 and _EMPTY.startswith(name)
