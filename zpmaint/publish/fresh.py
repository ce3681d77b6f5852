# SPDX-License-Identifier: GPL-2.0-only
"""How fresh what is known of lines is, asked again without their kernels: a day, a look at what is
out and a confirmation change nothing else of a line. Pure.

When somebody looked last is another moment with each look, on all lines at once: it stands on the
front page and in status.json, which are made every time, and on a line's own page where it is what
is said of it: that nobody has looked for long."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace
from typing import Any

from zpmaint.core.config import Config
from zpmaint.core.releases import Outlook
from zpmaint.core.result import Result
from zpmaint.publish.glance import LineName
from zpmaint.timeline.kernels import parsed
from zpmaint.timeline.lines import lines_of
from zpmaint.timeline.values import Attempt, Freshness, FreshnessState, Line

Name = tuple[str, str, str, bool]
"""A line's kernels, architecture, profile, whether it is of kernels.toml."""


def shown(fresh: Freshness) -> Freshness:
    """What a line's own pages show of it."""
    if fresh.state is FreshnessState.SILENT:
        return fresh
    return replace(fresh, looked=None, silent_from=None)


def name_of(line: Line | LineName) -> Name:
    """What a line is known by among those of a part."""
    return line.tracked_as or line.series, line.arch, line.profile, line.is_tracked


def telling(lines: Iterable[Line]) -> list[list[Any]]:
    """What `fresh_again` has to know of lines, as JSON's own values."""
    found = {attempt: None for line in lines for attempt in _telling(line)}
    return [
        [one.turn, one.version, one.arch, one.patchset, one.profile, str(one.result), one.finished,
         one.key]
        for one in found
    ]  # fmt: skip


def fresh_again(
    patchset: str, told: Iterable[Sequence[Any]], config: Config, outlook: Outlook, now: float
) -> dict[Name, Freshness]:
    """How fresh lines of a set are of which nothing was learned since `telling` told of them."""
    attempts = (
        Attempt(turn, version, arch, patchset, profile, Result(result), finished, key)
        for turn, version, arch, patchset, profile, result, finished, key in told
    )
    return {
        name_of(line): line.freshness
        for line in lines_of(attempts, config, outlook, now)
        if line.patchset == patchset
    }


def _telling(line: Line) -> Iterable[Attempt]:
    """The newest knowledge, and that of kernels that are as new: whether what is out was tested is
    told by those. Where nothing is known any try: that there is such a line."""
    known = [one for one in line.standings if one.settled]
    if not known and line.standings:
        yield replace(line.standings[0].attempts[0], why="")
    newest = parsed(known[0].version) if known else None
    for standing in known:
        kernel = parsed(standing.version)
        is_as_new = newest and kernel and not kernel.upstream < newest.upstream
        if standing.settled and (standing is known[0] or is_as_new):
            yield replace(standing.settled, why="")
