# SPDX-License-Identifier: GPL-2.0-only
"""Histories in, news out: what became otherwise, and nothing else."""

from __future__ import annotations

import pytest
from ledger_fixtures import NOON, SET
from publish_fixtures import config
from timeline_fixtures import DAY, attempts, line, release

from zpmaint.core.releases import UNSEEN, Release
from zpmaint.timeline.cost_changes import CostChange, Watched, cost_changes
from zpmaint.timeline.costs import Conditions, CostFigure, Costs
from zpmaint.timeline.lines import lines_of
from zpmaint.timeline.transitions import transitions_of
from zpmaint.timeline.values import Line


def told(*steps: str) -> list[str]:
    """Oldest first: "kind version after before"."""
    found = transitions_of([line(*steps)])
    return [f"{one.kind} {one.version} after {one.before}" for one in reversed(found)]


HISTORIES: list[tuple[str, tuple[str, ...], list[str]]] = [
    ("a first pass is no news", ("6.12.1 P",), []),
    ("a first failure is", ("6.12.1 F",), ["turned red 6.12.1 after None"]),
    ("still good", ("6.12.1 P", "6.12.2 P", "6.12.2 P", "6.12.3 N"), []),
    (
        "still broken, six times: once",
        ("6.12.1 P", *(f"6.12.{n} F" for n in range(2, 8)), "6.12.7 C"),
        ["turned red 6.12.2 after 6.12.1"],
    ),
    (
        "fixed by a kernel",
        ("6.12.1 P", "6.12.2 F", "6.12.3 F", "6.12.4 P", "6.12.5 P"),
        ["turned red 6.12.2 after 6.12.1", "turned green 6.12.4 after 6.12.3"],
    ),
    (
        "fixed by other inputs",
        ("6.12.1 P", "6.12.2 F", "6.12.2 P"),
        ["turned red 6.12.2 after 6.12.1", "turned green 6.12.2 after 6.12.2"],
    ),
    (
        "an older kernel, verified later",
        ("6.12.1 P", "6.12.9 P", "6.12.5 F"),
        ["turned red 6.12.5 after 6.12.1"],
    ),
    ("the host's trouble is no news", ("6.12.1 P", "6.12.1 I", "6.12.2 I", "6.12.3 ?"), []),
    (
        "infrastructure between two failures does not make a second one",
        ("6.12.1 P", "6.12.2 F", "6.12.2 I", "6.12.2 F"),
        ["turned red 6.12.2 after 6.12.1"],
    ),
    (
        "a flake is told once",
        ("6.12.1 P/k", "6.12.1 F/k", "6.12.1 P/k", "6.12.1 F/k"),
        ["flake 6.12.1 after 6.12.1"],
    ),
    (
        "a flake ends with other inputs",
        ("6.12.1 P/k", "6.12.1 F/k", "6.12.1 P/l"),
        ["flake 6.12.1 after 6.12.1", "turned green 6.12.1 after 6.12.1"],
    ),
]


@pytest.mark.parametrize(
    ("steps", "news"), [row[1:] for row in HISTORIES], ids=[r[0] for r in HISTORIES]
)
def test_news_of_a_history(steps: tuple[str, ...], news: list[str]) -> None:
    assert told(*steps) == news


def cost(version: str, at: float, value: float) -> Costs:
    figures = [
        CostFigure("instructions/page", phase, "instructions", 900.0, value, exact=True)
        for phase in ("read", "write")
    ]
    return Costs(version, "x86_64", SET, at, Conditions(), tuple(figures))


def changed(*versions: str) -> list[str]:
    """What is news of 6.12 where each of these kernels costs 40 % more than the one before."""
    costs = [cost(v, NOON + n, 1000.0 * 1.4**n) for n, v in enumerate(versions)]
    watched = [Watched("instructions/page", phase, 0.05) for phase in ("read", "write")]

    def changes(one: Line) -> list[CostChange]:
        mine = {standing.version for standing in one.standings}
        return [change for change in cost_changes(costs, watched) if change.first in mine]

    steps = attempts(*(f"{version} P" for version in versions))
    found = lines_of(steps, config("6.12.*"), UNSEEN, NOON, cost_changes=changes)
    return [f"{one.kind} {one.version} after {one.before}: {one.words}"
            for one in transitions_of(found)]  # fmt: skip


def test_a_cost_that_is_another_one_from_a_kernel_on_is_told_once_with_all_its_figures() -> None:
    [told] = changed("6.12.1", "6.12.2")
    assert told.startswith("cost changed 6.12.2 after 6.12.1: instructions/page (read, patched)")
    assert "+40.0 %, 1,000 instructions up to 6.12.1, then 1,400" in told
    assert "instructions/page (write, patched)" in told


def test_that_another_series_costs_something_else_is_no_news_of_this_one() -> None:
    assert changed("6.1.9", "6.12.1") == []


def news(releases: list[Release], now: float) -> list[tuple[str, float, str]]:
    found = transitions_of([line("6.12.1 P", releases=releases, now=now)])
    return [(one.kind.value, one.when, one.version) for one in found]


def test_a_new_kernel_that_is_untested_and_a_service_that_is_silent() -> None:
    out = release("6.12.2", seen=NOON + DAY)
    assert news([release("6.12.1")], NOON + DAY) == []
    untested = ("new kernel untested", NOON + DAY, "6.12.2")
    assert news([out], NOON + 2 * DAY) == [untested]
    silent = ("service silent", NOON + DAY + UNSEEN.patience, "6.12.1")
    assert news([out], NOON + 9 * DAY) == [silent, untested]


def test_newest_first() -> None:
    found = transitions_of([line("6.12.1 P", "6.12.2 F", "6.12.3 P")])
    assert [one.when for one in found] == sorted((one.when for one in found), reverse=True)
