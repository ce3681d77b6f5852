# SPDX-License-Identifier: GPL-2.0-only
"""Changes that read the same one line further, slid away from the other side's.

An addition that begins with the line behind it (an empty one, a bracket) may as well stand behind
that line and end with it; lines that go between two like ones may be the one or the other. Which of
the two an alignment picks is chance; where it picks the one that touches the other side's change,
two changes that have nothing to do with one another look like a conflict.

Two additions are not slid past one another: whose lines come first is for others to tell.
"""

from __future__ import annotations

from collections.abc import Sequence

from zpmaint.merge.align import Edit

_MOST = 200
"""Lines that a change is slid by, at most."""


def apart(base: Sequence[str], still: Sequence[Edit], slid: Sequence[Edit]) -> list[Edit]:
    """The edits `slid` of the base, those that touch one of `still` in another place where they
    read the same and touch none; as they were where there is no such place, or where both add."""
    found = list(slid)
    adds = [edit for edit in still if edit[0] == edit[1]]
    for n, edit in enumerate(slid):
        if _touches(edit, still) and not _touches(edit, adds):
            low = found[n - 1][1] + 1 if n else 0
            high = slid[n + 1][0] - 1 if n + 1 < len(slid) else len(base)
            found[n] = _elsewhere(base, edit, still, low, high)
    return found


def _elsewhere(base: Sequence[str], edit: Edit, still: Sequence[Edit], low: int, high: int) -> Edit:
    for step in (1, -1):
        now: Edit | None = edit
        for _ in range(_MOST):
            now = None if now is None else _moved(base, now, step)
            if now is None or now[0] < low or now[1] > high:
                break
            if not _touches(now, still):
                return now
    return edit


def _moved(base: Sequence[str], edit: Edit, step: int) -> Edit | None:
    """An edit one line further down or up; None where it would read otherwise."""
    start, end, new = edit
    if (start < end and new) or not (start + min(step, 0) >= 0 and end + max(step, 0) <= len(base)):
        return None  # what replaces lines stands where they stood
    if start == end:
        beside, own = (base[start], new[0]) if step > 0 else (base[start - 1], new[-1])
        turned = (*new[1:], new[0]) if step > 0 else (new[-1], *new[:-1])
    else:
        beside, own = (base[end], base[start]) if step > 0 else (base[start - 1], base[end - 1])
        turned = new
    return (start + step, end + step, turned) if beside == own else None


def _touches(edit: Edit, others: Sequence[Edit]) -> bool:
    return any(edit[0] <= end and start <= edit[1] for start, end, _ in others)
