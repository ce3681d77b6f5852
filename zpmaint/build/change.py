# SPDX-License-Identifier: GPL-2.0-only
"""What a port changes, line by line, in the files as they are built. Pure.

The hunks of a later patch of a series count lines in files that earlier patches have changed, and
its lines may be changed again: here every changed line is found in the stock tree and in the tree
that is built.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from zpmaint.core.text import to_text
from zpmaint.diffs.reader import FileDiff, HunkText, read_patch
from zpmaint.merge.align import align
from zpmaint.port.values import PortStep

Read = Callable[[str], bytes | None]
"""A file of a tree by its path; None where there is none."""


@dataclass(frozen=True)
class ChangedLine:
    """A line that a hunk adds or removes."""

    text: str
    number: int | None
    """Counted from 1, in the built file for an added line and in stock for a removed one; None
    where a later patch takes it away again, or an earlier one brought it."""


@dataclass(frozen=True)
class KeptLine:
    """A line of a hunk's context."""

    text: str
    built: int | None
    """Its number in the built file, and below in stock."""
    stock: int | None


@dataclass(frozen=True)
class HunkChange:
    header: str
    """Its range: @@ -1569,16 +1569,11 @@."""
    added: tuple[ChangedLine, ...]
    removed: tuple[ChangedLine, ...]
    kept: tuple[KeptLine, ...]


@dataclass(frozen=True)
class FileChange:
    path: str
    """In the built tree; of a deleted file in stock."""
    patch: str
    hunks: tuple[HunkChange, ...]
    stock_path: str = ""
    """Where it is in stock; '' for a file that the patch adds."""


def changes(steps: Sequence[PortStep], stock: Read) -> tuple[FileChange, ...]:
    """Every file of every patch, in their order. `stock` reads the tree as it is upstream.

    Raises UserError for a text that is no patch."""
    final: dict[str, bytes | None] = {}
    for step in steps:
        final |= step.result
    state: dict[str, bytes | None] = {}
    found: list[FileChange] = []
    for step in steps:
        for diff in read_patch(step.text, step.name or "the ported patch").diffs:
            path = diff.new or diff.old or ""
            before = _content(state, stock, diff.old)
            after = step.result.get(path) if path in step.result else stock(path)
            to_stock = _numbers(before, stock(diff.old) if diff.old else None)
            to_final = _numbers(after, final.get(path, after))
            found.append(
                FileChange(
                    path,
                    step.name,
                    tuple(_hunk(hunk, to_stock, to_final) for hunk in diff.hunks),
                    diff.old or "",
                )
            )
        state |= step.result
        state |= dict.fromkeys(_moved_away(step))
    return tuple(found)


def _moved_away(step: PortStep) -> list[str]:
    diffs: Sequence[FileDiff] = read_patch(step.text, step.name or "the ported patch").diffs
    return [diff.old for diff in diffs if diff.is_rename and diff.old is not None]


def _content(state: Mapping[str, bytes | None], stock: Read, path: str | None) -> bytes | None:
    if path is None:
        return None
    return state[path] if path in state else stock(path)


def _numbers(one: bytes | None, other: bytes | None) -> Callable[[int], int | None]:
    """From a line's number in `one` to its number in `other`."""
    if one == other:
        return lambda number: number
    left, right = (to_text(text or b"").split("\n") for text in (one, other))
    table = {i + 1: j + 1 for i, j in align(left, right)}
    return table.get


def _hunk(
    hunk: HunkText,
    to_stock: Callable[[int], int | None],
    to_final: Callable[[int], int | None],
) -> HunkChange:
    old, new = hunk.old_start, hunk.new_start
    added: list[ChangedLine] = []
    removed: list[ChangedLine] = []
    kept: list[KeptLine] = []
    for line in hunk.lines:
        mark, text = line[:1], line[1:].rstrip("\r\n")
        if mark == "\\":
            continue
        if mark == "+":
            added.append(ChangedLine(text, to_final(new)))
        elif mark == "-":
            removed.append(ChangedLine(text, to_stock(old)))
        else:
            kept.append(KeptLine(text, to_final(new), to_stock(old)))
        new += mark != "-"
        old += mark != "+"
    head = hunk.header.split("@@")
    return HunkChange(f"@@{head[1]}@@", tuple(added), tuple(removed), tuple(kept))
