# SPDX-License-Identifier: GPL-2.0-only
"""What came of carrying one patch between given contents: state, files, diff, reason."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace

from zpmaint.port.placed import Placed
from zpmaint.port.values import FilePort, HunkPort, State


@dataclass(frozen=True)
class Outcome:
    state: State
    files: tuple[FilePort, ...]
    diff: str
    why: str


def without(
    held: Sequence[HunkPort], count: int, ported: Sequence[FilePort], diffs: str
) -> Outcome:
    """The port of a patch of which upstream has a part, or deleted what a part of it changes."""
    had = sum(hunk.placed is Placed.UPSTREAM for hunk in held)
    gone = len(held) - had
    parts = [f"{had} upstream has"] * bool(had) + [f"{gone} on what upstream deleted"] * bool(gone)
    why = f"dropped {' and '.join(parts)}, of {count} hunks: {held[0].why}"
    state = State.UPSTREAM if len(held) == count else State.PORTED
    return Outcome(state, tuple(ported), "" if state is State.UPSTREAM else diffs, why)


def stuck(
    files: Sequence[FilePort], unplaced: Collection[Placed] = (Placed.CONFLICT,)
) -> Outcome | None:
    """The conflict that hunks which went nowhere make of a port; None where there are none."""
    why = first_stuck(files, unplaced)
    return Outcome(State.CONFLICT, undone(files), "", why) if why else None


def first_stuck(
    files: Sequence[FilePort], unplaced: Collection[Placed] = (Placed.CONFLICT,)
) -> str:
    """How many hunks went nowhere, and of the first why; '' where all did."""
    hunks = [hunk for file in files for hunk in file.hunks]
    left = [hunk for hunk in hunks if hunk.placed in unplaced]
    if not left:
        return ""
    return f"{len(left)} of {len(hunks)} hunks: {left[0].header} {left[0].why}"


def carried_on(files: Sequence[FilePort], diffs: Sequence[str]) -> Outcome:
    """A port whose hunks are all placed, not all of them as the anchor has them."""
    ways = ", ".join(sorted({hunk.placed for file in files for hunk in file.hunks}))
    return Outcome(State.PORTED, tuple(files), "".join(diffs), f"carried on by {ways}")


def undone(files: Sequence[FilePort]) -> tuple[FilePort, ...]:
    """All or nothing: files that went well give no result where another did not."""
    return tuple(replace(file, result=None) for file in files)
