# SPDX-License-Identifier: GPL-2.0-only
"""The lines that a patch adds, held against the files that it changes. Pure.

No base has them, but it has their neighbours: line ends that the file does not have, characters
that its language does not have, addresses that an archive hid. What is put right is counted, what
is not sure is named.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, replace

from zpmaint.core.text import to_text
from zpmaint.diffs.reader import FileDiff, read_patch
from zpmaint.mend import addresses, characters
from zpmaint.mend.rebuild import ADDRESS, CHARACTER

CR = "CR at the end of an added line"


@dataclass(frozen=True)
class Doubt:
    """An added line that a person should look at."""

    path: str
    line: int
    """Of the patch that was judged, from 1."""
    text: str
    why: str

    def __str__(self) -> str:
        return f"look at {self.path}, line {self.line}: {self.why}: {self.text.strip()}"


@dataclass(frozen=True)
class Judged:
    """A patch with what could be put right in its added lines."""

    patch: str
    damage: Mapping[str, int]
    """How often which damage was undone."""
    doubts: tuple[Doubt, ...]


def judge(
    patch: str, files: Mapping[str, bytes | None], name: str, *, damaged: bool = False
) -> Judged:
    """`patch`, whose context is right, its added lines judged by `files`, the state before it.

    `damaged`: its context had such characters where the files have others, so that the added
    lines have them by damage, too, also where C would take them. Raises UserError where it cannot
    be read."""
    read = read_patch(patch, name)
    added = [
        (diff.new or str(diff.old), line[1:])
        for diff in read.diffs
        for hunk in diff.hunks
        for line in hunk.lines
        if line[0] == "+"
    ]
    damaged = damaged or any(
        any(characters.corrected(c) != c for c in characters.look(text, path).outside)
        for path, text in added
    )
    # A transport that ends lines in CR does so in the message, too.
    prose = [line for p in read.pieces if isinstance(p, str) for line in p.split("\n")]
    ends_so = sum(line.endswith("\r") for line in prose) > len(prose) // 2
    judge_ = _Judge(files, damaged, ends_so, Counter(), [])
    pieces: list[str] = []
    at = 0
    for piece in read.pieces:
        pieces.append(piece if isinstance(piece, str) else judge_.file(piece, at).text())
        at += pieces[-1].count("\n")
    return Judged("".join(pieces), dict(judge_.damage), tuple(judge_.doubts))


@dataclass
class _Judge:
    files: Mapping[str, bytes | None]
    damaged: bool
    ends_so: bool
    damage: Counter[str]
    doubts: list[Doubt]

    def file(self, diff: FileDiff, at: int) -> FileDiff:
        path = diff.new or str(diff.old)
        base = to_text((self.files.get(diff.old) if diff.old else None) or b"")
        has_cr = base.count("\r\n") * 2 > base.count("\n")
        at += len(diff.head)
        hunks = []
        for hunk in diff.hunks:
            lines = []
            for n, line in enumerate(hunk.lines, at + 2):
                is_added = line[0] == "+"
                lines.append("+" + self.line(line[1:], path, base, has_cr, n) if is_added else line)
            at += 1 + len(hunk.lines)
            hunks.append(replace(hunk, lines=tuple(lines)))
        return replace(diff, hunks=tuple(hunks))

    def line(self, text: str, path: str, base: str, has_cr: bool, at: int) -> str:
        body = text.removesuffix("\n")
        end = text[len(body) :]
        if body.endswith("\r") and not has_cr:
            if base or self.ends_so:
                body = body.rstrip("\r")
                self.damage[CR] += 1
            else:
                self.doubts.append(Doubt(path, at, body, "a new file whose lines end in CR"))
        elif has_cr and not body.endswith("\r") and end:
            self.doubts.append(Doubt(path, at, body, "the file's lines end in CR LF, this one not"))
        if "\r" in body.rstrip("\r"):
            self.doubts.append(Doubt(path, at, body, "a CR inside the line"))
        body = self.characters(body, path, base, at)
        if addresses.hides(body):
            fresh = addresses.restored(body, base)
            if fresh is None:
                self.doubts.append(Doubt(path, at, body, "it may hold an address that was hidden"))
            else:
                body = fresh
                self.damage[ADDRESS] += 1
        return body + end

    def characters(self, body: str, path: str, base: str, at: int) -> str:
        found = characters.look(body, path)
        if not found.outside and not found.inside:
            return body
        fresh = characters.corrected(body)
        if found.outside or self.damaged:
            if fresh != body:
                self.damage[CHARACTER] += sum(characters.corrected(c) != c for c in body)
                if found.inside:
                    why = f"{characters.named(found.inside)} in a comment or a literal replaced"
                    self.doubts.append(Doubt(path, at, fresh, why))
            left = tuple(c for c in found.outside if characters.corrected(c) == c)
            if left:
                why = f"{characters.named(left)} stands outside of comments and literals"
                self.doubts.append(Doubt(path, at, fresh, why))
            return fresh
        if not any(c in base for c in found.inside):
            why = f"{characters.named(found.inside)} in a comment or a literal may be damage"
            self.doubts.append(Doubt(path, at, body, why))
        return body
