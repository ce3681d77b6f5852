# SPDX-License-Identifier: GPL-2.0-only
from __future__ import annotations

import random

import pytest
from ledger_fixtures import SET, case, delta, old_deltas, passing, record, samples
from publish_fixtures import config

from zpmaint.core.result import Result, Tone
from zpmaint.ledger import codec
from zpmaint.ledger.values import Record
from zpmaint.publish.facts import Suite
from zpmaint.publish.kernel import kernels_of
from zpmaint.publish.rows import (
    Row,
    Standing,
    file_name,
    newest_good,
    patchsets_of,
    rows_of,
)
from zpmaint.publish.whole import Whole
from zpmaint.timeline.values import Attempt, EpisodeKind


def rows(*records: Record, track: tuple[str, ...] = ("6.12.*",)) -> dict[str, Row]:
    return {r.version: r for r in rows_of(config(*track), kernels_of(records), SET)}


def test_every_tracked_kernel_has_its_row_newest_first() -> None:
    made = rows_of(config(), kernels_of(samples()), SET)
    assert [(r.version, r.look, str(r.standing)) for r in made] == [
        ("8.*", "pending", "tracked"),
        ("7.3-rc7", "fail", "tracked"),
        ("7.2.6", "pass", "earlier"),
        ("6.18.15", "infrastructure", "tracked"),
        ("6.12.107", "pass", "tracked"),
        ("6.12.94", "pass", "earlier"),
        ("6.1.176", "pass", "tracked"),
        ("5.10.262", "conflict", "tracked"),
        ("2.6.24", "pass", "tracked"),
        ("2.6.23", "build-failed", "tracked"),
        ("2.6.21", "pass", "tracked"),
    ]


def test_the_order_of_the_records_does_not_matter() -> None:
    shuffled = samples()
    random.Random(7).shuffle(shuffled)
    assert rows_of(config(), kernels_of(shuffled), SET) == rows_of(
        config(), kernels_of(samples()), SET
    )


def test_a_failed_attempt_is_shown_beside_the_settled_result() -> None:
    good, bad = record("6.12.1", started=1.0), record("6.12.1", Result.INFRA, started=2.0)
    row = rows(good, bad)["6.12.1"]
    assert (row.record, row.attempt) == (good, Attempt.of(bad))
    row = rows(good, record("6.12.1", Result.INFRA, started=0.5))["6.12.1"]
    assert (row.record, row.attempt) == (good, None), "an earlier attempt is history"
    row = rows(bad)["6.12.1"]
    assert (row.look, row.attempt) == ("infrastructure", None)
    nobodys = record("6.12.1", Result.INDETERMINATE, started=3.0)
    assert (rows(good, bad, nobodys)["6.12.1"].attempt) == Attempt.of(nobodys)
    assert rows(nobodys)["6.12.1"].look == "indeterminate"


@pytest.mark.parametrize(
    ("before", "now", "change"),
    [
        (Result.PASS, Result.FAIL, "regression"),
        (Result.PASS, Result.CONFLICT, "regression"),
        (Result.FAIL, Result.PASS, "fixed"),
        (Result.FAIL, Result.BUILD, ""),
        (Result.PASS, Result.PASS, ""),
        (Result.INFRA, Result.FAIL, ""),
        (Result.PASS, Result.INFRA, ""),
        (Result.PASS, Result.INDETERMINATE, ""),
        (Result.PASS, Result.NO_REGRESSION, ""),
        (Result.NO_REGRESSION, Result.PASS, ""),
        (Result.NO_REGRESSION, Result.NOT_COMPILED, "regression"),
        (Result.NOT_COMPILED, Result.NO_REGRESSION, "fixed"),
        (Result.NOT_COMPILED, Result.FAIL, ""),
    ],
)
def test_a_change_is_against_the_series_previous_settled_kernel(
    before: Result, now: Result, change: str
) -> None:
    row = rows(record("6.12.9", before, started=9e9), record("6.12.10", now))["6.12.10"]
    assert row.change == change
    assert row.compared_with == ("6.12.9" if change else "")


def test_a_change_of_one_kernel_is_against_its_own_past() -> None:
    past = record("6.12.9", Result.FAIL, started=1.0, key="before")
    row = rows(past, record("6.12.9", started=2.0, key="now"))["6.12.9"]
    assert (row.change, row.compared_with) == ("fixed", "6.12.9")


def test_every_kernel_of_a_broken_run_says_since_when() -> None:
    made = rows(
        record("6.12.11"), *(record(f"6.12.{n}", Result.FAIL, why="hangs") for n in range(12, 18))
    )
    for n in range(12, 18):
        episode = made[f"6.12.{n}"].episode
        assert episode is not None
        assert (episode.first, episode.last_good, episode.reason) == (
            "6.12.12", "6.12.11", "fail: hangs",
        )  # fmt: skip
    changes = {version: row.change for version, row in made.items() if row.change}
    assert changes == {"6.12.12": "regression"}
    assert made["6.12.12"].compared_with == "6.12.11"


def test_the_same_inputs_with_another_result_are_flaky_and_never_good() -> None:
    one = [record("6.12.9", r, started=s) for s, r in enumerate([Result.PASS, Result.FAIL] * 2)]
    for attempts in (one, one[:-1]):  # the newest failed; the newest passed
        row = rows(*attempts)["6.12.9"]
        assert (row.look, row.is_good, row.tone) == ("flaky", False, Tone.BAD)
        assert row.episode is not None
        assert row.episode.kind is EpisodeKind.FLAKY
    assert newest_good(rows_of(config("6.12.*"), kernels_of(one), SET))[0][2] is None


def test_a_kernel_after_a_flaky_one_is_no_regression_and_may_be_fixed() -> None:
    flaky = [record("6.12.9", Result.FAIL, started=1.0), record("6.12.9", started=2.0)]
    assert rows(*flaky, record("6.12.10"))["6.12.10"].change == "fixed"
    assert rows(*flaky, record("6.12.10", Result.FAIL))["6.12.10"].change == ""


def test_what_a_row_is_made_of_says_what_became_of_its_neighbours() -> None:
    """A page that is kept from before is made anew when its run of kernels became another one."""
    broken = record("6.12.12", Result.FAIL)
    alone, after = rows(broken)["6.12.12"], rows(broken, record("6.12.11"))["6.12.12"]
    assert alone.inputs != after.inputs
    assert alone.inputs == rows(broken)["6.12.12"].inputs


@pytest.mark.parametrize("version", [".*", "x.*", "6.12.*", "99999999999.*", "\N{SNOWMAN}"])
def test_a_name_that_looks_like_a_series_breaks_nothing(version: str) -> None:
    assert rows(record(version), record("6.12.9"))[version].standing is Standing.UNTRACKED


def test_what_nobody_tracks_is_shown_and_says_so() -> None:
    row = rows(record("6.6.1"))["6.6.1"]
    assert (row.standing, row.tracked_as) == (Standing.UNTRACKED, "")
    assert rows(record("six"))["six"].standing is Standing.UNTRACKED


def test_another_architecture_does_not_stand_for_the_tracked_one() -> None:
    made = rows_of(config("6.12.*"), kernels_of([record("6.12.9", arch="i386")]), SET)
    assert [(r.version, r.arch, str(r.standing)) for r in made] == [
        ("6.12.*", "x86_64", "tracked"),
        ("6.12.9", "i386", "untracked"),
    ]


def test_a_skip_is_no_pass_and_a_lost_case_is_a_failure() -> None:
    cases = [
        case("a", False),
        case("b", False, mark="skip"),
        case("c", False, stock_mark="skip", mark="fail"),
        case("d", True, mark="lost"),
        case("e", False, patched=False),
    ]
    made = rows(passing("6.12.1", [], verdict={"cases": cases, "deltas": []}))["6.12.1"]
    assert made.suite == Suite(passed=2, skipped=1, failed=2)
    assert made.suite.total == 5
    assert rows(record("6.12.1"))["6.12.1"].suite is None


def test_the_memory_shown_is_the_first_counter_that_tells() -> None:
    row = rows(
        passing(
            "6.12.1",
            [
                delta("VmRSS", 65_612, 65_616, False),
                delta("minor faults", 1, 2, True, unit="faults"),
                delta("AnonPages", 0, 9, True, phase="write"),
                delta("AnonPages", 20, 65_560, True),
                delta("instructions", 700, 1_340, True, unit="instructions/page"),
            ],
        )
    )["6.12.1"]
    assert row.memory
    assert (row.memory.counter, row.memory.difference) == ("AnonPages", 65_540)
    assert row.rss_is_silent
    assert row.cost
    assert (row.cost.stock, row.cost.patched) == (700, 1_340)


def test_where_nothing_tells_nothing_is_silent() -> None:
    stock_only = [delta("VmRSS", 65_592, None, False), delta("AnonPages", 65_540, None, True)]
    assert not rows(passing("6.12.1", stock_only))["6.12.1"].rss_is_silent
    assert not rows(passing("6.12.1", [delta("VmRSS", 1, 2, False)]))["6.12.1"].rss_is_silent


def test_every_counter_is_shown_once() -> None:
    row = rows(passing("6.12.1", old_deltas()))["6.12.1"]
    assert row.record
    whole = Whole(row.record)
    shown = [codec.to_json(delta) for delta in whole.main_deltas + whole.other_deltas]
    assert sorted(map(repr, shown)) == sorted(map(repr, old_deltas()))
    assert [d.counter for d in whole.other_deltas] == ["minor faults"]


def test_pages_stand_in_where_no_counter_in_kilobytes_tells() -> None:
    deltas = [delta("VmRSS", 1, 2, False), delta("StatmAnon", 2, 16_386, True, unit="pages")]
    figure = rows(passing("2.6.23", deltas), track=("2.6.23",))["2.6.23"].memory
    assert figure
    assert (figure.counter, figure.unit, figure.difference) == ("StatmAnon", "kB", 65_536)


def test_the_newest_good_kernel_may_be_an_earlier_one() -> None:
    made = {
        line: (row.version if row else None)
        for line, _, row in newest_good(rows_of(config(), kernels_of(samples()), SET))
    }
    assert made["7.*"] == "7.2.6"
    assert made["6.12.*"] == "6.12.107"
    assert made["5.10.*"] is None
    assert made["8.*"] is None


def test_patch_sets_that_only_the_ledger_knows_are_shown_last() -> None:
    assert patchsets_of(config(), [("6.1", "x86_64", "another", "")]) == [
        SET,
        "another",
    ]


@pytest.mark.parametrize("name", ["6.12.107", "2.6.21-x86_64", "7.3~rc7-1~exp1", "a_b+c"])
def test_a_safe_name_is_kept(name: str) -> None:
    assert file_name(name) == name


@pytest.mark.parametrize(
    "name", ["../../etc/passwd", "..", ".hidden", "-rf", "a/b", "a b", "", "ä", "x" * 300, "\ud800"]
)
def test_an_unsafe_name_is_made_safe_and_stays_its_own(name: str) -> None:
    made = file_name(name)
    assert made.startswith("_")
    assert "/" not in made
    assert len(made) < 120
    assert made.isascii()
    assert made != file_name(name + "!")
