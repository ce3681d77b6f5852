# SPDX-License-Identifier: GPL-2.0-only
"""The costs of a patch set's kernels as its panels, columns and pages want them, and where they
changed. Pure; each is worked out once, when it is first asked for.

Of a part of the kernels (`SetCosts`) changes within its series are told; from one series to the
next they are told by the first kernels of all of them (`Head`)."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import astuple, dataclass, replace
from functools import cached_property
from typing import Any

from zpmaint.patchset.panels import Column, Panel
from zpmaint.patchset.values import PatchSet
from zpmaint.publish.answers import wanted_by
from zpmaint.publish.kernel import Kernel
from zpmaint.timeline.cost_changes import (
    CostChange,
    Watched,
    changes_in,
    firsts_of,
    in_order,
    within_series,
)
from zpmaint.timeline.costs import Costs
from zpmaint.timeline.costs_text import read, told


@dataclass(frozen=True)
class Changed:
    """A change with the panel that watches for it."""

    panel: Panel
    change: CostChange
    profile: str = ""
    """The build profile that was asked for; '' the one that fits the tree."""


@dataclass(frozen=True)
class Head:
    """The first kernel of a series that was measured under some conditions, with its figures."""

    profile: str
    version: str
    arch: str
    finished: float
    text: str
    """What is wanted of them, as timeline.costs_text tells it."""


@dataclass(frozen=True)
class SetCosts:
    """What the figures of a part of one patch set's kernels are."""

    info: PatchSet | None = None
    """What patches/ says of it: without, nothing is wanted."""
    kernels: tuple[Kernel, ...] = ()

    @property
    def panels(self) -> tuple[Panel, ...]:
        return self.info.panels if self.info else ()

    @cached_property
    def costs(self) -> list[Costs]:
        """What is wanted, of each kernel that was measured."""
        wanted = wanted_of(self.info)
        return [_costs(one, wanted) for one in self.kernels if one.facts.costs] if wanted else []

    @cached_property
    def changes(self) -> list[Changed]:
        """Every change within a series that a panel declares to be one; kernels of other build
        profiles apart."""
        return [
            found
            for profile, mine in self._profiles.items()
            for found in changes_of(self.panels, within_series(mine), profile)
        ]

    @cached_property
    def heads(self) -> list[Head]:
        """The first measured kernels of its series."""
        return [
            Head(profile, one.version, one.arch, one.finished, told(one))
            for profile, mine in self._profiles.items()
            for one in firsts_of(mine)
        ]

    @cached_property
    def _profiles(self) -> dict[str, list[Costs]]:
        found: dict[str, list[Costs]] = {}
        measured = (one for one in self.kernels if one.facts.costs)
        for kernel, one in zip(measured, self.costs, strict=False):
            found.setdefault(kernel.name[3], []).append(one)
        return found

    def of(self, kernel: Kernel) -> Costs | None:
        """One kernel's; None where it was not measured."""
        return self._by_kernel.get(kernel.name)

    @cached_property
    def _by_kernel(self) -> dict[tuple[str, ...], Costs]:
        measured = (one for one in self.kernels if one.facts.costs)
        return {one.name: costs for one, costs in zip(measured, self.costs, strict=False)}


def between_series(info: PatchSet | None, heads: Iterable[Head]) -> list[Changed]:
    """Every change from one series to the next."""
    profiles: dict[str, list[Costs]] = {}
    for head in heads:
        profiles.setdefault(head.profile, []).append(_of_head(head, info))
    panels = info.panels if info else ()
    return [
        found
        for profile, mine in profiles.items()
        for found in changes_of(panels, in_order(mine), profile)
    ]


def merged(info: PatchSet | None, changes: Sequence[Changed]) -> list[Changed]:
    """Changes of several parts as if they had been found at once."""
    panels = {panel.name: n for n, panel in enumerate(info.panels if info else ())}
    return sorted(changes, key=lambda one: (one.profile, panels[one.panel.name], one.change.place))


def told_changes(changes: Iterable[Changed]) -> list[list[Any]]:
    """What pages show of them, as JSON's own values: all but when they were measured."""
    return [
        [one.profile, one.panel.name, *astuple(replace(one.change, when=0.0))] for one in changes
    ]


def kept_changes(info: PatchSet | None, told: Iterable[Sequence[Any]]) -> list[Changed]:
    """What `told_changes` told."""
    panels = {panel.name: panel for panel in (info.panels if info else ())}
    return [Changed(panels[name], CostChange(*rest), profile) for profile, name, *rest in told]


def _of_head(head: Head, info: PatchSet | None) -> Costs:
    return read(
        head.text,
        version=head.version,
        arch=head.arch,
        patchset=info.name if info else "",
        finished=head.finished,
        wanted=wanted_of(info),
    )


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


def changes_of(
    panels: Iterable[Panel], sequences: Sequence[Sequence[Costs]], profile: str = ""
) -> list[Changed]:
    """Every change that a panel declares to be one, oldest kernel first within each panel.
    `sequences` are kernels that are compared with one another, each in order."""
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
