# SPDX-License-Identifier: GPL-2.0-only
"""From attempts to lines: each tracked series (or kernel), architecture, build profile and patch
set with what is known of it. Pure; the order of what goes in does not matter."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import replace

from zpmaint.core.config import Config, KernelTable
from zpmaint.core.releases import Outlook, Release
from zpmaint.timeline.cost_changes import CostChange
from zpmaint.timeline.episodes import episodes_of
from zpmaint.timeline.freshness import freshness_of
from zpmaint.timeline.kernels import Coverage, order_of, parsed
from zpmaint.timeline.standings import standing_of
from zpmaint.timeline.values import Attempt, Line, Standing

CostChanges = Callable[[Line], Sequence[CostChange]]
"""Which figures of a line are other ones from some kernel on, oldest first."""

_Name = tuple[str, str, str, str, bool]
"""Patch set, the line as kernels.toml writes it or the series of kernels that are on none of it,
architecture, profile, whether it is of kernels.toml: "2.6.21" is a kernel there, else a series."""


def lines_of(
    attempts: Iterable[Attempt],
    config: Config,
    outlook: Outlook,
    now: float,
    *,
    cost_changes: CostChanges | None = None,
) -> list[Line]:
    """Every line that kernels.toml tracks, in its order, even if nothing of it was ever tried; then
    those of kernels that it does not track, newest series first. A kernel that two lines of
    kernels.toml cover is in both.

    `outlook` is what is remembered of looking what is out there, UNSEEN where nobody did; `now`
    seconds since the epoch."""
    coverage = Coverage(config.kernel)
    kernels = _standings(attempts)
    found: dict[_Name, list[Standing]] = {}
    tracked: dict[_Name, KernelTable] = {
        (patchset, table.version, arch, table.profile, True): table
        for table in config.kernel
        for arch in table.arch
        for patchset in table.patches or (config.patch,)
    }
    for patchset, standing in kernels:
        for name in _names(patchset, standing, coverage, tracked):
            found.setdefault(name, []).append(standing)
    out = _out(outlook.releases, coverage)
    others = sorted(
        found.keys() - tracked.keys(),
        key=lambda name: (name[0], order_of(found[name][0].version), *name[1:]),
        reverse=True,
    )
    lines: list[Line] = []
    for name in (*tracked, *others):
        patchset, series, arch, profile, _ = name
        table = tracked.get(name)
        standings = tuple(found.get(name, ()))
        of_it = out.get((series, table is not None), ())
        line = Line(
            patchset=patchset,
            series=(table.series or table.version) if table else series,
            arch=arch,
            profile=profile,
            tracked_as=table.version if table else "",
            note=table.note if table else "",
            standings=standings,
            episodes=tuple(episodes_of(standings)),
            freshness=freshness_of(
                standings,
                of_it,
                outlook,
                now,
                # Of what is not tracked nobody is expected to look for newer ones.
                is_series=table.series is not None if table else bool(of_it),
            ),
        )
        changes = tuple(cost_changes(line)) if cost_changes else ()
        lines.append(replace(line, cost_changes=changes) if changes else line)
    return lines


def _standings(attempts: Iterable[Attempt]) -> list[tuple[str, Standing]]:
    """Each kernel of each patch set, newest kernel first."""
    groups: dict[tuple[str, str, str, str], list[Attempt]] = {}
    for one in attempts:
        groups.setdefault((one.patchset, one.version, one.arch, one.profile), []).append(one)
    names = sorted(groups, key=lambda name: order_of(name[1]), reverse=True)
    return [(name[0], standing_of(groups[name])) for name in names]


def _names(
    patchset: str,
    standing: Standing,
    coverage: Coverage,
    tracked: Mapping[_Name, KernelTable],
) -> list[_Name]:
    """The lines that a kernel belongs to."""
    arch, profile = standing.arch, standing.profile
    kernel = parsed(standing.version)
    if kernel is None:
        return [(patchset, standing.version, arch, profile, False)]
    names = [
        name
        for table in coverage.of(kernel)
        if (name := (patchset, table.version, arch, profile, True)) in tracked
    ]
    return names or [(patchset, kernel.series, arch, profile, False)]


def _out(
    releases: Iterable[Release], coverage: Coverage
) -> dict[tuple[str, bool], tuple[Release, ...]]:
    """By line, as kernels.toml writes it (or an untracked series), what is out of it."""
    found: dict[tuple[str, bool], list[Release]] = {}
    for release in releases:
        kernel = parsed(release.version)
        if kernel is None:
            continue
        for table in coverage.of(kernel):
            # The newest kernel of a series is a release; a candidate is tracked by its name alone.
            if kernel.is_release or table.series is None:
                found.setdefault((table.version, True), []).append(release)
        if kernel.is_release:
            found.setdefault((kernel.series, False), []).append(release)
    return {name: tuple(mine) for name, mine in found.items()}
