# SPDX-License-Identifier: GPL-2.0-only
"""Which record is newer: by the order of keeping, and between machines no clock that is ahead or
behind hides anything."""

from __future__ import annotations

import shutil
import sqlite3
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path

import pytest
from ledger_fixtures import SET, record

from zpmaint.core.result import Result
from zpmaint.ledger.store import Ledger

DAY = 86_400.0


@dataclass
class Clock:
    now: float

    def __call__(self) -> float:
        return self.now


@dataclass
class Machine:
    """A ledger, and a clock that is ahead of the true time by so much."""

    path: Path
    ahead: float = 0.0

    def keep(self, at: float, result: Result, version: str = "6.1") -> None:
        with self.open(at) as ledger:
            ledger.record(record(version, result, started=at + self.ahead))

    def merge(self, at: float, *others: Machine) -> int:
        with self.open(at) as ledger:
            return sum(ledger.merge(other.path) for other in others)

    def open(self, at: float = 0.0) -> Ledger:
        return Ledger(self.path, clock=Clock(at + self.ahead))

    def newest(self, version: str = "6.1") -> Result | None:
        with self.open() as ledger:
            found = ledger.latest(version, "x86_64", SET)
            (shown,) = [s for s in ledger.latest_summaries() if s.version == version]
            assert found
            assert shown.result is found.result
            assert ledger.history(version)[0] == found
            return found.result


@pytest.fixture
def home(tmp_path: Path) -> Machine:
    return Machine(tmp_path / "home.sqlite")


@pytest.fixture
def other(tmp_path: Path) -> Machine:
    return Machine(tmp_path / "other.sqlite")


def test_newer_is_what_was_kept_later_whatever_the_clock_said(home: Machine) -> None:
    home.ahead = 3 * DAY
    home.keep(0.0, Result.PASS)
    home.ahead = 0.0
    home.keep(1.0, Result.FAIL)
    assert home.newest() is Result.FAIL
    home.ahead = -100 * DAY
    home.keep(2.0, Result.CONFLICT)
    assert home.newest() is Result.CONFLICT


def test_what_a_record_says_of_its_end_orders_nothing(home: Machine) -> None:
    with home.open(5.0) as ledger:
        ledger.record(record("6.1", started=9e9))
        ledger.record(record("6.1", Result.FAIL, started=1.0))
    assert home.newest() is Result.FAIL


def test_merged_records_stand_where_their_ledger_kept_them(home: Machine, other: Machine) -> None:
    other.keep(1.0, Result.PASS)
    home.keep(5.0, Result.BUILD)
    other.keep(9.0, Result.FAIL)
    home.merge(10.0, other)
    with home.open() as ledger:
        assert [r.result for r in ledger.history()] == [Result.FAIL, Result.BUILD, Result.PASS]


@pytest.mark.parametrize("ahead", ["home", "other", "both"])
@pytest.mark.parametrize("fails", ["home", "other"])
def test_a_clock_that_is_ahead_hides_no_failure(
    home: Machine, other: Machine, ahead: str, fails: str
) -> None:
    home.ahead, other.ahead = 3 * DAY * (ahead != "other"), 3 * DAY * (ahead != "home")
    good, bad = (other, home) if fails == "home" else (home, other)
    good.keep(100.0, Result.PASS)
    bad.keep(200.0, Result.FAIL)
    home.ahead = 0.0  # by now it was set right
    assert home.merge(300.0, other) == 1
    assert home.newest() is Result.FAIL
    home.keep(400.0, Result.PASS)
    assert home.newest() is Result.PASS, "what is kept later settles it"
    assert home.merge(500.0, other) == 0
    assert home.newest() is Result.PASS, "merging again changes nothing"


def test_a_clock_that_is_ahead_makes_nothing_newer_than_the_merge(
    home: Machine, other: Machine
) -> None:
    other.ahead = 3 * DAY
    other.keep(1.0, Result.FAIL)
    other.keep(2.0, Result.PASS)
    home.merge(3.0, other)
    assert home.newest() is Result.PASS, "its own order is kept"
    home.keep(4.0, Result.FAIL)
    assert home.newest() is Result.FAIL
    with home.open() as ledger:
        assert ledger.history()[1].turn < 3.001


def test_a_ledgers_order_holds_however_it_comes(
    home: Machine, other: Machine, tmp_path: Path
) -> None:
    """The later record comes first, by a third machine that has it alone."""
    other.ahead = 3 * DAY
    other.keep(1.0, Result.FAIL)
    other.keep(2.0, Result.PASS)
    third = Machine(tmp_path / "third.sqlite")
    third.merge(3.0, other)
    with closing(sqlite3.connect(third.path)) as db, db:
        db.execute("DELETE FROM record WHERE result = 'fail'")
    home.merge(4.0, third)
    home.merge(500.0, other)
    assert home.newest() is Result.PASS


def test_a_copy_is_a_ledger_of_its_own(home: Machine, tmp_path: Path) -> None:
    home.keep(1.0, Result.PASS)
    copy = Machine(tmp_path / "copy.sqlite")
    shutil.copy(home.path, copy.path)
    for at in (2.0, 3.0):
        home.keep(at, Result.PASS)
    copy.keep(4.0, Result.FAIL)
    assert home.merge(5.0, copy) == 1
    assert home.newest() is Result.FAIL, "its second record is no earlier one of home's"


def test_what_could_not_be_kept_stands_where_it_was_found_out(home: Machine) -> None:
    home.keep(1.0, Result.PASS)
    home.keep(9.0, Result.FAIL)
    with home.open(10.0) as ledger:
        ledger.record(record("6.1", Result.PASS, started=5.0), at=5.0)
        ledger.record(record("6.1", Result.BUILD, started=6.0), at=99.0)
        results = [r.result for r in ledger.history()]
    assert results == [Result.BUILD, Result.FAIL, Result.PASS, Result.PASS]


def test_every_record_has_a_turn_of_its_own(home: Machine, other: Machine) -> None:
    """What sorts records by their turns need not know the ledger."""
    other.ahead = 3 * DAY
    for at in range(5):
        other.keep(float(at), Result.PASS)
    home.merge(9.0, other)
    home.keep(9.0, Result.PASS)
    with home.open() as ledger:
        found = ledger.history()
        assert len({r.turn for r in found}) == 6
        assert sorted(found, key=lambda r: r.order, reverse=True) == found


def test_a_failure_that_is_doubted_stays_the_newest_wherever_it_is_merged(
    home: Machine, other: Machine, tmp_path: Path
) -> None:
    other.ahead = 3 * DAY
    other.keep(1.0, Result.PASS)
    home.keep(2.0, Result.FAIL)
    home.keep(3.0, Result.INFRA)
    home.keep(4.0, Result.PASS, "6.2")
    home.merge(5.0, other)

    def results(machine: Machine) -> list[Result]:
        with machine.open() as ledger:
            return [r.result for r in ledger.history("6.1")]

    wanted = [Result.INFRA, Result.FAIL, Result.PASS]
    assert results(home) == wanted
    third = Machine(tmp_path / "third.sqlite")
    third.merge(6.0, home)
    assert results(third) == wanted
    third.merge(7.0, home, other)
    assert results(third) == wanted


def test_what_was_kept_late_puts_nothing_behind_itself(home: Machine, other: Machine) -> None:
    with other.open(9.0) as ledger:
        ledger.record(record("6.1", Result.FAIL, started=8.0))
        ledger.record(record("6.1", Result.PASS, started=5.0), at=5.0)
    home.merge(10.0, other)
    assert home.newest() is Result.FAIL
