# SPDX-License-Identifier: GPL-2.0-only
"""A patch that was made the wrong way round: what it brings is what its own base has."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from zpmaint.diffs.grammar import hunk_range
from zpmaint.diffs.reader import FileDiff, HunkText
from zpmaint.port.overlay import Overlay
from zpmaint.port.sections import Effect, perform

_SIDES = {"+": "-", "-": "+"}
_MODES = {"new file mode": "deleted file mode", "deleted file mode": "new file mode"}
_COPIES = (".orig", ".old", "~", ".bak")

ADVICE = "make it again from the old tree to the new one, or turn it round with `interdiff`"


def turned(part: FileDiff) -> FileDiff:
    """The diff the other way round."""
    head = []
    for line in part.head:
        key = next((key for key in _MODES if line.startswith(key)), "")
        head.append(line.replace(key, _MODES[key], 1) if key else line)
    hunks = tuple(_turned(hunk) for hunk in part.hunks)
    return replace(part, head=tuple(head), hunks=hunks, old=part.new, new=part.old)


def _turned(hunk: HunkText) -> HunkText:
    old = hunk_range(hunk.new_start, hunk.new_count)
    new = hunk_range(hunk.old_start, hunk.old_count)
    return HunkText(
        hunk.new_start,
        hunk.new_count,
        hunk.old_start,
        hunk.old_count,
        hunk.tail,
        f"@@ -{old} +{new} @@{hunk.tail}",
        tuple(_SIDES.get(line[0], line[0]) + line[1:] for line in hunk.lines),
    )


def stands_already(parts: Sequence[FileDiff], base: Overlay) -> bool:
    """Whether every part of a patch does not fit its base, and fits the other way round."""
    changed = [part for part in parts if part.hunks]
    return bool(changed) and all(
        not isinstance(perform(part, base), Effect)
        and isinstance(perform(turned(part), base), Effect)
        for part in changed
    )


def looks_turned(parts: Sequence[FileDiff]) -> bool:
    """Whether the names in a patch's heads say it: b/ before a/, the copy of before as what is
    new."""

    def sides(part: FileDiff) -> tuple[str, str]:
        named = [line[4:].split("\t")[0].strip() for line in part.head]
        marks = [line[:4] for line in part.head]
        old = next((n for m, n in zip(marks, named, strict=True) if m == "--- "), "")
        new = next((n for m, n in zip(marks, named, strict=True) if m == "+++ "), "")
        return old, new

    def is_copy(name: str) -> bool:
        return name.endswith(_COPIES) or name.partition("/")[0].endswith(_COPIES)

    told = [sides(part) for part in parts]
    return bool(told) and all(
        (old.startswith("b/") and new.startswith("a/")) or (is_copy(new) and not is_copy(old))
        for old, new in told
    )
