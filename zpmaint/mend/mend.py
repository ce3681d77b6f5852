# SPDX-License-Identifier: GPL-2.0-only
"""Mending a patch that a web page or a mailer damaged: the door of that engine. No I/O.

The base is the judge: context and removed lines are taken from it byte for byte, and what cannot
be found in it, or can be found in two ways, is an error that names the line. Nothing is invented.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from zpmaint.core.errors import UserError
from zpmaint.core.text import to_text
from zpmaint.diffs.reader import read_patch
from zpmaint.mend.align import key
from zpmaint.mend.judge import judge
from zpmaint.mend.place import ANOTHER_BASE, placed
from zpmaint.mend.posting import PostedFile, paths_in, read_posting
from zpmaint.mend.rebuild import CHARACTER, INSIDE, How, Row, rows_of
from zpmaint.mend.render import file_diff

__all__ = ["Guess", "Mended", "mend", "paths_in"]


@dataclass(frozen=True)
class Guess:
    """A rebuilt line that a person should look at."""

    path: str
    posted: int
    """Its line in the posting, from 1."""
    text: str
    why: str


@dataclass(frozen=True)
class Mended:
    """A posting made whole."""

    patch: str
    """A unified diff against the base, -p1, three lines of context; no header above it."""
    damage: Mapping[str, int]
    """How often each kind of damage was undone; empty for an undamaged patch."""
    sources: Mapping[How, int]
    """How many lines of the hunks come from where."""
    guesses: tuple[Guess, ...]
    notes: tuple[str, ...]
    """All of it as lines for people."""


def mend(
    posting: str,
    base_blobs: Mapping[str, bytes | None],
    *,
    name: str = "the posting",
    base: str = "the base",
) -> Mended:
    """The patch that `posting` was before it was damaged, cut against `base_blobs`.

    `base_blobs` holds every path of `paths_in(posting)`, None for files the base lacks; `name`
    and `base` are only for messages. Raises UserError, naming the line, where a line cannot be
    placed, can be placed in two ways, or cannot be rebuilt.
    """
    read = read_posting(posting, name)
    damage = Counter(read.undone)
    diffs: list[str] = []
    rows: list[tuple[str, Row]] = []
    notes: list[str] = []
    for file in read.files:
        blob = base_blobs.get(file.path)
        lines, ends = _lines(file, blob, name, base)
        keys = [key(line) for line in lines]
        hunks = placed(file, keys, name=name, base=base, notes=notes)
        made = rows_of(file.path, lines, hunks, name, damage)
        diff = file_diff(
            file.path,
            made,
            base_ends=ends,
            creates=file.creates,
            deletes=file.deletes,
            head=file.head,
        )
        if not diff or _unchanged(made):
            raise UserError(
                f"{name}: line {file.number}: what is left of the change to {file.path} changes "
                "nothing",
                "it changed only blanks, and those are lost: make the patch anew",
            )
        diffs.append(diff)
        rows += [(file.path, row) for row in made if row.line is not None]
        tail = sum(1 for hunk in hunks for line in hunk.tail if line.text.strip())
        if tail:
            notes.append(f"{file.path}: {tail} lines of text behind the hunks left out")
    judged = judge("".join(diffs), base_blobs, f"{name}, mended", damaged=damage[CHARACTER] > 0)
    patch = judged.patch
    read_patch(patch, f"{name}, mended")
    damage += Counter(judged.damage)
    damage = Counter({kind: count for kind, count in damage.items() if kind and count})
    if INSIDE in damage:
        notes.append("blanks inside lines are damaged: in added lines, tabs may have been lost")
    sources = Counter(row.how for _, row in rows)
    guesses = tuple(
        Guess(path, row.line.posted[0].number, row.text, row.doubt)
        for path, row in rows
        if row.doubt and row.line is not None
    )
    return Mended(
        patch=patch,
        damage=dict(damage),
        sources=dict(sources),
        guesses=guesses,
        notes=(
            *(f"mended: {kind}: {count}" for kind, count in sorted(damage.items())),
            *(f"lines: {how.value}: {sources[how]}" for how in How if sources[how]),
            *notes,
            *(
                f"look at {g.path}, line {g.posted} of {name}: {g.why}: {g.text.strip()}"
                for g in guesses
            ),
            *map(str, judged.doubts),
        ),
    )


def _unchanged(rows: Sequence[Row]) -> bool:
    old = [row.text for row in rows if row.kind.value != "+"]
    return old == [row.text for row in rows if row.kind.value != "-"]


def _lines(file: PostedFile, blob: bytes | None, name: str, base: str) -> tuple[list[str], bool]:
    """The base's lines, and whether the last has its newline."""
    where = f"{name}: line {file.number}"
    if blob is None and not file.creates:
        raise UserError(f"{where}: {base} has no {file.path}", ANOTHER_BASE)
    if blob and file.creates:
        raise UserError(f"{where}: creates {file.path}, which {base} has", ANOTHER_BASE)
    if not blob:
        return [], True
    if b"\0" in blob:
        raise UserError(f"{where}: {file.path} is binary in {base}", "only text can be carried")
    lines = to_text(blob).split("\n")
    if lines[-1] == "":
        return lines[:-1], True
    return lines, False
