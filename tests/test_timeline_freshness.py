# SPDX-License-Identifier: GPL-2.0-only
"""How fresh the knowledge of a line is: an old pass, a newer kernel, a series that ended, a service
that is silent. It never looks fresher than what is known."""

from __future__ import annotations

from dataclasses import replace

import pytest
from ledger_fixtures import NOON
from publish_fixtures import config
from timeline_fixtures import DAY, HOUR, attempts, line, outlook, release

from zpmaint.core.releases import UNSEEN, Release
from zpmaint.timeline.freshness import STALE_AFTER
from zpmaint.timeline.lines import lines_of
from zpmaint.timeline.values import Freshness
from zpmaint.timeline.values import FreshnessState as State

LONG = NOON + STALE_AFTER + 2 * DAY


def seen(version: str, at: float, **more: object) -> Release:
    return release(version, seen=at, **more)


ROWS: list[tuple[str, tuple[str, ...], list[Release], float, State, str]] = [
    ("nothing known", (), [], NOON, State.NEVER, "nothing is verified yet"),
    (
        "nothing but the host's trouble",
        ("6.12.7 I",),
        [seen("6.12.7", NOON)],
        NOON,
        State.NEVER,
        "6.12.7 is out since 2026-11-25, and untested",
    ),
    (
        "fresh",
        ("6.12.7 P",),
        [seen("6.12.7", NOON)],
        NOON + DAY,
        State.FRESH,
        "6.12.7 verified on 2026-11-25",
    ),
    (
        "fresh and broken",
        ("6.12.7 F",),
        [seen("6.12.7", NOON)],
        NOON + DAY,
        State.FRESH,
        "verified",
    ),
    ("nobody ever looked", ("6.12.7 P",), [], NOON, State.SILENT, "nobody has looked yet"),
    (
        "nobody looked lately",
        ("6.12.7 P",),
        [seen("6.12.7", NOON)],
        NOON + UNSEEN.patience + 1,
        State.SILENT,
        "nobody has looked since 2026-11-25",
    ),
    (
        "a newer one is out",
        ("6.12.7 P",),
        [seen("6.12.8", NOON, released=NOON - 2 * DAY)],
        NOON,
        State.BEHIND,
        "6.12.8 is out since 2026-11-23, and untested",
    ),
    (
        "a newer one was tried, and nothing came of it",
        ("6.12.7 P", "6.12.8 I"),
        [seen("6.12.8", NOON)],
        NOON,
        State.BEHIND,
        "6.12.8 is out",
    ),
    ("a newer one is known", ("6.12.9 P",), [seen("6.12.8", NOON)], NOON, State.FRESH, "6.12.9"),
    (
        "a candidate is not yet out",
        ("6.12.7 P",),
        [seen("6.12.7", NOON), Release("6.12.8-rc1", "6.12", seen=NOON)],
        NOON,
        State.FRESH,
        "",
    ),
    (
        "Debian's revision of a kernel that is known",
        ("6.12.7 P",),
        [seen("6.12.7-1", NOON)],
        NOON,
        State.FRESH,
        "",
    ),
    (
        "Debian's next revision of one of Debian's",
        ("6.12.7-1 P",),
        [seen("6.12.7-2", NOON)],
        NOON,
        State.BEHIND,
        "6.12.7-2 is out",
    ),
    (
        "an old pass",
        ("6.12.7 P",),
        [seen("6.12.7", LONG)],
        LONG,
        State.STALE,
        "not looked at again since",
    ),
    (
        "the series has ended",
        ("6.12.7 P",),
        [seen("6.12.7", NOON, eol=True)],
        LONG,
        State.END_OF_LIFE,
        "the series has ended",
    ),
    (
        "the series has ended, its last kernel untested",
        ("6.12.7 P",),
        [seen("6.12.8", NOON, eol=True)],
        NOON,
        State.BEHIND,
        "the series has ended",
    ),
    (
        "a kernel was withdrawn",
        ("6.12.7 P",),
        [seen("6.12.7", NOON), seen("6.12.8", NOON, withdrawn=True)],
        NOON,
        State.FRESH,
        "6.12.8 was withdrawn",
    ),
]


@pytest.mark.parametrize(
    ("steps", "releases", "now", "state", "words"), [r[1:] for r in ROWS], ids=[r[0] for r in ROWS]
)
def test_states(
    steps: tuple[str, ...], releases: list[Release], now: float, state: State, words: str
) -> None:
    fresh = line(*steps, releases=releases, now=now).freshness
    assert fresh.state is state
    assert words in fresh.words


def test_an_old_pass_whose_inputs_are_still_the_same_is_fresh() -> None:
    [one] = lines_of(
        attempts("6.12.7 P/k"),
        config("6.12.*"),
        outlook(seen("6.12.7", LONG), confirmed={"k": LONG}),
        LONG,
    )
    assert one.freshness.state is State.FRESH
    assert one.freshness.confirmed == LONG
    assert "still the same on 2026-12-27" in one.freshness.words


def test_inputs_that_were_the_same_a_month_ago_are_of_no_use() -> None:
    later = LONG + STALE_AFTER + DAY
    [one] = lines_of(
        attempts("6.12.7 P/k"),
        config("6.12.*"),
        outlook(seen("6.12.7", later), confirmed={"k": LONG}),
        later,
    )
    assert one.freshness.state is State.STALE


@pytest.mark.parametrize(
    ("within", "silent_after"),
    [(None, 3 * DAY), (HOUR, 3 * HOUR), (DAY, 2 * DAY + HOUR), (30 * DAY, 60 * DAY + HOUR)],
)
def test_from_when_on_nobody_looks_is_the_schedules_to_say(
    within: float | None, silent_after: float
) -> None:
    """One look may fail and be tried again; two that did not come are silence."""
    seen_then = replace(outlook(seen("6.12.7", NOON)), within=within)

    def at(now: float) -> Freshness:
        known = attempts("6.12.7 P/k")
        fresh = replace(seen_then, confirmed={"k": now})
        return lines_of(known, config("6.12.*"), fresh, now)[0].freshness

    assert at(NOON + silent_after - 1).state is State.FRESH
    late = at(NOON + silent_after + 1)
    assert (late.state, late.silent_from) == (State.SILENT, NOON + silent_after)
    assert ("where a look each" in late.words) is (within is not None)
    assert seen_then.next_look == (None if within is None else NOON + within)


def test_another_lines_kernels_do_not_vouch_for_a_series() -> None:
    now = NOON + 9 * DAY
    out = outlook(seen("6.12.7", NOON), seen("7.2.8", now))
    tracked = config("6.12.*", "7.*", "2.6.21")
    found = lines_of(attempts("6.12.7 P", "7.2.8 P"), tracked, out, now)
    assert [one.freshness.state for one in found] == [State.SILENT, State.FRESH, State.NEVER]


def test_one_kernel_needs_nobody_to_offer_it_again() -> None:
    out = outlook(seen("7.2.8", NOON + DAY))
    found = lines_of(attempts("2.6.21 P"), config("2.6.21"), out, NOON + DAY)
    assert found[0].freshness.state is State.FRESH


def test_a_series_that_nobody_offers_is_not_fresh_because_others_are_looked_at() -> None:
    [one] = lines_of(
        attempts("6.12.7 P"), config("6.12.*"), outlook(seen("7.2.8", NOON)), NOON + HOUR
    )
    assert one.freshness.state is State.SILENT
    assert "no source has offered a kernel of it yet" in one.freshness.words
