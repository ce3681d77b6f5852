# SPDX-License-Identifier: GPL-2.0-only
from __future__ import annotations

import time
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace
from typing import cast

import pytest
from hypothesis import given
from hypothesis import strategies as st
from ledger_fixtures import record
from timeline_fixtures import DAY, HOUR, attempts

from zpmaint.app.once import Recorder
from zpmaint.app.session import Session
from zpmaint.core.result import Result
from zpmaint.ledger.store import Ledger
from zpmaint.matrix.again import Act, Trouble, Wait, decide, earliest, rows
from zpmaint.timeline.episodes import episodes_of
from zpmaint.timeline.standings import standing_of
from zpmaint.timeline.values import Attempt

MINUTE = 60.0
RESULTS = st.sampled_from(list(Result))


def tries(marks: str, *, every: float = HOUR) -> list[Attempt]:
    """Tries of the same inputs, told oldest first; newest first, the last at 0."""
    made = attempts(*(f"6.12.1 {mark}/k" for mark in marks), at=0.0)
    last = len(made) - 1
    return [replace(one, finished=(n - last) * every) for n, one in enumerate(made)][::-1]


@pytest.mark.parametrize(
    ("marks", "after", "act"),
    [
        ("", 0, Act.RUN),
        ("P", 0, Act.KNOWN),
        ("F", 0, Act.KNOWN),
        ("C", 9 * DAY, Act.KNOWN),
        ("PP", 0, Act.KNOWN),
        ("FB", 0, Act.KNOWN),  # another failure is no flake
        ("PI", 9 * DAY, Act.KNOWN),  # what is known stays known
        ("IIP", 0, Act.KNOWN),
        ("I", 4 * MINUTE, Act.WAIT),
        ("I", 5 * MINUTE, Act.RUN),
        ("II", 9 * MINUTE, Act.WAIT),
        ("II", 10 * MINUTE, Act.RUN),
        ("I" * 100, 5 * HOUR, Act.WAIT),
        ("I" * 100, 6 * HOUR, Act.RUN),
        ("?", 14 * MINUTE, Act.WAIT),
        ("?", 15 * MINUTE, Act.RUN),
        ("I?", 59 * MINUTE, Act.WAIT),  # the second in a row
        ("I?", 60 * MINUTE, Act.RUN),
        ("PF", HOUR, Act.WAIT),
        ("PF", 2 * HOUR, Act.RUN),
        ("PFP", 3 * HOUR, Act.WAIT),
        ("PFP", 4 * HOUR, Act.RUN),
        ("PFI", HOUR, Act.WAIT),
        ("PFPFP", 9 * DAY, Act.KNOWN),
        ("PN", 2 * HOUR, Act.RUN),  # the effect was shown, and then it was not
    ],
)
def test_what_came_of_the_same_inputs_says_what_is_done(marks: str, after: float, act: Act) -> None:
    assert decide(tries(marks), after).act is act


def test_a_flake_has_its_name_and_tells_how_it_came_out() -> None:
    made = decide(tries("PFP"), 0.0)
    assert made.trouble is Trouble.FLAKY
    assert made.is_flaky
    assert made.why == "flaky: pass, fail, pass with the same inputs"
    assert decide(tries("PFPFPF"), 0.0).why.startswith("flaky: ..., fail, pass, fail, pass, fail")
    assert not decide(tries("PIP"), 0.0).is_flaky


def test_what_came_out_both_ways_within_one_try_is_flaky_once_it_settled() -> None:
    newest, both = tries("?P")
    both = replace(both, why="not the same in two boots: first: x; then: pass: y")
    made = decide([newest, both], 0.0)
    assert (made.trouble, made.act) == (Trouble.FLAKY, Act.WAIT)
    assert made.why == "flaky: both, pass with the same inputs"
    assert decide([both], HOUR).trouble is Trouble.INDETERMINATE
    standing = standing_of([newest, both])
    assert standing.flaky
    assert episodes_of([standing])[0].reason == "both, pass with the same inputs"
    other = replace(both, why="nobody knows")
    assert not decide([newest, other], 0.0).is_flaky
    assert not standing_of([newest, other]).flaky


def test_a_clock_that_was_set_back_keeps_nothing_waiting() -> None:
    assert decide(tries("I"), -DAY).act is Act.RUN


def test_the_first_that_may_run_is_known() -> None:
    waiting = [decide(tries("I"), 0.0), decide(tries("?"), 0.0), decide(tries("P"), 0.0)]
    assert earliest(waiting) == 5 * MINUTE
    assert earliest(waiting[2:]) is None


def test_every_trouble_has_its_row() -> None:
    assert set(rows()) == set(Trouble)


@given(st.floats(1, 1e5), st.floats(1, 10), st.floats(1, 1e6), st.integers(1, 10**6))
def test_waits_grow_up_to_their_end(first: float, factor: float, most: float, count: int) -> None:
    wait = Wait(first, factor, most, 0)
    assert 0 < wait.after(count) <= wait.after(count + 1) * (1 + 1e-9) <= most * (1 + 2e-9)
    assert wait.after(1) == min(first, most)


@given(st.lists(RESULTS, max_size=12), st.floats(0, 30 * DAY))
def test_what_settled_one_way_is_known_and_nothing_waits_for_ever(
    results: list[Result], now: float
) -> None:
    came = [replace(attempts("6.12.1 P")[0], result=one, finished=0.0) for one in results]
    made = decide(came, now)
    tones = {one.tone for one in results if one.settles}
    assert (len(tones) == 1) == (made.act is Act.KNOWN and made.trouble is None)
    assert made.is_flaky == (len(tones) > 1)
    if made.act is Act.WAIT:
        assert now < made.not_before
        assert decide(came, made.not_before).act is Act.RUN


@given(st.lists(st.sampled_from(["pass", "infrastructure"]), min_size=1, max_size=8))
def test_a_simulated_night_ends_as_soon_as_the_host_is_well(came: list[str]) -> None:
    """Asked each minute and run whenever it may be: trouble by trouble, until a result."""
    seen: list[Attempt] = []
    now = 0.0
    for word in [*came, "pass"]:
        while (made := decide(seen, now)).act is Act.WAIT:
            assert made.not_before - now <= rows()[Trouble.INFRASTRUCTURE].most
            now = made.not_before
        if made.act is Act.KNOWN:
            break
        one = attempts("6.12.1 P/k")[0]
        seen.insert(0, replace(one, result=Result(word), finished=now))
    assert seen[0].result is Result.PASS
    assert [one.result for one in seen[1:]] == [Result.INFRA] * (len(seen) - 1)


@pytest.mark.parametrize(
    ("ago", "known"), [(2 * HOUR + MINUTE, False), (MINUTE, True)], ids=["due", "waits"]
)
def test_a_run_takes_a_flake_that_is_due_for_not_known(
    tmp_path: Path, ago: float, known: bool
) -> None:
    with Ledger(tmp_path / "ledger.sqlite") as ledger:
        recorder = Recorder(cast(Session, SimpleNamespace(ledger=ledger)))
        at = time.time() - ago
        ledger.record(record("6.12.1", Result.PASS, key="k", finished=at - HOUR))
        assert recorder.known("k") is not None
        ledger.record(record("6.12.1", Result.FAIL, key="k", finished=at))
        assert (recorder.known("k") is not None) is known
