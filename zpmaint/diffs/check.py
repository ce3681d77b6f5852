# SPDX-License-Identifier: GPL-2.0-only
"""Is this patch one that can be trusted to mean what it says? Checked before any use; no I/O.

An anchor is read by the reader of all patches, and held to more: nothing in it may need to be put
right, and it may hold changes of contents only.
"""

from __future__ import annotations

from dataclasses import dataclass, field

from unidiff.errors import UnidiffParseError
from unidiff.patch import PatchSet

from zpmaint.core.errors import UserError
from zpmaint.diffs import hunk_body
from zpmaint.diffs.grammar import hunk_header
from zpmaint.diffs.paths import NOWHERE, tree_path
from zpmaint.diffs.reader import FileDiff, HunkText, PatchText, Reader, lines_of

_SPECIAL_MODES = ("120000", "160000")
_NOT_CARRIED = (
    ("rename from ", "renames a file", "git diff --no-renames writes it as a removal and an add"),
    ("copy from ", "copies a file", "git diff --no-renames writes it as an added file"),
    ("old mode ", "changes a file's mode", "leave the mode change out: only contents are carried"),
)
_MEND = "if a page or a mailer damaged it: zpmaint import FILE --base VERSION"


def checked_patch(text: str, name: str) -> PatchSet:
    """`text` as a parsed unified diff, after every check; `name` is its file, for errors.

    What surrounds the diffs (mail headers, prose, a signature) is left aside. Raises UserError in
    one line, with file, line and what to do, where the patch is empty, binary, not -p1, leads out
    of the tree, names a file twice, or has hunks that do not hold what their headers say.
    """
    if not text.strip():
        raise UserError(f"{name}: empty", "put a unified diff there (git diff)")
    read = _Exact(lines_of(text), name, 1).read()
    _hold_to_contents(read, name)
    if not read.diffs:
        raise UserError(
            f"{name}: holds no unified diff (no --- and +++ lines)",
            "make one with git diff or diff -u",
        )
    try:
        # unidiff gets what was checked line by line and nothing else: prose between the diffs
        # that looks like a header would mislead it.
        return PatchSet(line for diff in read.diffs for line in _kept(diff))
    except UnidiffParseError as error:
        raise UserError(f"{name}: not a unified diff: {error}", _MEND) from None


def _kept(diff: FileDiff) -> list[str]:
    head = [line for line in diff.head if line.startswith(("--- ", "+++ "))]
    return head + [
        line if line[0] in " +-\\@" else " " + line
        for hunk in diff.hunks
        for line in (hunk.header, *hunk.lines)
    ]


@dataclass
class _Exact(Reader):
    """The reader, putting nothing right."""

    seen: dict[str, int] = field(default_factory=dict)

    def names(self) -> tuple[str, str] | None:
        if not (self.line().startswith("--- ") and self.line(1).startswith("+++ ")):
            return None
        old, new = (self.line(n)[4:].split("\t")[0].rstrip("\r\n") for n in (0, 1))
        path = self.path_of(old, new)
        if path in self.seen:
            raise self.fail(
                f"{path} is there twice, first at line {self.seen[path] + 1}",
                "make one diff of both: combinediff, or git diff of the end result",
            )
        self.seen[path] = self.at
        self.at += 2
        if not self.line().startswith("@@ -"):
            raise self.fail(f"no hunk follows for {path}", _MEND)
        return old, new

    def path_of(self, old: str, new: str) -> str:
        """The path in the tree that the two header lines name."""
        if old == new == NOWHERE:
            raise self.fail("both sides are /dev/null", "name the file")
        where = f"{self.name}: line {self.at + 1}"
        paths = [tree_path(side, where) for side in (old, new) if side != NOWHERE]
        if len(set(paths)) > 1:
            raise self.fail(
                f"{paths[0]} becomes {paths[1]}",
                "name the same file on both sides; zpmaint import mends .orig and dates",
            )
        return paths[0]

    def hunk(self) -> HunkText:
        header = hunk_header(self.line())
        body = header and hunk_body.counted(self.lines, self.at, header)
        if isinstance(body, hunk_body.Misfit):
            raise self.fail(body.what, _MEND, body.at)
        if body and body.notes:
            raise self.fail(body.notes[0][1], _MEND, body.notes[0][0])
        return super().hunk()


def _hold_to_contents(read: PatchText, name: str) -> None:
    """Raise UserError for what an anchor may not hold."""

    def fail(line: int, what: str, hint: str) -> UserError:
        return UserError(f"{name}: line {line}: {what}", hint)

    for diff in read.diffs:
        for n, line in enumerate(diff.head, diff.number):
            for start, what, hint in _NOT_CARRIED:
                if line.startswith(start):
                    raise fail(n, what, hint)
            if line.startswith("new file mode ") and line.split()[-1] in _SPECIAL_MODES:
                raise fail(n, "creates a link or a submodule", "only regular files are carried")
        if diff.binary:
            line_number = diff.number + len(diff.head)
            raise fail(line_number, "a binary change", "only text can be carried")
        _check_hunks(diff, name)
    for note in read.unread:
        if "binary" in note.what:
            raise fail(note.line, "a binary change", "only text can be carried")
        raise fail(note.line, note.what, _MEND)


def _check_hunks(diff: FileDiff, name: str) -> None:
    at = diff.number + len(diff.head)
    end = 0
    for hunk in diff.hunks:
        where = f"{name}: line {at}"
        if hunk.old_start <= end and hunk.old_count:
            raise UserError(
                f"{where}: the hunk overlaps the one before it or is out of order", _MEND
            )
        if not any(line[0] in "+-" for line in hunk.lines):
            raise UserError(f"{where}: the hunk changes nothing", "leave it out")
        end = max(end, hunk.old_start + hunk.old_count - 1)
        at += 1 + len(hunk.lines)
