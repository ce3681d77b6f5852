# SPDX-License-Identifier: GPL-2.0-only
"""Kinds of drift: what stands between an old patch and a new kernel, by where a plain three-way
merge of a file stops. Pure.

The classes follow the lines of `git merge-file --diff3`, an arbiter that is none of zpmaint's.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from difflib import SequenceMatcher
from enum import StrEnum

MARKER = 40
"""The length of the markers: kernel documentation underlines with rows of seven and more."""
_OPEN, _BASE, _MIDDLE, _CLOSE = (sign * MARKER for sign in (b"<", b"|", b"=", b">"))
_TOKEN = re.compile(rb"\w+|\s+|[^\w\s]")


class Drift(StrEnum):
    """Ordered from the easiest; a file with several conflicts is of the hardest's kind."""

    NONE = "none"
    """The two kernels have the same file."""
    OFFSET = "offset"
    """Every hunk stands as it is, perhaps elsewhere: patch -F0 takes it."""
    CONTEXT = "context"
    """Upstream changed lines near the hunks, and a three-way merge is clean."""
    ADJACENT = "adjacent lines"
    """Both changed lines that touch, none of them the same."""
    REINDENT = "re-indented"
    """One side only re-indents what the other edits."""
    TOKENS = "same line, other words"
    """Both changed one line, in different words of it."""
    SAME_SPOT = "added at the same spot"
    PATCH_DELETES = "patch deletes what upstream edited"
    UPSTREAM_DELETES = "upstream deleted what the patch edits"
    BOTH = "both rewrote"
    DROPPED = "left out by the maintainers"
    """The new patch of that name does not touch the file any more: upstream has it, or the code
    is gone. Only patch -F0 did not refuse, or something stopped the merge."""
    OTHER = "not a change of lines"
    """New, deleted, renamed, binary files, files that are gone: see their kinds."""


@dataclass(frozen=True)
class Region:
    """One conflict of a three-way merge, in lines."""

    target: tuple[bytes, ...]
    base: tuple[bytes, ...]
    after: tuple[bytes, ...]


def regions(merged: bytes) -> list[Region]:
    """The conflicts in what `git merge-file -p --diff3 --marker-size=40` wrote."""
    found: list[Region] = []
    sides: list[list[bytes]] = []
    for line in merged.splitlines(keepends=True):
        if line.startswith(_OPEN):
            sides = [[]]
        elif sides and line.startswith((_BASE, _MIDDLE)):
            sides.append([])
        elif sides and line.startswith(_CLOSE):
            target, base, after = (tuple(side) for side in sides)
            found.append(Region(target, base, after))
            sides = []
        elif sides:
            sides[-1].append(line)
    return found


def hardest(conflicts: Iterable[Region]) -> Drift:
    """The kind of a file's conflicts; CONTEXT where there is none."""
    order = list(Drift)
    return max((kind_of(region) for region in conflicts), key=order.index, default=Drift.CONTEXT)


def kind_of(region: Region) -> Drift:
    """The kind of one conflict."""
    if _squeezed(region.base) in (_squeezed(region.after), _squeezed(region.target)):
        return Drift.REINDENT
    upstream = _edits(region.base, region.target)
    patch = _edits(region.base, region.after)
    both = upstream.lines & patch.lines
    if not both:
        return Drift.SAME_SPOT if upstream.spots & patch.spots else Drift.ADJACENT
    if both <= upstream.deleted and not both <= patch.deleted:
        return Drift.UPSTREAM_DELETES
    if both <= patch.deleted and not both <= upstream.deleted:
        return Drift.PATCH_DELETES
    words = [_TOKEN.findall(b"".join(side)) for side in (region.base, region.target, region.after)]
    upstream, patch = _edits(words[0], words[1]), _edits(words[0], words[2])
    if upstream.lines & patch.lines or upstream.spots & patch.spots:
        return Drift.BOTH
    return Drift.TOKENS


@dataclass(frozen=True)
class _Edits:
    """What one side did to the base, by the base's numbers."""

    lines: frozenset[int]
    """Changed or deleted."""
    deleted: frozenset[int]
    """Deleted with nothing in their place."""
    spots: frozenset[int]
    """Before which of them something was inserted."""


def _edits(base: Sequence[bytes], side: Sequence[bytes]) -> _Edits:
    lines: set[int] = set()
    deleted: set[int] = set()
    spots: set[int] = set()
    for tag, low, high, _, _ in SequenceMatcher(None, base, side, autojunk=False).get_opcodes():
        if tag == "insert":
            spots.add(low)
        elif tag != "equal":
            lines.update(range(low, high))
            if tag == "delete":
                deleted.update(range(low, high))
    return _Edits(frozenset(lines), frozenset(deleted), frozenset(spots))


def _squeezed(lines: Iterable[bytes]) -> list[bytes]:
    return [text for line in lines if (text := b" ".join(line.split()))]
