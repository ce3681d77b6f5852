# SPDX-License-Identifier: GPL-2.0-only
"""What is remembered of looking: from what sources list, and from planning the matrix."""

from __future__ import annotations

from dataclasses import replace

from ledger_fixtures import NOON, record
from test_matrix_track import listed as listing
from test_matrix_track import tracked

from zpmaint.core.releases import UNSEEN, Outlook, Release
from zpmaint.core.versions import KernelVersion
from zpmaint.matrix.outlook import listed, planned
from zpmaint.matrix.plan import Due, Plan
from zpmaint.matrix.track import Listing

V = KernelVersion.parse
DAY = 86_400.0
CONFIG = tracked("6.12.*", "6.1.*", "2.6.21")


def seen(*days: list[Listing]) -> Outlook:
    """What is remembered after so many days, each with its listings."""
    outlook = UNSEEN
    for day, listings in enumerate(days):
        outlook = listed(outlook, listings, CONFIG, NOON + day * DAY)
    return outlook


def named(outlook: Outlook) -> dict[str, Release]:
    return {release.version: release for release in outlook.releases}


def test_heads_are_remembered_and_of_others_the_newest_of_what_is_tracked() -> None:
    org = [Listing("org", V("7.3-rc7"), "mainline", released=NOON - DAY)]
    debian = listing("debian", "6.12.94", "6.12.107", "6.12.108-rc1", "6.18.3", "2.6.21")
    found = named(seen([*org, *debian]))
    assert sorted(found) == ["6.12.107", "7.3-rc7"]
    assert found["7.3-rc7"] == Release(
        "7.3-rc7", "7.3", "mainline", NOON - DAY, seen=NOON, first_seen=NOON, sources=("org",),
        served=True,
    )  # fmt: skip


def test_what_was_seen_stays_and_says_when() -> None:
    outlook = seen(listing("org", "6.12.107", moniker="longterm"),
                   listing("org", "6.12.107", "6.12.108", moniker="longterm"), [])  # fmt: skip
    found = named(outlook)
    assert (found["6.12.107"].first_seen, found["6.12.107"].seen) == (NOON, NOON + DAY)
    assert found["6.12.108"].first_seen == NOON + DAY
    assert outlook.looked == NOON + DAY, "where no source answered nobody looked"


def test_a_kernel_that_is_no_longer_offered_was_withdrawn() -> None:
    days = (listing("org", "6.12.107", "6.12.108"), listing("org", "6.12.107"))
    found = named(seen(*days))
    assert found["6.12.108"].withdrawn
    assert not found["6.12.107"].withdrawn
    assert not named(seen(*days, listing("org", "6.12.107", "6.12.108")))["6.12.108"].withdrawn


def test_a_source_that_does_not_answer_takes_nothing_back() -> None:
    both = [*listing("org", "6.12.108"), *listing("debian", "6.12.108")]
    assert not named(seen(both, listing("debian", "6.12.107")))["6.12.108"].withdrawn
    assert not named(seen(both, listing("org", "6.1.176")))["6.12.108"].withdrawn


def test_an_older_kernel_is_not_withdrawn_by_a_newer_one() -> None:
    found = named(seen(listing("org", "6.12.107"), listing("org", "6.12.108")))
    assert not any(release.withdrawn for release in found.values())


def test_the_end_of_a_series_is_what_the_source_says_or_that_it_lists_it_no_more() -> None:
    longterm = listing("org", "6.12.107", moniker="longterm")
    maintained = [*longterm, *listing("org", "7.1.9", moniker="stable")]
    found = named(seen(listing("org", "6.12.107", moniker="longterm", eol=True)))
    assert found["6.12.107"].eol
    later = named(seen(maintained, longterm))
    assert later["7.1.9"].eol
    assert not later["6.12.107"].eol
    assert not named(seen(maintained, listing("debian", "6.12.107")))["7.1.9"].eol


def test_planning_confirms_what_is_known_and_remembers_what_it_saw() -> None:
    known = replace(record("6.12.107").summary, key="k")
    dues = (
        Due(V("6.12.107"), "x86_64", "p", ("org",), known=known),
        Due(V("6.1.9"), "x86_64", "p", ("org",)),
    )
    outlook = planned(UNSEEN, Plan(dues), [V("6.12.107"), V("6.1.9")], NOON)
    assert outlook.confirmed == {"k": NOON}
    assert outlook.looked == NOON
    assert sorted(named(outlook)) == ["6.1.9", "6.12.107"]
    much_later = planned(outlook, Plan(()), [V("6.1.9")], NOON + 90 * DAY)
    assert much_later.confirmed == {}


def test_when_somebody_looks_again_is_what_the_schedule_said_last() -> None:
    found = listing("org", "6.12.107")
    told = listed(UNSEEN, found, CONFIG, NOON, within=DAY)
    assert (told.within, told.next_look) == (DAY, NOON + DAY)
    by_hand = listed(told, found, CONFIG, NOON + 1)
    assert (by_hand.within, by_hand.next_look) == (DAY, NOON + 1 + DAY)
    assert planned(by_hand, Plan(()), [V("6.1.9")], NOON + 2).within == DAY
    assert listed(by_hand, found, CONFIG, NOON + 3, within=60.0).next_look == NOON + 63


def test_a_plan_that_reached_nobody_is_no_look() -> None:
    before = Outlook(looked=NOON)
    assert planned(before, Plan(()), [], NOON + DAY).looked == NOON
