# SPDX-License-Identifier: GPL-2.0-only
"""Histories in, news out: what became otherwise, and nothing else."""

from __future__ import annotations

from dataclasses import replace

import pytest
from ledger_fixtures import NOON, SET
from publish_fixtures import config
from timeline_fixtures import DAY, HOUR, attempts, line, release

from zpmaint.core.releases import UNSEEN, Release
from zpmaint.timeline.cost_changes import CostChange, Watched, cost_changes
from zpmaint.timeline.costs import Conditions, CostFigure, Costs
from zpmaint.timeline.freshness import SILENT_AFTER
from zpmaint.timeline.lines import lines_of
from zpmaint.timeline.transitions import transitions_of
from zpmaint.timeline.values import Line, TransitionKind


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
    figure = CostFigure("instructions/page", "read", "instructions", 900.0, value, exact=True)
    return Costs(version, "x86_64", SET, at, Conditions(), (figure,))


def test_a_cost_that_is_another_one_from_a_kernel_on() -> None:
    costs = [cost("6.12.1", NOON, 1000.0), cost("6.12.2", NOON + HOUR, 1400.0)]
    watched = [Watched("instructions/page", "read", 0.05)]

    def changes(one: Line) -> list[CostChange]:
        return cost_changes(costs, watched)

    found = lines_of(
        attempts("6.12.1 P", "6.12.2 P"), config("6.12.*"), UNSEEN, NOON, cost_changes=changes
    )
    [one] = transitions_of(found)
    assert (one.kind, one.version, one.before) == (TransitionKind.COST_CHANGED, "6.12.2", "6.12.1")
    assert one.when == NOON + HOUR
    assert one.words == (
        "instructions/page (read, patched): +40.0 %; "
        "1,000 instructions up to 6.12.1, 1,400 from 6.12.2"
    )


def test_a_kernel_of_which_several_figures_moved_is_news_once() -> None:
    costs = [cost("6.12.1", NOON, 1000.0), cost("6.12.2", NOON + HOUR, 1400.0)]
    more = [replace(f, phase="write") for f in (costs[0].figures[0], costs[1].figures[0])]
    costs = [replace(c, figures=(*c.figures, f)) for c, f in zip(costs, more, strict=True)]
    watched = [Watched("instructions/page", phase, 0.05) for phase in ("read", "write")]
    found = lines_of(
        attempts("6.12.1 P", "6.12.2 P"), config("6.12.*"), UNSEEN, NOON,
        cost_changes=lambda _: cost_changes(costs, watched),
    )  # fmt: skip
    [one] = transitions_of(found)
    assert one.version == "6.12.2"
    assert "(read, patched): +40.0 %" in one.words and "(write, patched): +40.0 %" in one.words


def news(releases: list[Release], now: float) -> list[tuple[str, float, str]]:
    found = transitions_of([line("6.12.1 P", releases=releases, now=now)])
    return [(one.kind.value, one.when, one.version) for one in found]


def test_a_new_kernel_that_is_untested_and_a_service_that_is_silent() -> None:
    out = release("6.12.2", seen=NOON + DAY)
    assert news([release("6.12.1")], NOON + DAY) == []
    untested = ("new kernel untested", NOON + DAY, "6.12.2")
    assert news([out], NOON + 2 * DAY) == [untested]
    silent = ("service silent", NOON + DAY + SILENT_AFTER, "6.12.1")
    assert news([out], NOON + 9 * DAY) == [silent, untested]


def test_newest_first() -> None:
    found = transitions_of([line("6.12.1 P", "6.12.2 F", "6.12.3 P")])
    assert [one.when for one in found] == sorted((one.when for one in found), reverse=True)
