# SPDX-License-Identifier: GPL-2.0-only
"""Figures in the table of kernels, as the set's columns declare them. Pure."""

from __future__ import annotations

from dataclasses import dataclass

from zpmaint.patchset.panels import Column
from zpmaint.publish.units import in_unit
from zpmaint.publish.words import mebibytes, number, signed
from zpmaint.timeline.costs import CostFigure, Costs


@dataclass(frozen=True)
class Cell:
    """One figure, as it is shown."""

    before: str
    """The stock kernel's, where both are shown; '' where not."""
    shown: str
    note: str
    """The counter's name, where the column has several; that it is stock's alone."""
    silent: str
    """A counter that does not show the difference on this kernel; '' where none misleads."""


def has_figure(column: Column, costs: Costs) -> bool:
    """Whether a kernel has a figure for a column."""
    return _figure(column, costs) is not None


def cell_of(column: Column, costs: Costs) -> Cell | None:
    """A kernel's figure in a column; None where it has none."""
    figure = _figure(column, costs)
    if figure is None or figure.stock is None:
        return None
    named = figure.counter if len(column.counters) > 1 else ""
    stock = in_unit(figure.stock, figure.unit, column.unit)
    if figure.patched is None:
        words = ", ".join(filter(None, (named, "stock")))
        shown = number(stock)
        if column.show == "difference":
            shown = _difference(stock, column.unit).lstrip("+")
        return Cell("", shown, words, "")
    patched = in_unit(figure.patched, figure.unit, column.unit)
    if column.show == "difference":
        return Cell("", _difference(patched - stock, column.unit), named, _silent(column, costs))
    return Cell(number(stock), number(patched), named, _silent(column, costs))


def _difference(figure: float, unit: str) -> str:
    return mebibytes(figure * 1024) if unit == "MiB" else f"{signed(figure)} {unit}"


def _figure(column: Column, costs: Costs) -> CostFigure | None:
    found = (costs.figure(counter, column.phase) for counter in column.counters)
    return next((f for f in found if f and (f.telling or not column.telling)), None)


def _silent(column: Column, costs: Costs) -> str:
    figure = costs.figure(column.silent, column.phase) if column.silent else None
    return column.silent if figure and not figure.telling else ""
