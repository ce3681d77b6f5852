# SPDX-License-Identifier: GPL-2.0-only
"""The full benchmark of a pair: every pass side by side, what must hold held, and what it means.
Pure.

Costs are per page of a pattern's size: instructions where the guest counted them, else
nanoseconds, of which there is one figure for each run and the median stands.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from statistics import median, quantiles
from typing import Any

from zpmaint.core.versions import KernelVersion
from zpmaint.judge.breakeven import BreakEven, Curve, break_even, even, total
from zpmaint.judge.measured import Measured, Place
from zpmaint.suites.guest.patterns import PAGE_KB, Bench, Expected, Level, Pass, Pattern

HOLDS = "StatmAnon"
"""The level that says on every kernel how much anonymous memory a process holds, in pages."""
_EVEN = 0.01  # of the mapping: closer than this two kernels hold the same


@dataclass(frozen=True)
class Kernel:
    """One kernel's part: what it said, and how it has to behave."""

    name: str
    said: Measured
    private: bool
    """Whether its read faults must allocate."""
    counts: bool
    """Whether its ticks are instructions."""

    def cost(self, place: Place, name: str) -> float | None:
        """Of a pass, per page; the median of the runs."""
        costs = self.costs(place, name)
        return round(median(costs), 3) if costs else None

    def costs(self, place: Place, name: str) -> list[float]:
        """Of a pass, per page, run by run."""
        counter = "tsc" if self.counts else "ns"
        return [took / place.pages for took in self.said.flow(place, name, counter)]

    def faults(self, place: Place, name: str) -> float | None:
        found = self.said.flow(place, name, "MinorFaults")
        return median(found) if found else None

    def level(self, place: Place, name: str, counter: str) -> float | None:
        found = self.said.growth(place, name, counter)
        return median(found) if found else None


Two = dict[str, float | None]
"""A figure by kernel: stock, and patched where there is one."""


@dataclass(frozen=True)
class PassRow:
    """One pass at one size."""

    pattern: str
    share: int
    pages: int
    huge: bool
    name: str
    cost: Two
    spread: dict[str, list[float]] | None
    """By kernel the cost's lower and upper quartile; None where it was counted, not timed."""
    faults: Two
    """Minor faults of the pass."""
    levels: dict[str, Two]
    """Growth since before the pattern's first pass, in the level's unit."""


@dataclass(frozen=True)
class Trade:
    """The break-even of one mixed pattern at one size."""

    pattern: str
    pages: int
    huge: bool
    faults: BreakEven
    """Of read and write."""
    life: BreakEven
    """Of read, write and unmapping."""
    even_memory: int | None
    """The least measured share from which on both kernels hold the same memory; None: never."""
    curves: dict[str, dict[str, dict[str, float]]]
    """By kernel and by 'faults', 'life' and 'held' (kB a page), the figure at each share."""


@dataclass(frozen=True)
class Benchmark:
    """All that came out of one pair."""

    unit: str
    """'instructions' or 'ns', per page."""
    passes: tuple[PassRow, ...]
    trades: tuple[Trade, ...]
    unmeasured: tuple[str, ...]
    """What was left out, and why."""
    failures: tuple[str, ...]
    """What is not as it must be, one line each."""

    def as_json(self) -> dict[str, Any]:
        return asdict(self)


def compare(
    bench: Bench,
    version: KernelVersion,
    stock: Kernel,
    patched: Kernel | None,
) -> Benchmark:
    """Hold a pair's reports side by side and against the table. A figure that is missing, or is
    not what it must be, is a failure."""
    kernels = (stock, patched) if patched else (stock,)
    known = {pattern.name: pattern for pattern in bench.pattern}
    places = sorted(
        {place for kernel in kernels for place in kernel.said.figures if place.pattern in known},
        key=lambda p: (p.huge, p.pages, [*known].index(p.pattern), p.share),
    )
    failures = [f"{k.name}: {problem}" for k in kernels for problem in k.said.problems]
    for kernel in kernels:
        for place in places:
            failures += _wrong(bench, version, kernel, place, known[place.pattern])
    return Benchmark(
        unit="instructions" if all(k.counts for k in kernels) else "ns",
        passes=tuple(
            _row(bench.level, kernels, place, one)
            for place in places
            for one in known[place.pattern].passes
        ),
        trades=tuple(_trades(known, places, stock, patched)) if patched else (),
        unmeasured=tuple(_left_out(kernels)),
        failures=tuple(failures),
    )


def _row(levels: Sequence[Level], kernels: Sequence[Kernel], place: Place, one: Pass) -> PassRow:
    timed = not all(k.counts for k in kernels)
    return PassRow(
        pattern=place.pattern,
        share=place.share,
        pages=place.pages,
        huge=place.huge,
        name=one.name,
        cost={k.name: k.cost(place, one.name) for k in kernels},
        spread={k.name: _quartiles(k.costs(place, one.name)) for k in kernels} if timed else None,
        faults={k.name: k.faults(place, one.name) for k in kernels},
        levels=_levels(levels, kernels, place, one.name),
    )


def _levels(
    levels: Sequence[Level], kernels: Sequence[Kernel], place: Place, name: str
) -> dict[str, Two]:
    found = {
        level.name: {k.name: k.level(place, name, level.name) for k in kernels} for level in levels
    }
    return {
        name: figures
        for name, figures in found.items()
        if any(value is not None for value in figures.values())
    }


def _quartiles(costs: Sequence[float]) -> list[float]:
    if len(costs) < 2:
        return [round(cost, 3) for cost in costs] * 2
    low, _, high = quantiles(costs, n=4, method="inclusive")
    return [round(low, 3), round(high, 3)]


def _wrong(
    bench: Bench, version: KernelVersion, kernel: Kernel, place: Place, pattern: Pattern
) -> Iterator[str]:
    if place not in kernel.said.figures:
        return  # its reason is among what was left out
    for one in pattern.passes:
        if one.faults and not place.huge:
            due = one.faults.of(private=kernel.private, share=place.share) * place.pages
            yield from _off(
                kernel,
                place,
                f"minor faults of {one.name}",
                kernel.said.flow(place, one.name, "MinorFaults"),
                due=due,
                slack=bench.fault_slack,
            )
        if place.huge and not bench.holds_huge(version):
            continue
        for level in bench.level:
            expected = one.anonymous(level, huge=place.huge) if level.anon else None
            if expected:
                grown = kernel.said.growth(place, one.name, level.name)
                yield from _off(
                    kernel,
                    place,
                    f"{level.name} after {one.name}, in pages",
                    [value * level.kb / PAGE_KB for value in grown],
                    due=_pages(expected, kernel, place),
                    slack=level.slack,
                )


def _pages(expected: Expected, kernel: Kernel, place: Place) -> float:
    return expected.of(private=kernel.private, share=place.share) * place.pages


def _off(
    kernel: Kernel, place: Place, what: str, found: Sequence[float], *, due: float, slack: int
) -> Iterator[str]:
    if wrong := [value for value in found if abs(value - due) > slack]:
        yield (f"{kernel.name}: {place}: {what}: {wrong[0]:.0f}, not {due:.0f} (+-{slack})")


def _left_out(kernels: Sequence[Kernel]) -> Iterator[str]:
    for kernel in kernels:
        if kernel.said.no_huge:
            yield f"{kernel.name}: huge pages: {kernel.said.no_huge}"
        reasons: dict[tuple[str, int, bool, str], None] = {
            (p.pattern, p.pages, p.huge, why): None for p, why in kernel.said.unmeasured.items()
        }
        for pattern, pages, huge, why in reasons:
            kind = ", huge pages" if huge else ""
            yield f"{kernel.name}: {pattern}, {pages} pages{kind}: {why}"


def _trades(
    known: Mapping[str, Pattern], places: Sequence[Place], stock: Kernel, patched: Kernel
) -> Iterator[Trade]:
    mixed = [p for p in places if known[p.pattern].shares]
    for pattern, pages, huge in dict.fromkeys((p.pattern, p.pages, p.huge) for p in mixed):
        names = [one.name for one in known[pattern].passes]
        curves = {
            kernel.name: _curves(kernel, [p for p in mixed if _is(p, pattern, pages, huge)], names)
            for kernel in (stock, patched)
        }
        ours, theirs = curves[stock.name], curves[patched.name]
        if ours is None or theirs is None:
            continue
        yield Trade(
            pattern=pattern,
            pages=pages,
            huge=huge,
            faults=break_even(ours["faults"], theirs["faults"]),
            life=break_even(ours["life"], theirs["life"]),
            even_memory=even(ours["held"], theirs["held"], _EVEN * PAGE_KB),
            curves={
                kernel.name: {
                    what: {str(p): round(value, 3) for p, value in sorted(curve.items())}
                    for what, curve in found.items()
                }
                for kernel, found in ((stock, ours), (patched, theirs))
            },
        )


def _is(place: Place, pattern: str, pages: int, huge: bool) -> bool:
    return (place.pattern, place.pages, place.huge) == (pattern, pages, huge)


def _curves(
    kernel: Kernel, places: Sequence[Place], names: Sequence[str]
) -> dict[str, Curve] | None:
    """None where a share is missing or there are not two: then there is nothing to solve."""
    costs: dict[str, dict[int, float]] = {name: {} for name in names}
    held: dict[int, float] = {}
    for place in places:
        for name in names:
            cost = kernel.cost(place, name)
            if cost is None:
                return None
            costs[name][place.share] = cost
        pages = kernel.level(place, "write", HOLDS)
        if pages is None:
            return None
        held[place.share] = pages / place.pages * PAGE_KB
    if len(held) < 2:
        return None
    return {
        "faults": total([costs["read"], costs["write"]]),
        "life": total([costs[name] for name in names]),
        "held": held,
    }
