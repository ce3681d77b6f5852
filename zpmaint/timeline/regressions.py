# SPDX-License-Identifier: GPL-2.0-only
"""What was good and no longer is, of all lines: a kernel that turned, a figure that moved beyond
its declared bound, each against the last good one. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from enum import StrEnum
from itertools import groupby

from zpmaint.timeline.cost_changes import CostChange
from zpmaint.timeline.kernels import order_of, parsed
from zpmaint.timeline.values import Attempt, Episode, Line, Standing


class RegressionKind(StrEnum):
    """What no longer is as it was."""

    RESULT = "result"
    """The patch held on an older kernel, and does not on this one."""
    FLAKE = "flake"
    """It held, and now the same inputs come out both ways."""
    COST = "cost"
    """A watched figure is higher than it was, by more than the patch set lets it move."""


class TurnedBy(StrEnum):
    """Between which two the difference lies."""

    KERNEL = "kernel"
    """Another kernel."""
    INPUTS = "inputs"
    """A kernel of these was good before, with other inputs: the patch set's, zpmaint's, the tools'.
    """
    CHANCE = "chance"
    """The very same inputs came out both ways."""


@dataclass(frozen=True)
class Regression:
    """Something that was good and no longer is, or was not for a while."""

    kind: RegressionKind
    line: Line
    first: str
    """The oldest kernel on which it is so."""
    last: str
    """The newest one."""
    last_good: str
    """The kernel that it is compared with; where inputs or chance turned it, it may be one on which
    it is so now."""
    turned_by: TurnedBy
    fixed_in: str | None
    """The first kernel that is good again; None: it still is so."""
    when: float
    """When it was first seen; seconds since the epoch."""
    why: str
    found: Attempt | None = None
    """The verification that showed it, of `first` or of what inputs turned; None of a cost."""
    good: Attempt | None = None
    """The one of `last_good` that it is compared with; None of a cost."""
    change: CostChange | None = None
    """Of a cost alone."""

    @property
    def is_current(self) -> bool:
        return self.fixed_in is None

    @property
    def is_across(self) -> bool:
        """Whether the last good one is of another line: of this one no kernel was ever good."""
        return all(one.version != self.last_good for one in self.line.standings)

    @property
    def untested(self) -> int:
        """How many kernels of the line lie between the two and nothing is known of them; as far as
        their names count them."""
        low, high = parsed(self.last_good), parsed(self.first)
        if low is None or high is None or low.series != high.series or self.is_across:
            return 0
        return max(0, high.numbers[-1] - low.numbers[-1] - 1)


def regressions_of(lines: Iterable[Line]) -> list[Regression]:
    """All of them: what still is so first, results before costs, then the newest first. What was
    never good is none."""
    lines = list(lines)
    found = [one for line in lines for one in (*_results(line, lines), *_costs(line))]
    # A figure of two lines that cover the same kernels is one figure.
    once = {(one.kind, *_name(one.line), one.first, one.change): one for one in reversed(found)}
    return sorted(
        once.values(),
        key=lambda one: (
            not one.is_current,
            one.kind is RegressionKind.COST,
            -one.when,
            one.line.name,
            one.first,
            one.why,
        ),
    )


def _name(line: Line) -> tuple[str, str, str]:
    return line.patchset, line.arch, line.profile


def _results(line: Line, lines: Sequence[Line]) -> Iterator[Regression]:
    standings = {one.version: one for one in line.standings}
    for is_good, run in groupby(line.episodes, lambda one: one.kind.is_good):
        if is_good:
            continue
        episodes = list(run)
        first, last = episodes[0], episodes[-1]
        mine = [standings[name] for episode in episodes for name in episode.versions]
        by, at, good = _against(mine, first.last_good or _good_before(line, lines, first.first))
        if by is TurnedBy.KERNEL and good is None:
            continue
        version = good if isinstance(good, str) else good.version if good else first.first
        yield Regression(
            kind=RegressionKind.FLAKE if by is TurnedBy.CHANCE else RegressionKind.RESULT,
            line=line,
            first=first.first,
            last=last.last,
            last_good=version,
            turned_by=by,
            fixed_in=last.ended_by if last.fixed else None,
            when=first.when,
            why=_why(episodes),
            found=at.settled,
            good=_settled(good, line, lines) if isinstance(good, str) else good,
        )


def _against(
    run: Sequence[Standing], before: str | None
) -> tuple[TurnedBy, Standing, Attempt | str | None]:
    """What turned a run of kernels, oldest first, the kernel that shows it, and what it is compared
    with: the verification of a kernel of them that was good, else the last good kernel `before`."""
    if all(one.flaky for one in run):
        return TurnedBy.CHANCE, run[0], before
    for one in run:
        if (good := _was_good(one)) is not None:
            return TurnedBy.INPUTS, one, good
    return TurnedBy.KERNEL, run[0], before


def _why(episodes: Sequence[Episode]) -> str:
    first, last = episodes[0], episodes[-1]
    return first.reason if first is last else f"{first.reason}; from {last.first} on {last.reason}"


def _was_good(standing: Standing) -> Attempt | None:
    """The newest attempt with other inputs that was good before what is known now."""
    settled = standing.settled
    assert settled is not None
    return next(
        (
            one
            for one in standing.attempts
            if one.result.is_good and one.key != settled.key and one.turn < settled.turn
        ),
        None,
    )


def _good_before(line: Line, lines: Sequence[Line], version: str) -> str | None:
    """The newest older kernel of another line that is good, for the first of a series."""
    names = [
        one.version
        for other in lines
        if other is not line and _name(other) == _name(line)
        for one in other.standings
        if one.is_good and order_of(one.version) < order_of(version)
    ]
    return max(names, key=order_of, default=None)


def _settled(version: str | None, line: Line, lines: Sequence[Line]) -> Attempt | None:
    return next(
        (
            one.settled
            for each in (line, *lines)
            if _name(each) == _name(line)
            for one in each.standings
            if one.version == version and one.is_good
        ),
        None,
    )


def _costs(line: Line) -> Iterator[Regression]:
    """Each rise of a figure. It is over when a later change of it leads back to where it was."""
    last = line.newest.version if line.newest else ""
    changes = sorted(line.cost_changes, key=lambda one: order_of(one.first))
    for place, change in enumerate(changes):
        if change.after <= change.before:
            continue
        back = next(
            (
                later
                for later in changes[place + 1 :]
                if _figure(later) == _figure(change) and later.after <= change.before
            ),
            None,
        )
        yield Regression(
            kind=RegressionKind.COST,
            line=line,
            first=change.first,
            last=back.last if back else last,
            last_good=change.last,
            turned_by=TurnedBy.KERNEL,
            fixed_in=back.first if back else None,
            when=change.when,
            why=f"{change.counter} ({change.phase}, {change.side}): {change.words}, "
            f"{change.before:,.6g} {change.unit} up to {change.last}, then {change.after:,.6g}",
            change=change,
        )


def _figure(change: CostChange) -> tuple[str, str, str]:
    return change.counter, change.phase, change.side
