"""Is this patch one that can be trusted to mean what it says? Checked before any use; no I/O."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import NoReturn

from unidiff.errors import UnidiffParseError
from unidiff.patch import PatchSet

from zpmaint.core.errors import UserError
from zpmaint.diffs.paths import NOWHERE, tree_path

_HUNK = re.compile(r"@@ -(\d+)(?:,(\d+))? \+(\d+)(?:,(\d+))? @@")
_BINARY = re.compile(r"Binary files? .* (?:differ|has changed)$|GIT binary patch$")
_SPECIAL_MODE = re.compile(r"new file mode (?:120000|160000)$")
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
    scan = _Scan(text.split("\n"), name)
    kept = scan.diffs()
    try:
        # unidiff gets what was checked line by line and nothing else: prose between the diffs
        # that looks like a header would mislead it.
        return PatchSet(line + "\n" for line in kept)
    except UnidiffParseError as error:
        raise UserError(f"{name}: not a unified diff: {error}", _MEND) from None


@dataclass
class _Scan:
    """One walk over the lines of a patch file; `at` counts from 0, messages from 1."""

    lines: list[str]
    name: str
    at: int = 0

    def fail(self, what: str, hint: str, at: int | None = None) -> NoReturn:
        line = self.at if at is None else at
        raise UserError(f"{self.name}: line {line + 1}: {what}", hint)

    def line(self, ahead: int = 0) -> str:
        at = self.at + ahead
        return self.lines[at] if at < len(self.lines) else ""

    def diffs(self) -> list[str]:
        if not "".join(self.lines).strip():
            raise UserError(f"{self.name}: empty", "put a unified diff there (git diff)")
        kept: list[str] = []
        seen: dict[str, int] = {}
        while self.at < len(self.lines):
            line = self.line()
            if line.startswith("--- ") and self.line(1).startswith("+++ "):
                self.file(kept, seen)
                continue
            self.refuse_what_is_not_carried(line)
            self.at += 1
        if not kept:
            raise UserError(
                f"{self.name}: holds no unified diff (no --- and +++ lines)",
                "make one with git diff or diff -u",
            )
        return kept

    def refuse_what_is_not_carried(self, line: str) -> None:
        if line.startswith("@@ -"):
            self.fail("a hunk without --- and +++ lines above it", _MEND)
        if line.startswith("*** ") and self.line(1).startswith("--- "):
            self.fail("a context diff", "make a unified one: diff -u")
        if _BINARY.match(line):
            self.fail("a binary change", "only text can be carried from kernel to kernel")
        if _SPECIAL_MODE.match(line):
            self.fail("creates a link or a submodule", "only regular files are carried")
        for start, what, hint in _NOT_CARRIED:
            if line.startswith(start) and self.in_git_header():
                self.fail(what, hint)

    def in_git_header(self) -> bool:
        above = self.at - 1
        while above >= 0 and self.lines[above].strip():
            if self.lines[above].startswith("diff --git "):
                return True
            above -= 1
        return False

    def file(self, kept: list[str], seen: dict[str, int]) -> None:
        path = self.path()
        if path in seen:
            self.fail(
                f"{path} is there twice, first at line {seen[path] + 1}",
                "make one diff of both: combinediff, or git diff of the end result",
            )
        seen[path] = self.at
        kept += (self.line(), self.line(1))
        self.at += 2
        if not self.line().startswith("@@ -"):
            self.fail(f"no hunk follows for {path}", _MEND)
        old_end = 0
        while self.line().startswith("@@ -"):
            old_end = self.hunk(kept, old_end)

    def path(self) -> str:
        """The path in the tree that the two header lines name."""
        old, new = (self.line(i)[4:].split("\t")[0].rstrip("\r") for i in (0, 1))
        where = f"{self.name}: line {self.at + 1}"
        if old == new == NOWHERE:
            self.fail("both sides are /dev/null", "name the file")
        paths = [tree_path(side, where) for side in (old, new) if side != NOWHERE]
        if len(set(paths)) > 1:
            self.fail(
                f"{paths[0]} becomes {paths[1]}",
                "name the same file on both sides; zpmaint import mends .orig and dates",
            )
        return paths[0]

    def hunk(self, kept: list[str], old_end: int) -> int:
        """Check one hunk; gives the last line of the old file it speaks of."""
        found = _HUNK.match(self.line())
        if found is None:
            self.fail(f"not a hunk header: {self.line()!r}", "as in @@ -1569,16 +1569,11 @@")
        head = self.at
        start, old, new = int(found[1]), int(found[2] or 1), int(found[4] or 1)
        if start <= old_end and old:
            self.fail("the hunk overlaps the one before it or is out of order", _MEND)
        end = max(old_end, start + old - 1)
        kept.append(self.line())
        self.at += 1
        changes = 0
        while old > 0 or new > 0:
            line = self.line()
            mark = line[:1]
            if self.at >= len(self.lines) or (
                mark == "" and self.at == len(self.lines) - 1  # what follows the last newline
            ):
                self.fail(f"the hunk ends early: {_short(old, new)}", _MEND, head)
            if mark == "\\":
                kept.append(line)
                self.at += 1
                continue
            if mark not in ("", " ", "+", "-", "\t"):
                self.fail(
                    f"{line!r} is no line of a hunk ({_short(old, new)} since line {head + 1})",
                    _MEND,
                )
            if mark == "\t":
                self.fail("a context line has lost its leading blank", _MEND)
            old -= mark != "+"
            new -= mark != "-"
            changes += mark in ("+", "-") and mark != ""
            if old < 0 or new < 0:
                self.fail(f"more lines than the hunk header at line {head + 1} says", _MEND)
            kept.append(line or " ")
            self.at += 1
        if self.line().startswith("\\"):
            kept.append(self.line())
            self.at += 1
        if not changes:
            self.fail("the hunk changes nothing", "leave it out", head)
        self.end_of_hunk(head)
        return end

    def end_of_hunk(self, head: int) -> None:
        """What follows a complete hunk must not be another line of it."""
        line = self.line()
        if line[:1] not in ("+", "-") or line.rstrip() == "--":  # '-- ' opens a signature
            return
        if line.startswith("--- ") and self.line(1).startswith("+++ "):
            return
        if line.rstrip() == "---":
            return
        self.fail(f"more lines than the hunk header at line {head + 1} says", _MEND)


def _short(old: int, new: int) -> str:
    return f"{max(old, 0)} old and {max(new, 0)} new lines are missing"
