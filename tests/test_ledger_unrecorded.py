# SPDX-License-Identifier: GPL-2.0-only
"""Nothing that was found out is lost for the ledger's sake, and its trouble is noticed first."""

from __future__ import annotations

import json
import os
import random
import shutil
import sqlite3
import tempfile
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest
from build_fixtures import Kept
from ledger_fixtures import SET, modern_deltas, passing, record

from zpmaint.core.errors import InfraError
from zpmaint.core.result import Result
from zpmaint.ledger.store import Ledger
from zpmaint.ledger.unrecorded import NotRecordedError, keep, take_in

FOUND = passing(
    "6.1", modern_deltas(1, 2, 3, 4), project="mine", why=random.Random(1).randbytes(40_000).hex()
)


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "state" / "ledger.sqlite"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return tmp_path / "state" / "unrecorded"


@pytest.fixture
def full(path: Path) -> Iterator[Ledger]:
    """A ledger that has no page left to grow."""
    with Ledger(path) as ledger:
        pages = ledger._db.execute("PRAGMA page_count").fetchone()[0]
        ledger._db.execute(f"PRAGMA max_page_count = {pages}")
        yield ledger


def test_a_verdict_is_kept_beside_a_full_ledger_and_taken_in_once(
    full: Ledger, path: Path, folder: Path
) -> None:
    with pytest.raises(NotRecordedError, match=r"6\.1 x86_64: pass: not recorded: .*full") as lost:
        keep(full, FOUND, folder)
    assert lost.value.record == FOUND
    (kept,) = folder.iterdir()
    assert lost.value.where == kept
    assert str(kept) in lost.value.hint
    assert full.history() == []
    full.close()
    told = Kept()
    with Ledger(path) as ledger:
        ledger.record(record("6.1", Result.FAIL, project="mine"))
        take_in(ledger, folder, told)
        assert ledger.history() == [record("6.1", Result.FAIL, project="mine"), FOUND]
        assert told.notes == ["6.1 x86_64: pass: recorded now"]
        assert list(folder.iterdir()) == []
        take_in(ledger, folder, told)
        assert len(told.notes) == 1
        assert len(ledger.history()) == 2


def test_what_is_still_refused_stays(full: Ledger, folder: Path) -> None:
    with pytest.raises(NotRecordedError):
        keep(full, FOUND, folder)
    told = Kept()
    take_in(full, folder, told)
    assert len(list(folder.iterdir())) == 1
    assert "left there" in told.notes[0]


def test_where_the_folder_fails_too_it_is_among_the_temporary_files(
    full: Ledger, folder: Path, path: Path, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    folder.write_text("not a folder")
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    with pytest.raises(NotRecordedError) as lost:
        keep(full, FOUND, folder)
    assert lost.value.where
    assert lost.value.where.parent == tmp_path
    assert f"move it into {folder}" in lost.value.hint
    full.close()
    folder.unlink()
    folder.mkdir()
    shutil.move(lost.value.where, folder)
    with Ledger(path) as ledger:
        take_in(ledger, folder, Kept())
        assert ledger.history() == [FOUND]


def test_where_nothing_takes_it_whoever_catches_has_the_only_copy(
    full: Ledger, path: Path, folder: Path, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    folder.write_text("not a folder")
    monkeypatch.setattr(tempfile, "tempdir", str(folder))
    with pytest.raises(NotRecordedError, match="not recorded") as lost:
        keep(full, FOUND, folder)
    assert lost.value.where is None
    assert "printed here" in lost.value.hint
    # What --json prints can be taken in as well.
    full.close()
    folder.unlink()
    folder.mkdir()
    (folder / "x.json").write_text(json.dumps(lost.value.record.as_json()))
    with Ledger(path) as ledger:
        take_in(ledger, folder, Kept())
        assert ledger.history() == [FOUND]


@pytest.mark.parametrize(
    "text",
    ["", "{", "[]", "3", '{"record": 3}', '{"record": {"format": 99}}', '{"record": {"format": 2}}',
     "[" * 9000],
)  # fmt: skip
def test_a_file_that_is_no_record_is_named_and_left(path: Path, folder: Path, text: str) -> None:
    folder.mkdir(parents=True)
    (folder / "odd.json").write_text(text)
    told = Kept()
    with Ledger(path) as ledger:
        take_in(ledger, folder, told)
        assert ledger.history() == []
    assert "odd.json: left there" in told.notes[0]
    assert (folder / "odd.json").exists()


def test_a_ledger_that_can_be_written_is_ready(path: Path) -> None:
    with Ledger(path) as ledger:
        ledger.record(FOUND)
        before = path.read_bytes(), sorted(path.parent.iterdir())
        ledger.ready()
        assert (path.read_bytes(), sorted(path.parent.iterdir())) == before
        assert ledger.latest("6.1", "x86_64", SET) == FOUND


def test_a_full_ledger_is_not_ready(
    path: Path, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    def full(_: int) -> None:
        raise OSError(28, "No space left on device")

    with Ledger(path) as ledger:
        monkeypatch.setattr(os, "fsync", full)
        with pytest.raises(InfraError, match="No space left") as caught:
            ledger.ready()
    assert "free some space" in caught.value.hint


def test_a_damaged_ledger_is_noticed_before_work(path: Path) -> None:
    with Ledger(path) as ledger:
        for number in range(300):
            ledger.record(record(f"6.{number}"))
    with closing(sqlite3.connect(path)) as db:
        page = db.execute("SELECT rootpage FROM sqlite_schema WHERE name = 'record_by_key'")
        start = (page.fetchone()[0] - 1) * 4096
    data = bytearray(path.read_bytes())
    data[start + 8 : start + 4000] = os.urandom(3992)
    path.write_bytes(bytes(data))
    with Ledger(path) as ledger, pytest.raises(InfraError, match=r"ledger\.sqlite") as caught:
        ledger.ready()
    assert ".recover" in caught.value.hint
