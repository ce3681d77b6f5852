# SPDX-License-Identifier: GPL-2.0-only
"""What a part of a set's kernels gives to what is said of the others: figures that they are
compared with, and kernels. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import astuple, dataclass
from typing import Any

from zpmaint.patchset.panels import Panel
from zpmaint.publish.columns import has_figure
from zpmaint.publish.costs_of_set import Changed, Head, SetCosts
from zpmaint.publish.kernel import Kernel
from zpmaint.publish.log_places import LogPlace
from zpmaint.timeline.cost_changes import CostChange
from zpmaint.timeline.kernels import order_of


@dataclass(frozen=True)
class Known:
    """The newest kernel of a part, architecture and profile of which something is known."""

    version: str
    arch: str
    profile: str
    state: str
    """A digest of its records."""
    configs: tuple[LogPlace, ...]
    """Where its configuration is."""


@dataclass(frozen=True)
class Base:
    """All of it."""

    heads: tuple[Head, ...] = ()
    changes: Sequence[Sequence[Any]] = ()
    """Of each change of costs within a series the build profile, the place of its panel among the
    set's, the fields."""
    columns: tuple[int, ...] = ()
    """The places of the set's columns that any kernel has a figure for."""
    known: tuple[Known, ...] = ()

    def changed(self, panels: Sequence[Panel]) -> list[Changed]:
        """The changes, with their panels."""
        return [
            Changed(panels[place], CostChange(*told), profile)
            for profile, place, told in self.changes
        ]


def base_of(costs: SetCosts) -> Base:
    """Of a part, by the costs of its kernels."""
    places = {panel.name: n for n, panel in enumerate(costs.panels)}
    columns = costs.info.columns if costs.info else ()
    return Base(
        heads=tuple(costs.heads),
        changes=[
            (one.profile, places[one.panel.name], astuple(one.change)) for one in costs.changes
        ],
        columns=tuple(
            n
            for n, column in enumerate(columns)
            if any(has_figure(column, one) for one in costs.costs)
        ),
        known=tuple(_known(costs.kernels)),
    )


def _known(kernels: Iterable[Kernel]) -> list[Known]:
    newest: dict[tuple[str, str], Kernel] = {}
    for kernel in sorted(kernels, key=lambda one: order_of(one.name[0])):
        if kernel.settled:
            newest[kernel.name[1], kernel.name[3]] = kernel
    return [
        Known(
            kernel.name[0],
            arch,
            profile,
            kernel.state,
            tuple(place for place in kernel.facts.log_places if place.name == "config"),
        )
        for (arch, profile), kernel in newest.items()
    ]
