# SPDX-License-Identifier: GPL-2.0-only
"""How a line's state, lag and history are shown."""

from __future__ import annotations

import re

import pytest
from ledger_fixtures import NOON
from publish_fixtures import config
from timeline_fixtures import DAY, lines, release

from zpmaint.core.releases import Release
from zpmaint.publish.attention import attention_of
from zpmaint.publish.lag import lag_of
from zpmaint.publish.line_looks import Urgency, look_of
from zpmaint.publish.line_view import LineView, counts_of
from zpmaint.publish.strip import strip_of
from zpmaint.publish.words import NONE, age
from zpmaint.timeline.values import Line

NOW = NOON + DAY


def one(*steps: str, out: str = "", now: float = NOW, **more: object) -> Line:
    releases: list[Release] = [release(out, seen=now, **more)] if out else []  # type: ignore[arg-type]
    return lines(*steps, releases=releases, now=now)[0]


@pytest.mark.parametrize(
    ("line", "sign", "words", "tone"),
    [
        (one("6.12.7 P", out="6.12.7"), "✓", "works", "good"),
        (one("6.12.7 N", out="6.12.7"), "≈", "effect untested", "calm"),
        (one("6.12.7 P", out="6.12.9"), "↑", "works, behind", "warn"),
        (one("6.12.7 P"), "◇", "works, not watched", "warn"),
        (one("6.12.7 P", out="6.12.7", now=NOW + 90 * DAY), "◇", "works, long ago", "warn"),
        (one("6.12.7 P", out="6.12.7", eol=True), "✓", "works, series ended", "good"),
        (one("6.12.6 P", "6.12.7 F", out="6.12.7"), "✕", "broken", "bad"),
        (one("6.12.7 B"), "✕", "broken", "bad"),
        (one("6.12.7 C", out="6.12.9"), "✕", "broken", "bad"),
        (one("6.12.7 X", out="6.12.7"), "✕", "broken", "bad"),
        (one("6.12.7 P/k", "6.12.7 F/k", out="6.12.7"), "±", "flaky", "warn"),
        (one("6.12.7 I"), "○", "no result yet", "open"),
        (one("6.12.7 ?"), "○", "no result yet", "open"),
        (one("6.12.7 F", "6.12.7 I", out="6.12.7"), "✕", "broken", "bad"),
        (one(), "…", "never verified", "open"),
    ],
)
def test_the_state_of_a_line(line: Line, sign: str, words: str, tone: str) -> None:
    look = look_of(line)
    assert (look.sign, look.words, look.tone) == (sign, words, tone)
    assert look.urgency.needs_a_look is (tone not in ("good", "calm"))


def test_a_broken_line_says_since_when_and_what_was_good() -> None:
    line = one("6.12.6 P", "6.12.7 F", "6.12.8 F", "6.12.9 F")
    assert look_of(line).detail == "since 6.12.7 (3 kernels); last good 6.12.6"
    line = one("6.12.7 F")
    assert look_of(line).detail == (
        "since 6.12.7 (that kernel alone); no good kernel before it known"
    )


@pytest.mark.parametrize(
    ("line", "newest", "words", "behind"),
    [
        (one("6.12.7 P", out="6.12.7"), "6.12.7", "up to date", False),
        (one("6.12.7 P", out="6.12.8"), "6.12.8", "1 release behind", True),
        (one("6.12.7 P", "6.12.9 F", out="6.12.9"), "6.12.9", "2 releases behind", True),
        (one("6.12.7 P", "6.12.9 F"), "6.12.9", "2 releases behind", True),
        (one("6.12.7 P"), None, "not known", None),
        (one("6.12.7 F", out="6.12.7"), "6.12.7", "none is good", True),
        (one("6.12.7 I", out="6.12.7"), "6.12.7", "no result yet", None),
        (one("6.12.7-1 P", out="6.12.7"), "6.12.7", "up to date", False),
        (one("6.12.8 P", out="6.12.7"), "6.12.7", "older than the newest good", False),
        (one(out="6.12.7"), "6.12.7", "none was tried", None),
        (one(), None, "none was tried", None),
    ],
)
def test_how_far_a_line_is_behind(
    line: Line, newest: str | None, words: str, behind: bool | None
) -> None:
    lag = lag_of(line)
    assert (lag.words, lag.is_behind) == (words, behind)
    assert lag.newest == newest or (lag.newest or "").startswith(newest or "?")


def test_kernels_of_two_series_have_no_distance_in_releases() -> None:
    [line] = lines("7.2.8 P", config=config("7.*"), releases=[release("7.3.1", seen=NOW)], now=NOW)
    assert lag_of(line).words == "behind"


def test_a_strip_tells_states_by_height_and_says_them() -> None:
    line = one("6.12.1 P", "6.12.2 N", "6.12.3 F", "6.12.4 P/k", "6.12.4 F/k", "6.12.5 I")
    strip = strip_of(line, 40)
    kinds = dict(strip.paths)
    assert set(kinds) == {"holds", "untested", "broken", "flaky", "unknown"}
    shapes = {re.sub(r"M\d+ ", "M", path) for path in kinds.values()}
    assert len(shapes) == len(kinds), "a state that only its colour tells"
    assert strip.words == (
        "5 kernels: works 6.12.1, effect untested 6.12.2, broken 6.12.3, flaky 6.12.4, "
        "no result 6.12.5"
    )
    assert strip.width == 5 * 5 - 1


def test_a_strip_of_many_kernels_has_the_newest_and_says_so() -> None:
    line = one(*(f"6.12.{n} {'F' if n % 2 else 'P'}" for n in range(1, 101)))
    strip = strip_of(line, 10)
    assert strip.width == 49
    assert len(strip.paths) == 2
    assert strip.words.startswith("the newest 10 of 100 kernels: ..., ")
    assert strip.words.endswith("broken 6.12.99, works 6.12.100")


def view(line: Line) -> LineView:
    return LineView(line, ())


def test_what_is_broken_is_looked_at_first_and_what_ails_all_is_told_once() -> None:
    found = lines(
        "5.4.1 P", "6.1.1 P", "6.1.2 F", "6.6.1 P/k", "6.6.1 F/k", "6.12.1 P",
        config=config("5.4.*", "6.1.*", "6.6.*", "6.12.*", "7.*"), now=NOW,
    )  # fmt: skip
    items = attention_of([view(line) for line in found])
    assert [(i.look.urgency, [v.line.series for v in i.views]) for i in items] == [
        (Urgency.BROKEN, ["6.1"]),
        (Urgency.FLAKY, ["6.6"]),
        (Urgency.OLD, ["5.4", "6.12"]),
        (Urgency.NEVER, ["7"]),
    ]
    assert "nobody has looked" in items[2].detail


def test_states_are_counted() -> None:
    found = [view(one("6.12.7 P", out="6.12.7")), view(one()), view(one())]
    assert [(look.words, count) for look, count in counts_of(found)] == [
        ("works", 1),
        ("never verified", 2),
    ]


def test_a_line_changes_what_its_page_is_made_of_with_each_try_alone() -> None:
    before = view(one("6.12.7 P", out="6.12.7"))
    assert before.inputs == view(one("6.12.7 P", out="6.12.7")).inputs
    for other in (
        one("6.12.7 P", "6.12.7 I", out="6.12.7"),
        one("6.12.7 F", out="6.12.7"),
        one("6.12.7 P", out="6.12.8"),
    ):
        assert view(other).inputs != before.inputs


@pytest.mark.parametrize(
    ("seconds", "words"),
    [
        (-5, "just now"),
        (59 * 60, "just now"),
        (3_700, "1 hour ago"),
        (7_300, "2 hours ago"),
        (47 * 3_600, "47 hours ago"),
        (49 * 3_600, "2 days ago"),
        (59 * DAY, "59 days ago"),
        (61 * DAY, "2 months ago"),
        (800 * DAY, "2 years ago"),
        (None, NONE),
    ],
)
def test_ages(seconds: float | None, words: str) -> None:
    assert age(seconds) == words
