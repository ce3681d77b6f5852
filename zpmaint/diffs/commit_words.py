# SPDX-License-Identifier: GPL-2.0-only
"""What people said in a git commit, every byte of it, and the commit object that says it. Pure.

A commit is written as its object (gitformat-commit): git's own porcelain would strip names and
messages of what it holds to be crud.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

from zpmaint.core.errors import UserError

_IDENT = re.compile(rb"(?P<who>.*) (?P<when>-?\d+ [+-]\d{4})", re.DOTALL)
_TRAILER = re.compile(rb"[A-Za-z0-9-]+: ?\S|\(cherry picked from commit |\[[^\]]*: |[ \t]+\S")
"""A line that may stand among trailers: one, a line that goes on with it, and the remarks in
brackets that the kernel's people put between them."""
_SURE = re.compile(
    rb"[A-Z][a-z]+(?:-[a-z]+)*-by: |Cc: |Fixes: |Link: |\(cherry picked from commit "
)


@dataclass(frozen=True)
class CommitWords:
    """Who wrote a commit, when, and the message."""

    author: bytes
    """NAME <ADDRESS> as the commit has it, in whatever encoding."""
    date: str
    """Seconds since the epoch and the zone: 1175083200 +0200."""
    message: bytes
    encoding: bytes = b""
    """Of author and message, where the commit names one; b'' for UTF-8."""

    @property
    def title(self) -> str:
        """The first paragraph in one line, for people."""
        first = self.message.lstrip(b"\n").partition(b"\n\n")[0]
        return " ".join(decoded(first, self.encoding).split())


@dataclass(frozen=True)
class CommitObject:
    """A commit as git keeps it."""

    tree: str
    parents: tuple[str, ...]
    words: CommitWords
    committer: bytes
    """NAME <ADDRESS> and the date."""


def decoded(text: bytes, encoding: bytes = b"") -> str:
    """Text of a commit in the encoding that it names, else UTF-8, else Latin-1."""
    for name in (encoding.decode("ascii", "replace") or "utf-8", "utf-8", "latin-1"):
        try:
            return text.decode(name)
        except (LookupError, UnicodeDecodeError):
            continue
    raise AssertionError("every byte is Latin-1")


def read_commit(data: bytes, name: str) -> CommitObject:
    """Take a commit object apart; `name` is its hash, for the UserError where it is none."""
    head, _, message = data.partition(b"\n\n")
    rows: dict[bytes, list[bytes]] = {}
    for line in head.split(b"\n"):
        key, _, value = line.partition(b" ")
        rows.setdefault(key, []).append(value)  # a signature's lines go on with a blank: key b""
    author = _IDENT.fullmatch(rows.get(b"author", [b""])[0])
    if author is None or b"tree" not in rows:
        raise UserError(f"commit {name[:12]}: names no author or no tree", "git fsck shows more")
    return CommitObject(
        tree=rows[b"tree"][0].decode("ascii", "replace"),
        parents=tuple(one.decode("ascii", "replace") for one in rows.get(b"parent", [])),
        words=CommitWords(
            author["who"],
            author["when"].decode("ascii"),
            message,
            rows.get(b"encoding", [b""])[0],
        ),
        committer=rows.get(b"committer", [b""])[0],
    )


def commit_object(commit: CommitObject) -> bytes:
    """The object's bytes, which `git hash-object -t commit` takes."""
    words = commit.words
    lines = [
        b"tree " + commit.tree.encode(),
        *(b"parent " + parent.encode() for parent in commit.parents),
        b"author " + words.author + b" " + words.date.encode(),
        b"committer " + commit.committer,
        *([b"encoding " + words.encoding] if words.encoding else []),
    ]
    return b"\n".join(lines) + b"\n\n" + words.message


def with_trailers(message: bytes, trailers: Sequence[tuple[str, str]]) -> bytes:
    """A message with trailers at its end, in one paragraph with those that it has. Trailers of
    the same keys that stand there already (of an earlier port) give way; all else is kept."""
    keys = tuple(f"{key}: ".encode() for key, _ in trailers)
    before, parting, last = message.rstrip(b"\n").rpartition(b"\n\n")
    lines = last.split(b"\n")
    is_block = bool(parting) and _are_trailers(lines)
    if is_block:
        lines = [line for line in lines if not line.startswith(keys)]
    fresh = [f"{key}: {' '.join(value.split())}".encode() for key, value in trailers]
    if is_block:
        return before + b"\n\n" + b"\n".join([*lines, *fresh]) + b"\n"
    text = message.rstrip(b"\n")
    return (text + b"\n\n" if text else b"") + b"\n".join(fresh) + b"\n"


def _are_trailers(lines: Sequence[bytes]) -> bool:
    """As git interpret-trailers tells it: all lines are, or a quarter and one for certain."""
    count = sum(bool(_TRAILER.match(line)) for line in lines)
    if lines[0][:1] in (b" ", b"\t"):
        return False
    return count == len(lines) or (any(map(_SURE.match, lines)) and count * 4 >= len(lines))
