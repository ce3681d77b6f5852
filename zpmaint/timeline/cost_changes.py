# SPDX-License-Identifier: GPL-2.0-only
"""Between which kernels a cost changed: figures of like conditions in the order of their kernels,
held to the bound that the patch set declares. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Literal

from zpmaint.timeline.changepoints import Step, levels, moves
from zpmaint.timeline.costs import BREAK_EVEN, Conditions, CostFigure, Costs
from zpmaint.timeline.kernels import Order, order_of, parsed

Side = Literal["stock", "patched", "pair"]
_SIDES: tuple[Side, ...] = ("stock", "patched")
_TIMES = 9.0  # a share beyond this is told as a multiple


@dataclass(frozen=True)
class Watched:
    """A figure whose changes count, and from where on."""

    counter: str
    phase: str
    share: float
    """Of the former level: 0.05 is 5 %. Moves that are no larger do not count."""
    floor: float = 0.0
    """In the figure's unit: likewise."""


@dataclass(frozen=True)
class CostChange:
    """A cost that is another one from a kernel on."""

    counter: str
    phase: str
    unit: str
    side: Side
    """Whose figure: the stock kernel's, the patched one's, the pair's (a break-even)."""
    arch: str
    last: str
    """The last kernel at the former level."""
    first: str
    """The first kernel beyond it."""
    since: str
    """The first kernel at the former level: where the last change was, or the first measured."""
    before: float
    after: float
    exact: bool
    """Whether the figures repeat exactly; else the levels are medians and noise was ruled out."""
    creeping: bool
    """Whether small moves since `since` came to this, the last of which is not beyond the bound."""
    when: float
    """When `first` was measured; seconds since the epoch."""

    @property
    def share(self) -> float | None:
        """The difference as a share of the former level; None where that was 0."""
        return (self.after - self.before) / abs(self.before) if self.before else None

    @property
    def place(self) -> tuple[Order, str, str, str, str]:
        """Where it stands among others: the oldest kernel first."""
        return order_of(self.first), self.arch, self.counter, self.phase, self.side

    @property
    def words(self) -> str:
        """The difference: '+40.3 %', '21 times', 'from nothing', '+12.5 points' of a share."""
        difference = self.after - self.before
        if self.unit == "%":
            text = f"{difference:+.1f} points"
        elif self.share is None:
            text = "from nothing"
        elif self.share > _TIMES:
            text = f"{self.after / self.before:,.0f} times"
        else:
            text = f"{100 * self.share:+.1f} %"
        return text.replace("-", "\N{MINUS SIGN}")


def cost_changes(costs: Iterable[Costs], watched: Iterable[Watched]) -> list[CostChange]:
    """Every change of a watched figure, oldest kernel first; the order of `costs` does not matter,
    and of a kernel there is one (its newest). Kernels are told apart by architecture and
    conditions; one whose name is no version is left out.

    A kernel is compared with those before it in its series, and the first that was measured of a
    series with the first of the series before: what stable kernels take up later is no change of
    the next series."""
    return changes_in(sequences_of(costs), watched)


def changes_in(
    sequences: Iterable[Sequence[Costs]], watched: Iterable[Watched]
) -> list[CostChange]:
    """The same of kernels that are in order already, for who asks several times."""
    watched = list(watched)
    found = [
        change
        for kernels in sequences
        for what in watched
        for change in _of_sequence(kernels, what)
    ]
    return sorted(found, key=lambda change: change.place)


def sequences_of(costs: Iterable[Costs]) -> list[list[Costs]]:
    """The kernels that are compared with one another, each such group in order."""
    costs = list(costs)
    return [*in_order(firsts_of(costs)), *within_series(costs)]


def within_series(costs: Iterable[Costs]) -> list[list[Costs]]:
    """Of each series the kernels that were measured alike, in order."""
    return [series for like in _likes(costs) for series in like.values() if len(series) > 1]


def firsts_of(costs: Iterable[Costs]) -> list[Costs]:
    """The first kernel of each series among those that were measured alike: what the next series
    is compared with."""
    return [series[0] for like in _likes(costs) for series in like.values()]


def in_order(costs: Iterable[Costs]) -> list[list[Costs]]:
    """Those that were measured alike, each such group in order."""
    likes: dict[Conditions, list[Costs]] = {}
    for one in costs:
        likes.setdefault(one.on, []).append(one)
    return [sorted(like, key=order) for like in likes.values()]


def _likes(costs: Iterable[Costs]) -> Iterator[dict[str, list[Costs]]]:
    """By conditions and series the kernels in order; one whose name is no version is left out."""
    for like in in_order(costs):
        found: dict[str, list[Costs]] = {}
        for one in like:
            version = parsed(one.version)
            if version is not None:
                found.setdefault(version.series, []).append(one)
        yield found


def order(one: Costs) -> Order:
    """Kernels as they were made."""
    return order_of(one.version)


def value(figure: CostFigure, side: Side) -> float | None:
    """One side's figure."""
    return figure.stock if side == "stock" else figure.patched


def sides(counter: str) -> tuple[Side, ...]:
    """Whose figures a counter gives."""
    return ("pair",) if counter == BREAK_EVEN else _SIDES


def _of_sequence(like: Sequence[Costs], what: Watched) -> Iterator[CostChange]:
    shown = [(one, f) for one in like if (f := one.figure(what.counter, what.phase))]
    for side in sides(what.counter):
        having = [(one, f, v) for one, f in shown if (v := value(f, side)) is not None]
        exact = all(figure.exact for _, figure, _ in having)
        found = (moves if exact else levels)([v for *_, v in having], what.share, what.floor)
        for step in found:
            yield _change(step, having, side, exact)


def _change(
    step: Step, having: Sequence[tuple[Costs, CostFigure, float]], side: Side, exact: bool
) -> CostChange:
    (since, *_), (last, *_), (first, figure, _) = (
        having[at] for at in (step.since, step.at - 1, step.at)
    )
    return CostChange(
        counter=figure.counter,
        phase=figure.phase,
        unit=figure.unit,
        side=side,
        arch=first.arch,
        last=last.version,
        first=first.version,
        since=since.version,
        before=step.before,
        after=step.after,
        exact=exact,
        creeping=step.creeping,
        when=first.finished,
    )
