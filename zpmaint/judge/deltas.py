# SPDX-License-Identifier: GPL-2.0-only
"""The benchmark: figures of both kernels side by side, and the telling ones held to their word."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from zpmaint.core.versions import KernelVersion
from zpmaint.judge.ktap import Report
from zpmaint.judge.values import Delta
from zpmaint.patchset.values import Telling
from zpmaint.suites.counters import Counter, Phase

PAGE_KB = 4

PHASES: dict[Phase, str] = {"read": "start", "write": "start", "fresh-write": "fresh-start"}
"""The passes, and the phase at whose end a pass's levels began."""


@dataclass(frozen=True)
class Side:
    """One kernel's benchmark."""

    name: str
    report: Report
    private: bool
    """Whether its read faults must allocate; else it must show what a stock kernel does."""
    deterministic: bool
    version: KernelVersion

    def shares(self, counter: Counter) -> Mapping[Phase, float]:
        """What a counter must show after each pass."""
        return counter.private if self.private else counter.on_stock(self.version)

    @property
    def pages(self) -> int:
        """The mapping's size; 0 where the guest did not report it."""
        return self.report.figures.get(("start", "pages"), 0)

    def figure(self, counter: Counter, phase: Phase) -> float | None:
        """What the counter says of a pass; None where the guest has no such figure."""
        figures = self.report.figures
        after = figures.get((phase, counter.name))
        if after is None or counter.kind == "flow":
            return after
        before = figures.get((PHASES[phase], counter.name))
        return None if before is None else after - before

    def ticks_per_page(self, phase: Phase) -> float | None:
        """Of the time-stamp counter; with -icount shift=0 one tick is one instruction."""
        ticks = self.report.figures.get((phase, "tsc"))
        return ticks / self.pages if ticks is not None and self.pages else None


def deltas(
    counters: Sequence[Counter], telling: Sequence[Telling], sides: Sequence[Side]
) -> tuple[Delta, ...]:
    """Every figure that the stock kernel has, `sides` being it and then the patched one if any.
    A counter is telling in a pass where it must differ between the two behaviours."""
    tells = {name for era in telling for name in era.counters}
    misleads = {name: era.why for era in telling for name in era.silent}
    stock, *rest = sides
    patched = rest[0] if rest else None
    found: list[Delta] = []
    for counter in counters:
        for phase in PHASES:
            figure = stock.figure(counter, phase)
            if figure is None:
                continue
            differs = counter.zero_page.get(phase) != counter.private.get(phase)
            note = (
                f"does not tell here: {misleads[counter.name]}" if counter.name in misleads else ""
            )
            found.append(
                Delta(
                    counter=counter.name,
                    phase=phase,
                    unit=counter.unit,
                    stock=figure,
                    patched=patched.figure(counter, phase) if patched else None,
                    telling=counter.name in tells and differs,
                    exact=not counter.lags,
                    note=note or (counter.why if counter.lags else ""),
                )
            )
    found.extend(_costs(stock, patched))
    return tuple(found)


def _costs(stock: Side, patched: Side | None) -> Iterator[Delta]:
    exact = stock.deterministic and (patched is None or patched.deterministic)
    unit = "instructions/page" if exact else "ticks/page"
    for phase in PHASES:
        cost = stock.ticks_per_page(phase)
        if cost is not None:
            yield Delta(
                counter=unit,
                phase=phase,
                unit=unit,
                stock=cost,
                patched=patched.ticks_per_page(phase) if patched else None,
                telling=False,
                exact=exact,
                note="" if exact else "time, not instructions: follows the host's load",
            )


def broken_figures(
    counters: Sequence[Counter], telling: Sequence[Telling], sides: Sequence[Side]
) -> Iterator[str]:
    """What the telling counters say that they must not, one line each."""
    known = {counter.name: counter for counter in counters}
    for side in sides:
        if not side.pages:
            yield f"{side.name}: the benchmark has no figures"
            continue
        for name in dict.fromkeys(name for era in telling for name in era.counters):
            counter = known.get(name)
            if counter is None or not counter.private:
                yield f"{name} is called telling, but nothing says what it must be"
            else:
                yield from _wrong(counter, side)


def moved_figures(counters: Sequence[Counter], sides: Sequence[Side]) -> Iterator[str]:
    """What counters show that they do not on a stock kernel, for a patch that is to change none of
    them; one line each. A counter that the kernel does not have says nothing."""
    for side in sides:
        if not side.pages:
            yield f"{side.name}: the benchmark has no figures"
            continue
        for counter in counters:
            if any(one.figure(counter, phase) is not None for one in sides for phase in PHASES):
                yield from _wrong(counter, side)


def shown(
    counters: Sequence[Counter], telling: Sequence[Telling], side: Side | None
) -> Iterator[str]:
    """The telling counters that show the patch's effect on the kernel that has it."""
    if side is None or not side.private:
        return
    tells = {name for era in telling for name in era.counters}
    for counter in counters:
        differs = counter.private != counter.on_stock(side.version)
        if counter.name in tells and differs and not list(_wrong(counter, side)):
            yield counter.name


def _wrong(counter: Counter, side: Side) -> Iterator[str]:
    size = side.pages * (PAGE_KB if counter.unit == "kB" else 1)
    for phase, share in side.shares(counter).items():
        figure = side.figure(counter, phase)
        if figure is None:
            yield f"{side.name}: {counter.name} of the {phase} pass is missing"
        elif abs(figure - share * size) > counter.tolerance * size:
            yield (
                f"{side.name}: {counter.name} of the {phase} pass is {figure:.0f} {counter.unit}, "
                f"not {share * size:.0f} (+-{counter.tolerance * size:.0f})"
            )
