# SPDX-License-Identifier: GPL-2.0-only
"""Which patches of a series a kernel has already, where later ones of the series hide that. Pure.

Upstream took a patch and then the next, which changes its lines: what the first one leaves stands
nowhere in the kernel. So the series is taken out of the kernel's files again, the last patch
first; what comes out as it would go in was there.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from zpmaint.diffs.reader import FileDiff, HunkText
from zpmaint.diffs.series import Member, Series
from zpmaint.merge.tokens import identifiers
from zpmaint.port.overlay import Overlay
from zpmaint.port.placed import Placed
from zpmaint.port.sections import Effect, carry, perform
from zpmaint.port.values import HunkPort

WHY = "the kernel has it: it can be taken out again, after those behind it"


def already(
    series: Series, base: Mapping[str, bytes | None], target: Mapping[str, bytes | None]
) -> frozenset[str]:
    """The patches that the target has, by name. None of them where the series does not apply to
    its own base: then nothing says what a patch leaves behind."""
    done = Overlay(base)
    states: list[Mapping[str, bytes | None]] = []
    for member in series.members:
        for part in member.patch.diffs:
            there = perform(part, done)
            if not isinstance(there, Effect):
                return frozenset()
            for path, data in there.files.items():
                done.put(path, data)
        states.append({path: done.get(path) for path in member.paths})
    now = dict(target)
    found: set[str] = set()
    for member, after in zip(reversed(series.members), reversed(states), strict=True):
        without = _taken_out(member, after, now)
        if without is not None:
            now |= without
            found.add(member.name)
    return frozenset(found)


def _taken_out(
    member: Member, after: Mapping[str, bytes | None], target: Mapping[str, bytes | None]
) -> dict[str, bytes | None] | None:
    """The target's files without the patch; None where it does not come out as it is."""
    base, now = Overlay(after), Overlay(target)
    changed: dict[str, bytes | None] = {}
    for part in reversed(member.patch.diffs):
        back = _reversed(part)
        there = perform(back, base) if back is not None else ""
        if back is None or not isinstance(there, Effect):
            return None
        done = carry(back, base, there, now)
        if done.effect is None or not all(map(_comes_out, back.hunks, done.port.hunks)):
            return None
        for path, data in there.files.items():
            base.put(path, data)
        for path, data in done.effect.files.items():
            now.put(path, data)
            changed[path] = data
    return changed


def _comes_out(back: HunkText, hunk: HunkPort) -> bool:
    """Whether what a hunk left was there. Beside its own lines upstream may have edited others;
    but then it has to be lines that it brought: that some are gone shows little."""
    brought = any(line[0] == "-" and identifiers(line[1:]) for line in back.lines)
    return hunk.placed.is_literal or (hunk.placed is Placed.THREE_WAY and brought)


def _reversed(part: FileDiff) -> FileDiff | None:
    """The section that undoes a section; None for one that does more than change lines."""
    if part.binary or not part.hunks or part.is_rename or part.is_copy or part.said("new mode"):
        return None
    hunks = tuple(_undoing(hunk) for hunk in part.hunks)
    return replace(part, head=(), hunks=hunks, old=part.new, new=part.old)


_MARKS = {"+": "-", "-": "+"}


def _undoing(hunk: HunkText) -> HunkText:
    back = replace(
        hunk,
        old_start=hunk.new_start,
        old_count=hunk.new_count,
        new_start=hunk.old_start,
        new_count=hunk.old_count,
        lines=tuple(_MARKS.get(line[0], line[0]) + line[1:] for line in hunk.lines),
    )
    old, new = f"{back.old_start},{back.old_count}", f"{back.new_start},{back.new_count}"
    return replace(back, header=f"@@ -{old} +{new} @@{hunk.tail}")
