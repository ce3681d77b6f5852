# SPDX-License-Identifier: GPL-2.0-only
"""The costs of a patch set's kernels as its panels and columns want them, and where they changed.
Pure."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from zpmaint.patchset.panels import Column, Panel
from zpmaint.patchset.values import PatchSet
from zpmaint.publish.kernel import Kernel
from zpmaint.timeline.cost_changes import CostChange, Watched, cost_changes
from zpmaint.timeline.costs import Costs
from zpmaint.timeline.costs_text import read


@dataclass(frozen=True)
class Changed:
    """A change with the panel that watches for it."""

    panel: Panel
    change: CostChange


def costs_of(info: PatchSet | None, kernels: Iterable[Kernel]) -> list[Costs]:
    """What a set's panels and columns name, of each of its kernels that was measured; [] of a set
    that declares none."""
    wanted = wanted_of(info)
    return costs_with(wanted, kernels) if wanted else []


def costs_with(wanted: frozenset[tuple[str, str]], kernels: Iterable[Kernel]) -> list[Costs]:
    """The figures that are wanted by counter and phase, of each kernel that was measured."""
    return [_costs(one, wanted) for one in kernels if one.facts.costs]


def wanted_of(info: PatchSet | None) -> frozenset[tuple[str, str]]:
    """Counter and phase of all figures that a set's declarations name."""
    shown: list[Panel | Column] = [*info.panels, *info.columns] if info else []
    return frozenset((counter, one.phase) for one in shown for counter in one.counters)


def watched_of(panels: Iterable[Panel]) -> list[Watched]:
    """What panels watch for."""
    return [
        Watched(counter, panel.phase, panel.bound, panel.floor)
        for panel in panels
        for counter in panel.counters
    ]


def changes_of(panels: Sequence[Panel], costs: Sequence[Costs]) -> list[Changed]:
    """Every change that a panel declares to be one, oldest kernel first within each panel."""
    return [
        Changed(panel, change)
        for panel in panels
        for change in cost_changes(costs, watched_of([panel]))
    ]


def _costs(kernel: Kernel, wanted: frozenset[tuple[str, str]]) -> Costs:
    version, arch, patchset, _ = kernel.name
    return read(
        kernel.facts.costs,
        version=version,
        arch=arch,
        patchset=patchset,
        finished=kernel.standing.finished,
        wanted=wanted,
    )
