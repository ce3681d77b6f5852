# SPDX-License-Identifier: GPL-2.0-only
"""The timelines of what the pages know: by patch set its lines, with the changes of cost that the
set's panels watch for. Pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from zpmaint.core.config import Config
from zpmaint.core.releases import Outlook
from zpmaint.publish.costs_of_set import Changed
from zpmaint.publish.kernel import Kernel
from zpmaint.timeline.cost_changes import CostChange
from zpmaint.timeline.lines import lines_of
from zpmaint.timeline.values import Line

_NONE: Mapping[str, Sequence[Changed]] = {}
_ByKernel = dict[tuple[str, str], list[CostChange]]
"""By version and architecture of the first kernel with the new cost."""


def timelines_of(
    kernels: Sequence[Kernel],
    config: Config,
    outlook: Outlook,
    now: float,
    changes: Mapping[str, Sequence[Changed]] = _NONE,
) -> dict[str, tuple[Line, ...]]:
    """By patch set its lines, tracked ones first; `now` in seconds since the epoch; `changes`
    those of costs by patch set."""
    attempts = (tried for kernel in kernels for tried in kernel.attempts)
    by_kernel = _by_kernel(changes)

    def of_line(line: Line) -> list[CostChange]:
        mine = by_kernel.get((line.patchset, line.profile), {})
        versions = [one.version for one in reversed(line.standings)]
        return [change for name in versions for change in mine.get((name, line.arch), ())]

    found: dict[str, list[Line]] = {}
    for line in lines_of(attempts, config, outlook, now, cost_changes=of_line):
        found.setdefault(line.patchset, []).append(line)
    return {name: tuple(lines) for name, lines in found.items()}


def _by_kernel(changes: Mapping[str, Sequence[Changed]]) -> dict[tuple[str, str], _ByKernel]:
    """By patch set and build profile."""
    found: dict[tuple[str, str], _ByKernel] = {}
    for patchset, of_set in changes.items():
        for one in of_set:
            by_kernel = found.setdefault((patchset, one.profile), {})
            by_kernel.setdefault((one.change.first, one.change.arch), []).append(one.change)
    return found
