# SPDX-License-Identifier: GPL-2.0-only
"""Lines added between lines that the target does not have, where the gap they leave is closed.

All that stood around the addition is gone, up to a line above and a line below that are
neighbours now: there is one place left for it. It keeps the empty lines that set it apart.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

from zpmaint.merge.lines import indentation, squeezed

_JUMP = re.compile(r"\s*(?:return|goto|break|continue)\b.*;\s*$")


@dataclass(frozen=True)
class Gap:
    """An addition with the base's lines around it, all of which are gone from the target."""

    above: tuple[str, ...]
    lines: tuple[str, ...]
    below: tuple[str, ...]

    @classmethod
    def of(cls, base: Sequence[str], ours: Sequence[str], theirs: Sequence[str]) -> Gap | None:
        """None where ours does more than add one run of lines, or the target has any there."""
        more = len(ours) - len(base)
        if theirs or more <= 0 or not base:
            return None
        head = 0
        while head < len(base) and base[head] == ours[head]:
            head += 1
        if base[head:] != ours[head + more :]:
            return None
        head = _paragraph(base, ours, head, more)
        return cls(tuple(base[:head]), tuple(ours[head : head + more]), tuple(base[head:]))

    def slid(self, line: str) -> Gap | None:
        """The gap one line further up, `line` being the one above it: the same text is left where
        the last line that is gone reads as that one. None where it does not."""
        if not self.below or self.below[-1] != line:
            return None
        return Gap((line, *self.above), self.lines, self.below[:-1])


def filled(gap: Gap, above: Sequence[str], below: Sequence[str]) -> tuple[int, list[str]] | None:
    """How many of the lines above the gap come to stand behind the addition, and the addition as it
    is to stand. `above` and `below` are the target's lines on either side, as many as there are.
    None where it would not belong there."""
    at = 0
    top, foot = list(above), list(below[:1])
    while not _is_seam(top[-1:], foot):
        slid = gap.slid(top[-1]) if top else None
        if slid is None:
            break
        gap, at, foot = slid, at + 1, [top.pop()]
    if not _belongs(gap.lines, top[-1:], foot):
        return None
    return at, _set_apart(gap, top[-1:], foot)


def _is_seam(above: Sequence[str], below: Sequence[str]) -> bool:
    return not all(map(squeezed, (*above, *below))) or not above or not below


def _belongs(new: Sequence[str], above: Sequence[str], below: Sequence[str]) -> bool:
    """Whether lines may stand there: not behind a jump, which would never come to them, and not
    ahead of the end of a block that is deeper than they are."""
    said = [line for line in new if squeezed(line)]
    if not said:
        return False
    depth = len(indentation(said[0]).expandtabs())
    for line in above:
        if _JUMP.match(line) and len(indentation(line).expandtabs()) == depth:
            return False
    for line in below:
        if squeezed(line).startswith("}") and len(indentation(line).expandtabs()) >= depth:
            return depth == 0 and not indentation(line) and squeezed(line) != "}"
    return True


def _set_apart(gap: Gap, above: Sequence[str], below: Sequence[str]) -> list[str]:
    """An addition with empty lines where it had them, its own or those of its neighbours."""
    new = list(gap.lines)
    said = [n for n, line in enumerate(new) if squeezed(line)]
    first, last = said[0], said[-1]
    apart_above = first > 0 or _is_blank(gap.above[-1:])
    apart_below = last < len(new) - 1 or _is_blank(gap.below[:1])
    core = new[first : last + 1]
    blank = next((ln for ln in (*new, *gap.above, *gap.below) if not squeezed(ln)), "\n")
    if apart_above and above and squeezed(above[0]):
        core = [blank, *core]
    if apart_below and below and squeezed(below[0]):
        core = [*core, blank]
    return core


def _is_blank(line: Sequence[str]) -> bool:
    return any(not squeezed(text) for text in line)


def _paragraph(base: Sequence[str], ours: Sequence[str], head: int, more: int) -> int:
    """Where an addition of `more` lines begins: of like lines at its two ends either may be the one
    that is new, and a paragraph of its own is likelier than the rest of one."""
    for at in range(head, -1, -1):
        if not squeezed(ours[at + more - 1]) or (at and not squeezed(base[at - 1])):
            return at
        if not at or base[at - 1] != ours[at + more - 1]:
            break
    return head
