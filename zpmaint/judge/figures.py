# SPDX-License-Identifier: GPL-2.0-only
"""Numbers that cases report beside their word: `# CASE: figure NAME VALUE UNIT`. Pure."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence

from zpmaint.judge.kernel_report import KernelReport
from zpmaint.judge.values import Delta
from zpmaint.suites.values import Figure

_FIGURE = re.compile(r"figure (\S+) (-?[0-9]{1,20}(?:\.[0-9]{1,20})?) (\S.*)")

Told = Mapping[tuple[str, str], float]
"""By figure and case."""


def figures(report: KernelReport) -> dict[tuple[str, str], float]:
    """All that a kernel's cases reported, the last of a name for each case."""
    return {
        (found[1], case): float(found[2])
        for case, lines in report.details.items()
        for line in lines
        if (found := _FIGURE.fullmatch(line))
    }


def figure_deltas(
    declared: Sequence[Figure], stock: Told, patched: Told | None
) -> tuple[Delta, ...]:
    """Stock beside patched, in the order in which they are declared; `phase` is the case."""
    return tuple(
        Delta(
            counter=figure.name,
            phase=case,
            unit=figure.unit,
            stock=value,
            patched=patched.get((figure.name, case)) if patched is not None else None,
            telling=figure.patched in ("less", "more"),
            note=figure.why,
        )
        for figure in declared
        for (name, case), value in stock.items()
        if name == figure.name
    )


def wrong_figures(
    declared: Sequence[Figure], sides: Mapping[str, Told], deltas: Sequence[Delta]
) -> Iterator[str]:
    """What does not stand as declared, one line each; and what nobody declared."""
    known = {figure.name: figure for figure in declared}
    for side, cases in sides.items():
        for name, case in cases:
            if name not in known:
                yield f"{side}: {case}: the figure {name} is not declared as a [[counter]]"
    for delta in deltas:
        figure = known[delta.counter]
        if delta.patched is not None and not figure.holds(delta.stock, delta.patched):
            yield (
                f"patched: {delta.phase}: {figure.name} is {delta.patched:g} {figure.unit}, not "
                f"{figure.patched} than stock's {delta.stock:g}".replace("same than", "the same as")
            )


def shown_figures(declared: Sequence[Figure], deltas: Sequence[Delta]) -> Iterator[str]:
    """The figures that show the patch's effect: they stand to stock's as declared, and differ."""
    known = {figure.name: figure for figure in declared}
    for delta in deltas:
        figure = known[delta.counter]
        if (
            figure.patched in ("less", "more")
            and delta.patched is not None
            and figure.holds(delta.stock, delta.patched)
        ):
            yield figure.name
