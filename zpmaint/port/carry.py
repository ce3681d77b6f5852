# SPDX-License-Identifier: GPL-2.0-only
"""A whole patch carried from the contents that it was cut against to those of a target."""

from __future__ import annotations

from dataclasses import replace
from functools import lru_cache

from zpmaint.diffs import writer
from zpmaint.merge.lines import lines_of
from zpmaint.port.beside import drifted
from zpmaint.port.file_moves import one_each, ported, there
from zpmaint.port.held_names import held_to_tree
from zpmaint.port.outcome import Outcome, carried_on, stuck, undone, without
from zpmaint.port.own_names import of_patch
from zpmaint.port.parsed import Blobs, Frozen, files_of
from zpmaint.port.terms import STRICT, Terms
from zpmaint.port.values import FilePort, State


@lru_cache(maxsize=512)
def carry(patch: str, base: Frozen, target: Frozen, terms: Terms = STRICT) -> Outcome:
    """The port of one patch between given contents: what a version's name has no part in."""
    before, now = dict(base), dict(target)
    terms = replace(terms, brings=of_patch(patch), beside=drifted(before, now))
    files: list[FilePort] = []
    diffs: list[str] = []
    for file in files_of(patch):
        for done in ported(file, before[file.path], now[file.path], terms):
            files.append(done)
            diffs.append(diff_of(done, there(done, now, terms)))
    files = one_each(files)
    if conflict := stuck(files):
        return conflict
    hunks = [hunk for file in files for hunk in file.hunks]
    held = [hunk for hunk in hunks if hunk.placed.is_dropped]
    if held and terms.yields:
        return without(held, len(hunks), files, "".join(diffs))
    if held:
        why = f"{len(held)} of {len(hunks)} hunks are in the target already, the others are not"
        return Outcome(State.CONFLICT, undone(files), "", why)
    if all(hunk.placed.is_literal for hunk in hunks):
        offsets = {hunk.offset or 0 for hunk in hunks}
        why = "the anchor applies as it is"
        if offsets != {0}:
            why += f", {min(offsets):+d} to {max(offsets):+d} lines off"
        return Outcome(State.APPLIES, tuple(files), "".join(diffs), why)
    return carried_on(files, diffs)


def bereft(patch: str, outcome: Outcome, target: Blobs, terms: Terms) -> Outcome:
    """The port, held against what upstream has taken away from the whole tree."""
    of = {file.path: file for file in files_of(patch)}
    terms = replace(terms, brings=of_patch(patch))
    files = tuple(
        held_to_tree(of[done.origin], done, there(done, target, terms), terms)
        for done in outcome.files
    )
    return stuck(files) or outcome


def rests_on_names(outcome: Outcome) -> bool:
    """Whether a port was held back, or less sure, for a name that its file does not use."""
    return any(hunk.rests_on_names for file in outcome.files for hunk in file.hunks)


def diff_of(done: FilePort, there: bytes | None) -> str:
    """What a file's port changes, as a unified diff."""
    if there is None and done.result is None:
        return ""
    return writer.unified(
        done.path,
        None if there is None else lines_of(there),
        None if done.result is None else lines_of(done.result),
    )
