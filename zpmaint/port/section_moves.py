# SPDX-License-Identifier: GPL-2.0-only
"""A section of a series' patch whose file, or some of whose functions, upstream moved."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from zpmaint.diffs.reader import FileDiff
from zpmaint.port.file_moves import away_of, ported, there
from zpmaint.port.held_names import held_to_tree
from zpmaint.port.sections import Carried, Effect, rewritten
from zpmaint.port.terms import Terms
from zpmaint.port.values import FilePort


def left(part: FileDiff, base: bytes | None, target: bytes | None) -> tuple[str, ...] | None:
    """The functions (and other scopes) whose lines a section changes and that are not in that file
    of the target; None for a section that has nothing to look for elsewhere: it does more than
    change lines, or all that it changes is there."""
    if base is None or part.old is None or part.new != part.old or part.binary or not part.hunks:
        return None
    return away_of(part.parsed, base, target)


def followed(
    part: FileDiff, stuck: Carried, base: bytes, target: bytes | None, terms: Terms
) -> Carried:
    """A section in conflict, carried to those of the files that the terms offer which took in what
    it changes; as it was, with what speaks against each of them, where it is not."""
    path = str(part.old)
    known = {path: target}
    done = ported(part.parsed, base, target, terms)
    before = [there(one, known, terms) for one in done]
    done = [
        held_to_tree(part.parsed, one, data, terms) for one, data in zip(done, before, strict=True)
    ]
    if any(one.result is None for one in done):
        return replace(stuck, port=_told(stuck.port, done))
    parts = []
    for one, data in zip(done, before, strict=True):
        assert one.result is not None and data is not None
        text = rewritten(part, one.path, data, one.result)
        parts.append(Carried(one, Effect({one.path: one.result}), text))
    files = {path: data for one in done for path, data in ((one.path, one.result),)}
    return Carried(done[0], Effect(files), "".join(one.text for one in parts), tuple(parts))


def _told(before: FilePort, done: Sequence[FilePort]) -> FilePort:
    """A conflict, with why no other file takes its hunks."""
    whys = {hunk.header: hunk.why for one in done for hunk in one.hunks if hunk.placed.is_conflict}
    hunks = (
        replace(hunk, why=whys.get(hunk.header, hunk.why)) if hunk.placed.is_conflict else hunk
        for hunk in before.hunks
    )
    return replace(before, hunks=tuple(hunks))
