# SPDX-License-Identifier: GPL-2.0-only
"""The costs of a patch set's kernels as its panels and columns want them, and where they changed.
Pure."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from zpmaint.patchset.panels import Column, Panel
from zpmaint.patchset.values import PatchSet
from zpmaint.publish.rows import Row
from zpmaint.timeline.cost_changes import CostChange, Watched, cost_changes
from zpmaint.timeline.costs import Costs
from zpmaint.timeline.costs_text import read


@dataclass(frozen=True)
class Changed:
    """A change with the panel that watches for it."""

    panel: Panel
    change: CostChange


def costs_of_rows(info: PatchSet | None, rows: Iterable[Row]) -> list[Costs]:
    """What a set's panels and columns name of each kernel that was measured; () of a set that
    declares none."""
    wanted = wanted_of(info)
    if not wanted:
        return []
    return [
        read(
            row.facts.costs,
            version=row.version,
            arch=row.arch,
            patchset=row.patchset,
            finished=row.verified or 0.0,
            wanted=wanted,
        )
        for row in rows
        if row.facts.costs
    ]


def wanted_of(info: PatchSet | None) -> frozenset[tuple[str, str]]:
    """Counter and phase of all figures that a set's declarations name."""
    shown: list[Panel | Column] = [*info.panels, *info.columns] if info else []
    return frozenset((counter, one.phase) for one in shown for counter in one.counters)


def watched_of(panel: Panel) -> list[Watched]:
    """What a panel watches for."""
    return [Watched(counter, panel.phase, panel.bound, panel.floor) for counter in panel.counters]


def changes_of(panels: Sequence[Panel], costs: Sequence[Costs]) -> list[Changed]:
    """Every change that a panel declares to be one, oldest kernel first within each panel."""
    return [
        Changed(panel, change)
        for panel in panels
        for change in cost_changes(costs, watched_of(panel))
    ]
