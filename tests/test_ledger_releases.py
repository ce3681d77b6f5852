# SPDX-License-Identifier: GPL-2.0-only
"""Ledgers as the zpmaint of their day wrote them (tests/ledgers/, one for each schema): what is in
them is read today, in place, from where nothing may be written, and when they are merged.

A step of the schema needs a ledger of the one before: with that code, record what `HELD` says, then
write `sqlite3.Connection.iterdump()` and the pragmas user_version and application_id.
"""

from __future__ import annotations

import sqlite3
from pathlib import Path

import pytest
from ledger_fixtures import CASES, PATCH, SET

from zpmaint.core.result import Result
from zpmaint.ledger import database
from zpmaint.ledger.database import packaged_steps
from zpmaint.ledger.store import Ledger
from zpmaint.ledger.values import Record

FROZEN = Path(__file__).parent / "ledgers"
SCHEMAS = sorted(int(path.stem.partition("-")[2]) for path in FROZEN.glob("schema-*.sql"))
HELD = [
    ("6.12.107", "another-key", Result.PASS, 4.0),
    ("2.6.21", "key-2.6.21", Result.INFRA, 3.0),
    ("6.1.176", "key-6.1.176", Result.FAIL, 2.0),
    ("6.12.107", "key-6.12.107", Result.PASS, 1.0),
]
"""Version, key, result and start of each record, the newest first."""


def thawed(schema: int, path: Path) -> Path:
    """The ledger of that schema, as a file."""
    path.parent.mkdir(parents=True, exist_ok=True)
    db = sqlite3.connect(path)
    db.executescript((FROZEN / f"schema-{schema}.sql").read_text())
    assert db.execute("PRAGMA user_version").fetchone()[0] == schema
    db.close()
    return path


def held(records: list[Record]) -> list[tuple[str, str, Result, float]]:
    return [(r.version, r.key, r.result, r.started) for r in records]


def test_every_schema_has_its_ledger() -> None:
    assert list(range(1, len(packaged_steps()) + 1)) == SCHEMAS


@pytest.mark.parametrize("schema", SCHEMAS)
def test_a_ledger_of_an_older_zpmaint_holds_what_it_held(schema: int, tmp_path: Path) -> None:
    path = thawed(schema, tmp_path / "ledger.sqlite")
    with Ledger(path) as ledger:
        records = ledger.history()
        assert held(records) == HELD
        newest, infra, failed, first = records
        for passed in (newest, first):
            assert passed.port and passed.port.patch == PATCH and passed.port.state == "ported"
            assert passed.port.files[0].hunks[0].offset == 41
            assert passed.verdict and passed.verdict.result is Result.PASS
            shown = {name for name, flips in CASES[:-3] if flips}
            assert shown <= set(passed.verdict.shown_by)
            assert {case.name for case in passed.verdict.cases} == {name for name, _ in CASES}
        assert failed.port and failed.why == "a case failed"
        assert infra.port is None and infra.why == "no network"
        assert {r.patchset for r in records} == {SET}
        assert ledger.known("another-key") == newest
        latest = ledger.latest("6.12.107", "x86_64", SET)
        assert latest and latest.started == 4.0
        ledger.record(newest.__class__(**{**newest.__dict__, "key": "today", "started": 9.0}))
        assert len(ledger.history()) == len(HELD) + 1
    with Ledger(path) as again:
        assert len(again.history()) == len(HELD) + 1, "upgraded once, and for good"


@pytest.mark.parametrize("schema", SCHEMAS)
def test_it_is_read_where_nothing_can_be_written(
    schema: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = thawed(schema, tmp_path / "ledger.sqlite")
    before = path.read_bytes()
    monkeypatch.setattr(database, "is_closed", lambda path: True)
    with Ledger(path) as ledger:
        assert held(ledger.history()) == HELD
    assert path.read_bytes() == before and list(tmp_path.iterdir()) == [path]


@pytest.mark.parametrize("schema", SCHEMAS)
def test_it_is_merged_into_todays(schema: int, tmp_path: Path) -> None:
    path = thawed(schema, tmp_path / "old/ledger.sqlite")
    with Ledger(tmp_path / "ledger.sqlite") as ledger:
        assert ledger.merge(path) == len(HELD)
        assert ledger.merge(path) == 0, "again changes nothing"
        assert sorted(held(ledger.history())) == sorted(HELD)


@pytest.mark.parametrize("schema", SCHEMAS)
def test_an_upgrade_that_is_cut_off_is_begun_again(
    schema: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = thawed(schema, tmp_path / "ledger.sqlite")
    steps = packaged_steps()

    class CutError(BaseException):
        pass

    def cut(db: sqlite3.Connection) -> None:
        raise CutError

    if schema < len(steps):
        with monkeypatch.context() as killed:
            killed.setitem(database.MOVES, len(steps), cut)
            with pytest.raises(CutError):
                Ledger(path).history()
    with Ledger(path) as ledger:
        assert held(ledger.history()) == HELD
