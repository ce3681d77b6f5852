# SPDX-License-Identifier: GPL-2.0-only
"""Histories in, runs out: works since, broken from (with the last good kernel), flaky, fixed in."""

from __future__ import annotations

import random

import pytest
from growth import assert_grows_like_its_input
from ledger_fixtures import NOON, SET
from publish_fixtures import config
from timeline_fixtures import attempts, line, lines

from zpmaint.core.config import Config
from zpmaint.core.releases import UNSEEN
from zpmaint.core.result import Result
from zpmaint.timeline.lines import lines_of
from zpmaint.timeline.transitions import transitions_of
from zpmaint.timeline.values import Attempt, EpisodeKind

BROKEN_SINCE_12 = (
    "6.12.10 P", "6.12.11 P", "6.12.12 F", "6.12.13 F", "6.12.14 F", "6.12.15 F", "6.12.16 F",
    "6.12.17 F",
)  # fmt: skip


def told(*steps: str) -> list[str]:
    """Each run as "kind first..last < last good > ended by"."""
    words = []
    for one in line(*steps).episodes:
        good = f" < {one.last_good}" if one.last_good else ""
        end = f" > {one.ended_by}" if one.ended_by else ""
        fixed = " fixed" if one.fixed else ""
        words.append(f"{one.kind} {one.first}..{one.last}{good}{end}{fixed}")
    return words


HISTORIES: list[tuple[str, tuple[str, ...], list[str]]] = [
    ("nothing", (), []),
    ("a pass", ("6.12.1 P",), ["works 6.12.1..6.12.1"]),
    (
        "broken over six releases",
        BROKEN_SINCE_12,
        [
            "works 6.12.10..6.12.11 > 6.12.12",
            "broken 6.12.12..6.12.17 < 6.12.11",
        ],
    ),
    (
        "fixed again",
        (*BROKEN_SINCE_12, "6.12.18 P"),
        [
            "works 6.12.10..6.12.11 > 6.12.12",
            "broken 6.12.12..6.12.17 < 6.12.11 > 6.12.18 fixed",
            "works 6.12.18..6.12.18",
        ],
    ),
    ("broken from the first", ("6.12.1 F", "6.12.2 C"), ["broken 6.12.1..6.12.2"]),
    (
        "verified out of order",
        ("6.12.17 F", "6.12.12 F", "6.12.10 P", "6.12.15 F", "6.12.11 P"),
        ["works 6.12.10..6.12.11 > 6.12.12", "broken 6.12.12..6.12.17 < 6.12.11"],
    ),
    (
        "infrastructure over a known failure",
        ("6.12.10 P", "6.12.11 F", "6.12.11 I", "6.12.11 ?"),
        ["works 6.12.10..6.12.10 > 6.12.11", "broken 6.12.11..6.12.11 < 6.12.10"],
    ),
    (
        "a kernel without a result belongs to no run and ends none",
        ("6.12.10 P", "6.12.11 I", "6.12.12 P", "6.12.13 ?"),
        ["works 6.12.10..6.12.12"],
    ),
    (
        "pass, fail, pass on the same inputs",
        ("6.12.9 P", "6.12.10 P/k", "6.12.10 F/k", "6.12.10 P/k"),
        ["works 6.12.9..6.12.9 > 6.12.10", "flaky 6.12.10..6.12.10 < 6.12.9"],
    ),
    (
        "the effect shown at one time and not at another, on the same inputs",
        ("6.12.10 P/k", "6.12.10 N/k", "6.12.10 P/k"),
        ["flaky 6.12.10..6.12.10"],
    ),
    (
        "pass, fail, pass with other inputs each time: mended, and no flake",
        ("6.12.10 P", "6.12.10 F", "6.12.10 P"),
        ["works 6.12.10..6.12.10"],
    ),
    (
        "a flake of inputs that are gone",
        ("6.12.10 P/k", "6.12.10 F/k", "6.12.10 P/l"),
        ["works 6.12.10..6.12.10"],
    ),
    (
        "a try that failed for the host's sake makes no flake",
        ("6.12.10 P/k", "6.12.10 I/k", "6.12.10 P/k"),
        ["works 6.12.10..6.12.10"],
    ),
    (
        "two ways of failing on the same inputs are one: broken",
        ("6.12.10 F/k", "6.12.10 B/k"),
        ["broken 6.12.10..6.12.10"],
    ),
    (
        "the effect is no longer shown",
        ("6.12.1 P", "6.12.2 N", "6.12.3 F"),
        [
            "works 6.12.1..6.12.1 > 6.12.2",
            "effect untested 6.12.2..6.12.2 > 6.12.3",
            "broken 6.12.3..6.12.3 < 6.12.2",
        ],
    ),
    (
        "a flaky kernel is not the last good one",
        ("6.12.1 P", "6.12.2 P/k", "6.12.2 F/k", "6.12.3 F"),
        [
            "works 6.12.1..6.12.1 > 6.12.2",
            "flaky 6.12.2..6.12.2 < 6.12.1 > 6.12.3",
            "broken 6.12.3..6.12.3 < 6.12.1",
        ],
    ),
    ("what is in no object is broken", ("6.12.1 X",), ["broken 6.12.1..6.12.1"]),
]  # fmt: skip


@pytest.mark.parametrize(
    ("steps", "runs"), [row[1:] for row in HISTORIES], ids=[r[0] for r in HISTORIES]
)
def test_runs_of_a_history(steps: tuple[str, ...], runs: list[str]) -> None:
    assert told(*steps) == runs


def test_every_kernel_of_a_broken_run_says_since_which() -> None:
    one = line(*BROKEN_SINCE_12)
    for patch in range(12, 18):
        episode = one.episode_of(f"6.12.{patch}")
        assert episode is not None
        assert (episode.kind, episode.first, episode.last_good) == (
            EpisodeKind.BROKEN, "6.12.12", "6.12.11",
        )  # fmt: skip
        assert "fail: why 2" in episode.reason
    assert one.newest_good == "6.12.11"
    assert one.current is one.episode_of("6.12.17")


def test_a_later_try_without_result_leaves_what_is_known() -> None:
    one = line("6.12.10 F", "6.12.10 I")
    [standing] = one.standings
    assert standing.settled is not None
    assert standing.settled.why == "why 0"
    assert [try_.why for try_ in standing.later] == ["why 1"]
    assert not standing.is_good


def test_a_kernel_of_which_nothing_is_known_is_not_good_and_has_no_run() -> None:
    one = line("6.12.9 P", "6.12.10 I")
    assert one.standings[0].settled is None
    assert not one.standings[0].is_good
    assert one.episode_of("6.12.10") is None
    assert one.newest_good == "6.12.9"


def test_a_flaky_kernel_is_not_good_whatever_its_newest_result() -> None:
    one = line("6.12.10 F/k", "6.12.10 P/k")
    assert one.standings[0].flaky
    assert one.newest_good is None
    assert one.current is not None
    assert one.current.reason == "fail, pass with the same inputs"


def test_the_reason_names_what_the_last_kernel_shows_where_that_is_another_thing() -> None:
    [episode] = line("6.12.1 F", "6.12.2 C").episodes
    assert episode.reason == "fail: why 0; on 6.12.2 conflict: why 1"


def test_since_when_it_is_so_on_the_first_kernel() -> None:
    [episode] = line("6.12.1 F", "6.12.1 P", "6.12.1 I", "6.12.1 P").episodes
    first_pass = attempts("6.12.1 F", "6.12.1 P")[1]
    assert episode.when == first_pass.finished


def test_the_order_of_what_goes_in_does_not_matter() -> None:
    steps = attempts(*BROKEN_SINCE_12, "6.12.17 I", "6.12.17 F/k", "6.12.17 P/k", "5.4.3 P")
    mixed = list(steps)
    random.Random(1).shuffle(mixed)
    once = lines_of(steps, config("6.12.*"), UNSEEN, 2e9)
    assert lines_of(mixed, config("6.12.*"), UNSEEN, 2e9) == once


def test_lines_that_differ_in_profile_or_architecture_alone_are_two() -> None:
    table = config("6.12.*").model_dump(exclude_unset=True)
    table["kernel"][0]["profile"] = "kasan"
    found = lines_of(
        attempts("6.12.1 P", profile="kasan")
        + attempts("6.12.1 F")
        + attempts("6.12.1 P", arch="i386"),
        config().model_validate(table),
        UNSEEN,
        2e9,
    )
    assert [(one.name, one.tracked_as, one.newest_good) for one in found] == [
        ("6.12-x86_64-kasan", "6.12.*", "6.12.1"),
        ("6.12-x86_64", "", None),
        ("6.12-i386", "", "6.12.1"),
    ]


def test_names_of_lines_are_told_apart() -> None:
    tracked = config("6.12.*", "6.12", "2.6.21", "7.*", "7.2.*")
    found = lines(
        "6.12.7 P", "6.12 F", "2.6.21.3 F", "2.6.21 P", "7.2.8 P", "5.4.1 P", config=tracked
    )
    names = {one.name: [s.version for s in one.standings] for one in found}
    assert names == {
        "6.12-x86_64": ["6.12.7", "6.12"],
        "6.12.0-x86_64": ["6.12"],
        "2.6.21.0-x86_64": ["2.6.21"],
        "7-x86_64": ["7.2.8"],
        "7.2-x86_64": ["7.2.8"],
        "5.4-x86_64": ["5.4.1"],
        "2.6.21-x86_64": ["2.6.21.3"],
    }


@pytest.mark.parametrize(
    "version", ["../../etc/passwd", "<script>", "", "6.12.\N{RIGHT-TO-LEFT OVERRIDE}7", "\x1b[31m"]
)
def test_a_name_that_is_no_kernels_is_a_line_of_its_own(version: str) -> None:
    found = lines(f"{version} P", "6.12.7 F")
    assert [(one.tracked_as, one.series) for one in found] == [("6.12.*", "6.12"), ("", version)]
    assert [s.version for s in found[0].standings] == ["6.12.7"]


def test_fifty_thousand_attempts_are_lines_in_their_share_of_time() -> None:
    """Measured: 0.09 s, and 0.13 s for the news of them. In one line and in many, as episodes that
    are looked up by kernel could cost their number squared."""
    many = [
        Attempt(
            turn=NOON + run,
            version=f"6.{n % 40}.{n // 40}",
            arch="x86_64",
            patchset=SET,
            profile="",
            result=Result.FAIL if n % 9 and run == 9 else Result.PASS,
            finished=NOON + run,
            key=f"{n} {run}",
        )
        for n in range(5000)
        for run in range(10)
    ]
    for tracked in (config("6.*"), config(*(f"6.{n}.*" for n in range(40)))):

        def told(some: list[Attempt], tracked: Config = tracked) -> tuple[int, int]:
            found = lines_of(some, tracked, UNSEEN, 2e9)
            news = transitions_of(found)
            return len([one.episode_of(s.version) for one in found for s in one.standings]), len(
                news
            )

        assert_grows_like_its_input(lambda: told(many[: len(many) // 4]), lambda: told(many))
        episodes, news = told(many)
        assert episodes == 5000
        assert news > 100
