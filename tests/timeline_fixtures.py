# SPDX-License-Identifier: GPL-2.0-only
"""Histories in a few words, as the tables of the timeline's tests have them.

A step is "VERSION MARK", in the order in which they were kept, one an hour: P pass, N no
regression, F fail, B build failed, C conflict, I infrastructure, ? indeterminate. "/KEY" after the
mark names the inputs; without it each step has inputs of its own.
"""

from __future__ import annotations

from collections.abc import Sequence

from ledger_fixtures import NOON, SET
from publish_fixtures import config as tracked

from zpmaint.core.config import Config
from zpmaint.core.releases import Outlook, Release
from zpmaint.core.result import Result
from zpmaint.timeline.lines import lines_of
from zpmaint.timeline.values import Attempt, Line

MARKS = {
    "P": Result.PASS,
    "N": Result.NO_REGRESSION,
    "F": Result.FAIL,
    "B": Result.BUILD,
    "C": Result.CONFLICT,
    "X": Result.NOT_COMPILED,
    "I": Result.INFRA,
    "?": Result.INDETERMINATE,
}
HOUR = 3600.0
DAY = 24 * HOUR


def attempts(
    *steps: str, arch: str = "x86_64", profile: str = "", patchset: str = SET, at: float = NOON
) -> list[Attempt]:
    made: list[Attempt] = []
    for place, step in enumerate(steps):
        version, _, mark = step.rpartition(" ")
        word, _, key = mark.partition("/")
        result = MARKS[word]
        made.append(
            Attempt(
                turn=at + place * HOUR,
                version=version,
                arch=arch,
                patchset=patchset,
                profile=profile,
                result=result,
                finished=at + place * HOUR,
                key=key or f"step {place}",
                why=f"why {place}",
            )
        )
    return made


def release(version: str, *, seen: float = NOON, **more: object) -> Release:
    series = version.rpartition(".")[0]
    return Release(version, series, seen=seen, first_seen=seen, **more)  # type: ignore[arg-type]


def outlook(*releases: Release, confirmed: dict[str, float] | None = None) -> Outlook:
    """What was seen when those releases were."""
    looked = max((one.seen for one in releases), default=None)
    return Outlook(releases, looked, confirmed or {})


def lines(
    *steps: str,
    config: Config | None = None,
    releases: Sequence[Release] = (),
    now: float = NOON + DAY,
) -> list[Line]:
    return lines_of(attempts(*steps), config or tracked("6.12.*"), outlook(*releases), now)


def line(
    *steps: str,
    config: Config | None = None,
    releases: Sequence[Release] = (),
    now: float = NOON + DAY,
) -> Line:
    """The first line of kernels.toml."""
    return lines(*steps, config=config, releases=releases, now=now)[0]
