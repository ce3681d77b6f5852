# SPDX-License-Identifier: GPL-2.0-only
"""The costs of a patch set's kernels as its panels, columns and pages want them, and where they
changed. Pure; each is worked out once, when it is first asked for."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from functools import cached_property
from hashlib import sha256

from zpmaint.patchset.panels import Column, Panel
from zpmaint.patchset.values import PatchSet
from zpmaint.publish.answers import wanted_by
from zpmaint.publish.kernel import Kernel
from zpmaint.publish.line_chart import FiguresOf, remembered
from zpmaint.timeline.cost_changes import CostChange, Watched, changes_in, sequences_of
from zpmaint.timeline.costs import Costs
from zpmaint.timeline.costs_text import read


@dataclass(frozen=True)
class Changed:
    """A change with the panel that watches for it."""

    panel: Panel
    change: CostChange
    profile: str = ""
    """The build profile that was asked for; '' the one that fits the tree."""


@dataclass(frozen=True)
class SetCosts:
    """What the figures of one patch set's kernels are."""

    info: PatchSet | None = None
    """What patches/ says of it: without, nothing is wanted."""
    kernels: tuple[Kernel, ...] = ()

    @property
    def panels(self) -> tuple[Panel, ...]:
        return self.info.panels if self.info else ()

    @cached_property
    def digest(self) -> str:
        """Another one as soon as a figure is; without reading them."""
        found = sha256()
        for one in self.kernels:
            found.update("\0".join((*one.name, one.facts.costs, "")).encode("utf-8", "replace"))
        return found.hexdigest()

    @cached_property
    def costs(self) -> list[Costs]:
        """What is wanted, of each kernel that was measured."""
        wanted = wanted_of(self.info)
        return [_costs(one, wanted) for one in self.kernels if one.facts.costs] if wanted else []

    @cached_property
    def figures(self) -> FiguresOf:
        """Those of `costs` by panel, each worked out once."""
        return remembered()

    @cached_property
    def changes(self) -> list[Changed]:
        """Every change that a panel declares to be one; kernels of other build profiles apart."""
        profiles: dict[str, list[Costs]] = {}
        measured = (one for one in self.kernels if one.facts.costs)
        for kernel, one in zip(measured, self.costs, strict=False):
            profiles.setdefault(kernel.name[3], []).append(one)
        return [
            found
            for profile, mine in profiles.items()
            for found in changes_of(self.panels, mine, profile)
        ]

    def of(self, kernel: Kernel) -> Costs | None:
        """One kernel's; None where it was not measured."""
        return self._by_kernel.get(kernel.name)

    @cached_property
    def _by_kernel(self) -> dict[tuple[str, ...], Costs]:
        measured = (one for one in self.kernels if one.facts.costs)
        return {one.name: costs for one, costs in zip(measured, self.costs, strict=False)}


def wanted_of(info: PatchSet | None) -> frozenset[tuple[str, str]]:
    """Counter and phase of all figures that a set's declarations name."""
    if info is None:
        return frozenset()
    shown: list[Panel | Column] = [*info.panels, *info.columns]
    claims = [claim for page in info.pages for claim in page.claims]
    return wanted_by(claims).union(
        (counter, one.phase) for one in shown for counter in one.counters
    )


def watched_of(panel: Panel) -> list[Watched]:
    """What a panel watches for."""
    return [Watched(name, panel.phase, panel.bound, panel.floor) for name in panel.counters]


def changes_of(panels: Iterable[Panel], costs: Iterable[Costs], profile: str = "") -> list[Changed]:
    """Every change that a panel declares to be one, oldest kernel first within each panel."""
    sequences = sequences_of(costs)
    return [
        Changed(panel, change, profile)
        for panel in panels
        for change in changes_in(sequences, watched_of(panel))
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
