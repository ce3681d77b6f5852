# SPDX-License-Identifier: GPL-2.0-only
"""What becomes of each hunk of an anchor in some state of the kernel's files. Pure.

A port says what became of the whole patch. For telling which commit did that, each hunk is looked
at by itself, whatever the set declares: a commit stands between two tags, and no era knows it.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

from zpmaint.core.eras import Era
from zpmaint.patchset.values import Adoption, Anchor, PatchSet
from zpmaint.port.anchored import port_anchor
from zpmaint.port.engine import Blobs, port
from zpmaint.port.placed import Placed
from zpmaint.port.values import FilePort, HunkPort

AS_IT_IS = "as it is"
UPSTREAM = Placed.UPSTREAM
CONFLICT = Placed.CONFLICT

_ANY = Adoption(Era(), ("0" * 12,), "to be looked for")


@dataclass(frozen=True)
class HunkOutcome:
    """One hunk in one state of the files."""

    path: str
    header: str
    """The hunk's line range in the anchor."""
    scope: str
    word: str
    """AS_IT_IS, UPSTREAM, CONFLICT, or the strategy that carries the hunk."""
    why: str
    patch: str = ""
    """The patch of the series; '' where the anchor is one patch."""


def hunk_outcomes(
    patchset: PatchSet, anchor: Anchor, base: Blobs, files: Blobs
) -> tuple[HunkOutcome, ...]:
    """The hunks of `anchor`, in its order, where the kernel's files are `files`. Of a series all
    patches are looked at, those behind a conflict without the one that is in conflict."""
    alone = replace(patchset, anchors=(anchor,), adoptions=())
    bases = {anchor.name: base}
    carried = _hunks(alone, anchor, bases, files)
    # What merely resembles the change is no adoption, unless the set says that there was one: of a
    # one-line patch upstream's rival line resembles it, too.
    if not patchset.adoptions or all(not hunk.placed.is_conflict for _, hunk in carried):
        return tuple(_outcome(file, hunk) for file, hunk in carried)
    adopted = _hunks(replace(alone, adoptions=(_ANY,)), anchor, bases, files)
    return tuple(
        _outcome(file, seen if hunk.placed.is_conflict and seen.placed is UPSTREAM else hunk)
        for (file, hunk), (_, seen) in zip(carried, adopted, strict=True)
    )


def _hunks(
    patchset: PatchSet, anchor: Anchor, bases: dict[str, Blobs], files: Blobs
) -> list[tuple[FilePort, HunkPort]]:
    if anchor.is_single:
        done = port(patchset, anchor.base, bases, files)
    else:
        base = bases[anchor.name]
        done = port_anchor(patchset, anchor.base, anchor, base, files, keep_going=True)
    return [(file, hunk) for file in done.files for hunk in file.hunks]


def _outcome(file: FilePort, hunk: HunkPort) -> HunkOutcome:
    word = AS_IT_IS if hunk.placed.is_literal else hunk.placed
    return HunkOutcome(file.path, hunk.header, hunk.scope, word, hunk.why, file.patch)
