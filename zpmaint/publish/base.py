# SPDX-License-Identifier: GPL-2.0-only
"""What a part of a set's kernels gives to what is said of the others: figures that they are
compared with, and kernels. Pure."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from zpmaint.publish.columns import has_figure
from zpmaint.publish.costs_of_set import Head, SetCosts
from zpmaint.publish.kernel import Kernel
from zpmaint.publish.log_places import LogPlace
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
    columns: tuple[int, ...] = ()
    """The places of the set's columns that any kernel has a figure for."""
    known: tuple[Known, ...] = ()


def base_of(costs: SetCosts) -> Base:
    """Of a part, by the costs of its kernels."""
    columns = costs.info.columns if costs.info else ()
    return Base(
        heads=tuple(costs.heads),
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
