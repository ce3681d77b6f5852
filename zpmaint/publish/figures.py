# SPDX-License-Identifier: GPL-2.0-only
"""The figures that a set's panels show, side by side in the order of their kernels: worked out of
each part of the kernels once and kept, put together where all kernels are drawn. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import astuple, dataclass, field
from functools import lru_cache
from typing import Any

from zpmaint.patchset.panels import Panel
from zpmaint.publish.units import in_unit
from zpmaint.timeline.cost_changes import Side, order, sides, value
from zpmaint.timeline.costs import Conditions, Costs
from zpmaint.timeline.kernels import parsed

SIDES: tuple[Side, ...] = ("stock", "patched", "pair")

Column = Sequence[float | None]
"""A figure of each kernel, None where it has none."""


@dataclass(frozen=True)
class Measured:
    """A kernel that was measured."""

    version: str
    arch: str
    on: int
    """What its figures were taken on: a place in `Figures.on`."""


@dataclass(frozen=True)
class Figures:
    """Those of kernels, oldest first."""

    kernels: Sequence[Measured] = ()
    on: Sequence[Conditions] = ()
    panels: Mapping[str, Mapping[Side, Column]] = field(default_factory=dict)
    """By panel and side, in the panel's unit, one for each of `kernels`."""
    words: Mapping[str, Mapping[int, str]] = field(default_factory=dict)
    """By panel and place of the kernel what is known where there is no number."""

    def as_json(self) -> list[Any]:
        """All of it in JSON's own types."""
        return [
            [[one.version, one.arch, one.on] for one in self.kernels],
            [astuple(one) for one in self.on],
            self.panels,
            [[name, place, word] for name, found in self.words.items()
             for place, word in found.items()],
        ]  # fmt: skip

    @classmethod
    def kept(cls, told: Sequence[Any]) -> Figures:
        """What `as_json` gave."""
        kernels, on, panels, said = told
        words: dict[str, dict[int, str]] = {}
        for name, place, word in said:
            words.setdefault(name, {})[place] = word
        return cls(
            [Measured(*one) for one in kernels], [Conditions(*one) for one in on], panels, words
        )

    def having(self, name: str) -> list[int]:
        """The places of the kernels with a figure for a panel."""
        columns = list(self.panels.get(name, {}).values())
        if any(None not in column for column in columns):
            return list(range(len(self.kernels)))
        return [
            place
            for place, mine in enumerate(zip(*columns, strict=True))
            if any(one is not None for one in mine)
        ]


def figures_of(panels: Sequence[Panel], costs: Iterable[Costs]) -> Figures:
    """Those of kernels in any order: for each panel of the first of its counters that a kernel
    has."""
    kernels = sorted(costs, key=order)
    on = {
        conditions: place for place, conditions in enumerate(dict.fromkeys(c.on for c in kernels))
    }
    made: dict[str, dict[Side, Column]] = {}
    words: dict[str, dict[int, str]] = {}
    for panel in panels:
        found = [_of(panel, one) for one in kernels]
        here = [side for side in SIDES if any(side in figures for figures, _ in found)]
        if here:
            made[panel.name] = {side: [one.get(side) for one, _ in found] for side in here}
        if said := {place: word for place, (_, word) in enumerate(found) if word}:
            words[panel.name] = said
    return Figures(
        [Measured(one.version, one.arch, on[one.on]) for one in kernels], list(on), made, words
    )


def joined(parts: Iterable[Figures]) -> Figures:
    """Those of all kernels, of parts with the oldest first."""
    kernels: list[Measured] = []
    on: dict[Conditions, int] = {}
    panels: dict[str, dict[Side, list[float | None]]] = {}
    words: dict[str, dict[int, str]] = {}
    for part in parts:
        first = len(kernels)
        places = [on.setdefault(one, len(on)) for one in part.on]
        kernels += (Measured(one.version, one.arch, places[one.on]) for one in part.kernels)
        for name, columns in part.panels.items():
            mine = panels.setdefault(name, {})
            for side, column in columns.items():
                whole = mine.setdefault(side, [])
                whole += [None] * (first - len(whole))
                whole += column
        for name, said in part.words.items():
            here = words.setdefault(name, {})
            here.update((first + place, word) for place, word in said.items())
    for mine in panels.values():
        for whole in mine.values():
            whole.extend([None] * (len(kernels) - len(whole)))
    return Figures(kernels, list(on), panels, words)


def _of(panel: Panel, costs: Costs) -> tuple[dict[Side, float], str]:
    """A kernel's figures in the panel's unit, of the first counter that it has, and the word that
    any of them has in place of a number."""
    figures = [
        (counter, figure)
        for counter in panel.counters
        if (figure := costs.figure(counter, panel.phase)) is not None
    ]
    word = ", ".join(sorted({figure.word for _, figure in figures if figure.word}))
    if not figures:
        return {}, word
    counter, figure = figures[0]
    both = {side: value(figure, side) for side in sides(counter)}
    shown = {
        side: in_unit(one, figure.unit, panel.unit) for side, one in both.items() if one is not None
    }
    return shown, word


@lru_cache(maxsize=1 << 16)
def series_of(version: str) -> str:
    """The series of a kernel; of what is no kernel its name."""
    kernel = parsed(version)
    return version if kernel is None else kernel.series
