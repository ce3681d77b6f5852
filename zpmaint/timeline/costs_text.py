# SPDX-License-Identifier: GPL-2.0-only
"""Costs as one line of text per figure: what thousands of kernels' are kept as, and of which only
those that are wanted are read. Pure.

The first line is the conditions, each further one a figure, their fields apart by tabs.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import fields
from functools import lru_cache

from zpmaint.timeline.costs import Conditions, CostFigure, Costs

_NONE = "-"
_BREAKS = str.maketrans("\t\n", "  ")


def told(costs: Costs) -> str:
    """The figures as text."""
    on = [getattr(costs.on, one.name) for one in fields(Conditions)]
    rows = [
        [
            one.counter,
            one.phase,
            one.unit,
            _number(one.stock),
            _number(one.patched),
            f"{one.exact:d}{one.telling:d}",
            one.word,
        ]
        for one in costs.figures
    ]
    return "\n".join("\t".join(str(word).translate(_BREAKS) for word in row) for row in [on, *rows])


def read(
    text: str,
    *,
    version: str,
    arch: str,
    patchset: str,
    finished: float,
    wanted: Collection[tuple[str, str]] | None = None,
) -> Costs:
    """What `told` gave; of the figures those that are `wanted` by counter and phase, None: all.
    Raises ValueError for a text that is none of it."""
    first, *lines = text.split("\n")
    if wanted is not None:
        lines = [line for line in lines if tuple(line.split("\t", 2)[:2]) in wanted]
    figures = tuple(map(_figure, lines))
    return Costs(version, arch, patchset, finished, _conditions(first), figures)


@lru_cache(maxsize=1 << 10)
def _conditions(line: str) -> Conditions:
    """Shared by all kernels that were measured so."""
    return Conditions(*line.split("\t"))


@lru_cache(maxsize=1 << 16)
def _figure(line: str) -> CostFigure:
    counter, phase, unit, stock, patched, flags, word = line.split("\t")
    return CostFigure(
        counter,
        phase,
        unit,
        _read(stock),
        _read(patched),
        exact=flags[0] == "1",
        telling=flags[1] == "1",
        word=word,
    )


def _number(value: float | None) -> str:
    return _NONE if value is None else repr(value)


def _read(word: str) -> float | None:
    return None if word == _NONE else float(word)
