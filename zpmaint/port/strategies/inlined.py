# SPDX-License-Identifier: GPL-2.0-only
"""neighbours: the hunk's function is not in the target, and its lines stand in another one there.

Upstream took a function apart, or put one into its caller, between the two kernels. Where what the
hunk changes, and the lines next to it, stand in a row at one place of the target's file alone, and
stood at one place of the base's, that is the place, however deep it is indented.
"""

from __future__ import annotations

from collections.abc import Sequence

from zpmaint.merge.indent import Shift, shifted
from zpmaint.merge.lines import indentation, squeezed
from zpmaint.port.follow import code_lines
from zpmaint.port.placed import Placed
from zpmaint.port.placement import Attempt, Job, Miss, Placement
from zpmaint.port.successor import twins

_SURE = 0.75
_LEAST = 3
"""Lines of code that must stand in a row."""


def place(job: Job) -> Attempt:
    """Place a hunk by its own lines, its function being gone."""
    home, base = job.home, job.base
    if base is None or job.base_at is None or home is None or home.kind != "function":
        return Miss("it changes no function of the base")
    if twins(base, home, job.target):
        return Miss(f"the target has {home.name}")
    low, high = _core(job)
    start, end = job.base_at + low, job.base_at + high
    if start < home.start or end > home.end:
        return Miss("it reaches over the end of its function")
    wanted = base.lines[start:end]
    if code_lines(wanted) < _LEAST:
        return Miss("too few of its lines are code to know the place by", weight=1)
    here = _rows(base.lines, wanted)
    there = _rows(job.target.lines, wanted)
    if len(here) != 1 or len(there) != 1:
        return Miss(
            f"the target has no function {home.name}, and the hunk's lines stand at "
            f"{len(there)} places",
            weight=2,
        )
    at = there[0]
    scope = job.target.scope_at(at)
    if scope is None or scope.kind != "function" or scope.end < at + len(wanted):
        return Miss("its lines stand outside of functions in the target", weight=2)
    found = job.target.lines[at : at + len(wanted)]
    depth = _depth(wanted, found)
    if depth is None:
        return Miss("its lines are indented in several ways in the target", weight=2)
    lines = _patched(job, low, high, found, depth)
    if lines is None:
        return Miss("its lines cannot be indented as the target's are", weight=2)
    why = f"{home.name} is gone, and its lines stand in {scope.name}"
    return Placement(at, at + len(wanted), tuple(lines), Placed.NEIGHBOURS, _SURE, why)


def _core(job: Job) -> tuple[int, int]:
    """The hunk's lines from the one above its first change to the one below its last, by the lines
    of its pre-image: those that say something."""
    pre = job.change.pre
    low, high = job.change.changed()
    low, high = max(low - 1, 0), min(high + 1, len(pre))
    while low > 0 and not squeezed(pre[low]):
        low -= 1
    while high < len(pre) and not squeezed(pre[high - 1]):
        high += 1
    # One more above: two lines in a row seldom stand twice.
    return max(low - 1, 0), high


def _rows(lines: Sequence[str], wanted: Sequence[str]) -> list[int]:
    """Where some lines stand in a row, however deep."""
    plain, size = [squeezed(line) for line in lines], len(wanted)
    look = [squeezed(line) for line in wanted]
    return [n for n in range(len(plain) - size + 1) if plain[n : n + size] == look]


def _depth(before: Sequence[str], now: Sequence[str]) -> Shift | None:
    """How all of some lines moved in or out."""
    pairs = [
        (indentation(old), indentation(new))
        for old, new in zip(before, now, strict=True)
        if squeezed(old)
    ]
    shift = min(pairs, key=lambda pair: len(pair[0]))
    alike = all(shifted(f"{old}x", shift) == f"{new}x" for old, new in pairs)
    return shift if alike else None


def _patched(job: Job, low: int, high: int, found: Sequence[str], depth: Shift) -> list[str] | None:
    """The target's lines with the hunk done to them."""
    out: list[str] = []
    n = 0
    for kind, text in job.change.lines:
        if kind == "+":
            if low <= n <= high:
                line = shifted(text, depth)
                if line is None:
                    return None
                out.append(line)
            continue
        if kind == " " and low <= n < high:
            out.append(found[n - low])
        n += 1
    return out
