# SPDX-License-Identifier: GPL-2.0-only
"""The words for what became of a hunk: the strategy that placed it, or why nothing was placed."""

from __future__ import annotations

from enum import StrEnum


class Placed(StrEnum):
    """What became of a hunk. The words are those of the JSON and of a written patch's head."""

    EXACT = "exact"
    """Its lines stand where its header says."""
    OFFSET = "offset"
    """Its lines stand some lines further up or down."""
    THREE_WAY = "three-way"
    """By a three-way merge of its function: the anchor's base, the patch, the target."""
    IDENTIFIERS = "identifiers"
    """Spoken in the names that upstream has given since."""
    ADJACENT = "adjacent"
    """Upstream changed lines right beside its own, and none of the same."""
    SCOPE = "scope"
    """In its function, where only the lines that it changes tell the place."""
    EXPORTED = "exported"
    """It adds a function's export, and goes behind that function."""
    NEIGHBOURS = "neighbours"
    """Where the lines stand that stood next to it."""
    SETTLED = "settled"
    """Where both sides changed the same lines, a rule told what becomes of them."""
    PIECES = "pieces"
    """Each change of it was placed by itself."""
    VERSION = "version"
    """EXTRAVERSION, behind the target's own."""
    MOVED = "moved"
    """In another file: upstream moved what it changes there."""
    RESOLUTION = "resolution"
    """As a person solved the same conflict before."""
    UPSTREAM = "upstream"
    """The target has it; there is nothing to do."""
    GONE = "gone"
    """Upstream deleted what it changes; there is nothing to do."""
    CONFLICT = "conflict"
    """No strategy placed it, or a check refused it."""

    @property
    def is_literal(self) -> bool:
        """Whether the hunk applies as it is, as patch -F0 would have it."""
        return self in (Placed.EXACT, Placed.OFFSET)

    @property
    def is_conflict(self) -> bool:
        return self is Placed.CONFLICT

    @property
    def is_dropped(self) -> bool:
        """Whether there is nothing to do for it."""
        return self in (Placed.UPSTREAM, Placed.GONE)


RUNGS = (
    "literal",
    "version_line",
    "exported",
    "threeway",
    "identifiers",
    "blocks",
    "dropped",
    "nearby",
    "adjacent",
    "settled",
    "between",
    "inlined",
)
"""The modules of strategies/ in the order in which they are tried, the surest first. What none of
them places whole is tried in pieces."""
