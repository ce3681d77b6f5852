# SPDX-License-Identifier: GPL-2.0-only
"""What became otherwise, and when: a line's attempts told again in the order in which they came.
What still works, and what is still broken, is no news."""

from __future__ import annotations

from bisect import bisect_left, insort
from collections.abc import Iterable, Iterator

from zpmaint.timeline.cost_changes import CostChange
from zpmaint.timeline.values import (
    Attempt,
    FreshnessState,
    Line,
    Transition,
    TransitionKind,
)

_GOOD, _FLAKY, _BAD = range(3)
_NAMED = 6
"""So many figures are told of."""


def transitions_of(lines: Iterable[Line]) -> list[Transition]:
    """The news of these lines, newest first. Of a kernel that two lines cover each has its own."""
    found = [
        one
        for line in lines
        for one in (*_turns(line), *_cost_changes(line), *_untested(line), *_silence(line))
    ]
    return sorted(
        found,
        key=lambda one: (one.when, one.line.patchset, one.line.name, one.version, one.kind),
        reverse=True,
    )


def _turns(line: Line) -> Iterator[Transition]:
    """Red, green and flakes. What a kernel is compared with is what was known of itself until then;
    else of the next older kernel of which something was known then."""
    events = sorted(
        (
            (one.turn, one.finished, -place, one)
            for place, standing in enumerate(line.standings)
            for one in standing.attempts
            if one.result.settles
        ),
        key=lambda event: event[:3],
    )
    states: dict[int, int] = {}
    known: list[int] = []  # places of kernels of which something is known; older ones are smaller
    tones: dict[tuple[int, str], set[str]] = {}
    for _, _, place, attempt in events:
        with_key = tones.setdefault((place, attempt.key), set())
        is_flake = bool(attempt.key) and bool(with_key - {attempt.result.tone})
        is_new_flake = is_flake and len(with_key) == 1
        with_key.add(attempt.result.tone)
        state = _FLAKY if is_flake else _GOOD if attempt.result.is_good else _BAD
        neighbour = place
        former = states.get(place)
        if former is None and (at := bisect_left(known, place)):
            neighbour = known[at - 1]
            former = states[neighbour]
        before = None if former is None else line.standings[-neighbour].version
        if place not in states:
            insort(known, place)
        states[place] = state
        if is_flake:
            if is_new_flake:
                yield _made(TransitionKind.FLAKE, line, attempt, before)
        elif state == _BAD and former != _BAD:
            yield _made(TransitionKind.TURNED_RED, line, attempt, before)
        elif state == _GOOD and former in (_BAD, _FLAKY):
            yield _made(TransitionKind.TURNED_GREEN, line, attempt, before)


def _made(kind: TransitionKind, line: Line, attempt: Attempt, before: str | None) -> Transition:
    told = f"{attempt.result}: {attempt.why}" if attempt.why else str(attempt.result)
    if kind is TransitionKind.FLAKE:
        told += "; the same inputs had come out otherwise"
    elif before is None:
        told += "; the first kernel of the line that was tried"
    elif before != attempt.version:
        told += f"; it was otherwise on {before}"
    else:
        told += "; it was otherwise there before"
    return Transition(kind, attempt.finished, line, attempt.version, before, told, attempt.key)


def _cost_changes(line: Line) -> Iterator[Transition]:
    """One for each kernel of the line from which on figures are other ones than on an older kernel
    of the line. That another series costs something else is no news of this one."""
    mine = {one.version for one in line.standings}
    found: dict[str, list[CostChange]] = {}
    for change in line.cost_changes:
        if change.last in mine:
            found.setdefault(change.first, []).append(change)
    for version, changes in found.items():
        told = [
            f"{one.counter} ({one.phase}, {one.side}): {one.words}, {one.before:,.6g} {one.unit} "
            f"up to {one.last}, then {one.after:,.6g}"
            for one in changes
        ]
        more = [f"and {len(told) - _NAMED} more"] if len(told) > _NAMED else []
        yield Transition(
            TransitionKind.COST_CHANGED,
            max(one.when for one in changes),
            line,
            version,
            changes[0].last,
            "; ".join([*told[:_NAMED], *more]),
        )


def _untested(line: Line) -> Iterator[Transition]:
    fresh = line.freshness
    if fresh.untested is None or fresh.out_since is None or not line.is_tracked:
        return
    newest = line.newest.version if line.newest else None
    yield Transition(
        TransitionKind.NEW_KERNEL_UNTESTED,
        fresh.out_since,
        line,
        fresh.untested,
        newest,
        f"{fresh.untested} is out, and nothing is known of it yet",
    )


def _silence(line: Line) -> Iterator[Transition]:
    fresh = line.freshness
    if fresh.state is not FreshnessState.SILENT or not line.is_tracked:
        return
    if fresh.silent_from is None:
        return
    newest = line.newest.version if line.newest else ""
    yield Transition(
        TransitionKind.SERVICE_SILENT,
        fresh.silent_from,
        line,
        newest,
        None,
        fresh.words,
    )
