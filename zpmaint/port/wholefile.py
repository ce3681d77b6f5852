# SPDX-License-Identifier: GPL-2.0-only
"""Files that a patch creates, deletes, renames, or that the target does not have."""

from __future__ import annotations

from unidiff.patch import PatchedFile

from zpmaint.diffs.paths import NOWHERE
from zpmaint.merge.lines import join
from zpmaint.port.hunks import Change
from zpmaint.port.placed import Placed
from zpmaint.port.terms import STRICT, Terms
from zpmaint.port.values import FilePort, HunkPort


def port(file: PatchedFile, target: bytes | None, terms: Terms = STRICT) -> FilePort | None:
    """The port of such a file; None for a file whose lines have to be placed hunk by hunk."""
    changes = [Change.of(hunk) for hunk in file]
    if unsupported := _unsupported(file):
        return _told(file, changes, Placed.CONFLICT, unsupported)
    if file.is_added_file and not (target == b"" and file.source_file != NOWHERE):
        return _created(file, changes, target)
    # A file whose lines all go, and that stays, is named on both sides.
    if file.is_removed_file and (file.target_file == NOWHERE or target is None):
        return _deleted(file, changes, target)
    if target is None and terms.yields:
        why = "upstream deleted this file: the patch's change to it has no object"
        return _told(file, changes, Placed.GONE, why)
    if target is None:
        return _told(file, changes, Placed.CONFLICT, "the target does not have this file")
    return None


def _created(file: PatchedFile, changes: list[Change], target: bytes | None) -> FilePort:
    wanted = join(line for change in changes for line in change.post)
    if target is None:
        return _told(file, changes, Placed.EXACT, "a new file, not in the target", wanted)
    if target == wanted:
        return _told(file, changes, Placed.UPSTREAM, "the target has this very file", target)
    return _told(file, changes, Placed.CONFLICT, "the target has another file of this name")


def _deleted(file: PatchedFile, changes: list[Change], target: bytes | None) -> FilePort:
    if target is None:
        return _told(file, changes, Placed.UPSTREAM, "the file is gone from the target")
    if target == join(line for change in changes for line in change.pre):
        return _told(file, changes, Placed.EXACT, "the file to delete is as the anchor has it")
    return _told(file, changes, Placed.CONFLICT, "upstream changed the file that the patch deletes")


def _unsupported(file: PatchedFile) -> str:
    if file.is_binary_file:
        return "a binary diff cannot be ported"
    if file.is_rename:
        return f"renames ({file.source_file} -> {file.target_file}) are not carried on"
    if any(line.startswith(("old mode ", "copy from ")) for line in file.patch_info or ()):
        return "changes of mode and copies are not carried on"
    if not len(file) and not (file.is_added_file or file.is_removed_file):
        return "the patch changes nothing in it"
    return ""


def _told(
    file: PatchedFile, changes: list[Change], placed: Placed, why: str, result: bytes | None = None
) -> FilePort:
    confidence = {Placed.CONFLICT: 0.0, Placed.GONE: 0.6}.get(placed, 1.0)
    headers = [change.header for change in changes] or ["@@"]
    offset = 0 if placed is Placed.EXACT else None
    return FilePort(
        file.path,
        tuple(HunkPort(head, "", placed, confidence, why, offset) for head in headers),
        result,
    )
