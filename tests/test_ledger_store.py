# SPDX-License-Identifier: GPL-2.0-only
from __future__ import annotations

import hashlib
import multiprocessing
import os
import random
import signal
import sqlite3
import subprocess
import sys
import time
from contextlib import closing
from dataclasses import replace
from pathlib import Path

import pytest
from ledger_fixtures import SET, modern_deltas, passing, record, samples

from zpmaint.core.errors import InfraError, UserError
from zpmaint.core.provenance import Proof, Provenance
from zpmaint.core.result import Result
from zpmaint.ledger import codec
from zpmaint.ledger.database import packaged_steps
from zpmaint.ledger.packing import packed
from zpmaint.ledger.stages import RunRecord, RunsRecord
from zpmaint.ledger.store import Ledger


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "state" / "ledger.sqlite"


def test_what_is_recorded_is_read_back_whole(path: Path) -> None:
    with Ledger(path) as ledger:
        for sample in samples():
            ledger.record(sample)
    with Ledger(path) as ledger:
        read = ledger.history()
    assert sorted(read, key=repr) == sorted(samples(), key=repr)
    turns = [r.turn for r in read]
    assert turns == sorted(turns, reverse=True)


def test_what_vouches_for_a_kernel_is_kept_with_it(path: Path) -> None:
    proof = Proof("sha256sums.asc", "B8" * 20, "A signer", 1_795_000_000.0, until=1.8e9, note="n")
    proven = Provenance("kernel.org", "sha256:ab", (proof,), "no .tar.sign there", 1_795_600_000.0)
    made = record("6.1", port={"provenance": codec.to_json(proven)})
    with Ledger(path) as ledger:
        ledger.record(made)
        ledger.record(record("6.2", port={"state": "applies"}))  # of an older zpmaint
        older, read = ledger.history()
    assert read.port is not None and read.port.provenance == proven
    assert older.port is not None and older.port.provenance is None
    assert read.as_json()["port"]["provenance"]["proofs"][0]["fingerprint"] == "B8" * 20
    assert "B8B8" in proven.words and "verified 2026-11-25" in proven.words


def test_the_same_record_is_kept_once_and_a_second_attempt_beside_the_first(path: Path) -> None:
    with Ledger(path) as ledger:
        ledger.record(record("6.1"))
        ledger.record(record("6.1"))
        assert len(ledger.history()) == 1
        ledger.record(record("6.1", started=7.0))
        assert len(ledger.history()) == 2


def test_bytes_that_are_no_text_are_kept_readable(path: Path) -> None:
    with Ledger(path) as ledger:
        ledger.record(record("6.1", why="oops \udcff\0", runs={"stock": {"tail": "\udcff"}}))
        (read,) = ledger.history()
    assert read.why == "oops \\udcff\0"
    assert read.runs == RunsRecord(stock=RunRecord(tail="\udcff"))


@pytest.mark.parametrize("word", [Result.INFRA, Result.INDETERMINATE])
def test_what_says_nothing_of_the_kernel_settles_nothing(path: Path, word: Result) -> None:
    with Ledger(path) as ledger:
        ledger.record(record("6.1", word))
        assert ledger.known("key-6.1") is None
        settled = record("6.1", Result.FAIL, started=5.0)
        ledger.record(settled)
        ledger.record(record("6.1", word, started=9e9))
        assert ledger.known("key-6.1") == settled
        assert ledger.known_summary("key-6.1") == settled.summary
        assert ledger.known("key-6.2") is None


def test_the_newest_settled_record_is_known(path: Path) -> None:
    old, new = record("6.1", Result.FAIL, started=5.0), record("6.1", started=6.0)
    with Ledger(path) as ledger:
        ledger.record(old)
        ledger.record(new)
        assert ledger.known("key-6.1") == new
        summary = ledger.known_summary("key-6.1")
        assert summary == new.summary


def test_latest_is_by_kernel_architecture_and_patch_set(path: Path) -> None:
    with Ledger(path) as ledger:
        for made in (
            record("6.1", started=1.0),
            record("6.1", Result.INFRA, started=2.0),
            record("6.1", arch="i386", started=3.0),
            record("6.1", patchset="other", started=4.0),
            record("6.2", started=5.0),
        ):
            ledger.record(made)
        found = ledger.latest("6.1", "x86_64", SET)
        assert found is not None
        assert found.result is Result.INFRA
        assert ledger.latest("6.3", "x86_64", SET) is None
        assert [(r.version, r.arch, r.patchset) for r in ledger.all_latest()] == [
            ("6.2", "x86_64", SET),
            ("6.1", "x86_64", "other"),
            ("6.1", "i386", SET),
            ("6.1", "x86_64", SET),
        ]
        assert len(ledger.history("6.1", arch="x86_64", patchset=SET)) == 2


def test_merging_is_idempotent_and_leaves_the_other_as_it_was(path: Path, tmp_path: Path) -> None:
    other = tmp_path / "other.sqlite"
    with Ledger(other) as theirs:
        theirs.record(record("6.1"))
        theirs.record(record("6.2"))
    with Ledger(path) as ledger:
        ledger.record(record("6.1"))
        assert ledger.merge(other) == 1
        assert ledger.merge(other) == 0
        assert {r.version for r in ledger.history()} == {"6.1", "6.2"}
    with Ledger(other) as theirs:
        assert len(theirs.history()) == 2


def test_merging_what_is_not_there_is_the_users_mistake(path: Path, tmp_path: Path) -> None:
    with Ledger(path) as ledger, pytest.raises(UserError, match="no such ledger"):
        ledger.merge(tmp_path / "none.sqlite")
    assert not (tmp_path / "none.sqlite").exists()


def test_a_newer_schema_is_refused_and_not_touched(path: Path) -> None:
    with Ledger(path) as ledger:
        ledger.record(record("6.1"))
    with sqlite3.connect(path) as db:
        db.execute("PRAGMA user_version = 99")
    db.close()
    with pytest.raises(UserError, match=r"newer zpmaint \(schema 99") as caught:
        Ledger(path)
    assert "update zpmaint" in caught.value.hint


def test_another_programs_database_is_refused(path: Path) -> None:
    path.parent.mkdir()
    with sqlite3.connect(path) as db:
        db.execute("CREATE TABLE bookmarks (url)")
    db.close()
    before = path.read_bytes()
    with pytest.raises(UserError, match="not a ledger"):
        Ledger(path)
    assert path.read_bytes() == before


def test_an_older_ledger_is_brought_up_to_date_with_its_records(path: Path) -> None:
    with Ledger(path) as ledger:
        ledger.record(record("6.1"))
    steps = [
        *packaged_steps(),
        "-- two statements; both or none\n"
        "ALTER TABLE record ADD COLUMN host TEXT NOT NULL DEFAULT 'here; there';\n"
        "CREATE INDEX record_by_host ON record (host);\n",
    ]
    with Ledger(path, steps=steps) as ledger:
        assert ledger.latest("6.1", "x86_64", SET) == record("6.1")
    db = sqlite3.connect(path)
    assert db.execute("SELECT host FROM record").fetchone() == ("here; there",)
    assert db.execute("PRAGMA user_version").fetchone() == (len(steps),)
    db.close()


def test_a_step_that_fails_changes_nothing(path: Path) -> None:
    with Ledger(path) as ledger:
        ledger.record(record("6.1"))
    fails = "ALTER TABLE record ADD COLUMN host TEXT;\nCREATE TABLE record (x);\n"
    steps = [*packaged_steps(), fails]
    with pytest.raises(InfraError, match="already exists"):
        Ledger(path, steps=steps)
    with Ledger(path) as ledger:
        assert len(ledger.history()) == 1


@pytest.mark.parametrize("where", ["header", "middle"])
def test_a_damaged_file_is_named_with_the_next_step(path: Path, where: str) -> None:
    with Ledger(path) as ledger:
        for number in range(400):
            ledger.record(record(f"6.{number}"))
    data = bytearray(path.read_bytes())
    start = 0 if where == "header" else 8192
    data[start : start + 60_000] = os.urandom(min(60_000, len(data) - start))
    path.write_bytes(bytes(data))
    with pytest.raises(InfraError, match=r"state/ledger\.sqlite") as caught, Ledger(path) as ledger:
        ledger.history()
        ledger.known("key-6.7")
    assert ".recover" in caught.value.hint


@pytest.mark.parametrize(
    ("text", "told"),
    [(b"{", "Expecting"), (b'{"x": 1}', "its digest is another"), (b"", "its digest is another")],
)
def test_a_document_that_is_another_one_is_damage(path: Path, text: bytes, told: str) -> None:
    with Ledger(path) as ledger:
        ledger.record(passing("6.1", []))
    digest = hashlib.sha256(text).digest()[:16] if text == b"{" else b"0" * 16
    with sqlite3.connect(path) as db:
        db.execute("UPDATE content SET base = NULL, body = ?, digest = ? WHERE id = "
                   "(SELECT verdict FROM record)", (packed(text), digest))  # fmt: skip
    db.close()
    with Ledger(path) as ledger, pytest.raises(InfraError, match=rf"ledger\.sqlite.*{told}"):
        ledger.history()


def test_equal_texts_are_kept_once_and_alike_ones_as_what_differs(path: Path) -> None:
    def size(table: str) -> tuple[int, int]:
        return db.execute(f"SELECT count(*), sum(length(body)) FROM {table}").fetchone()

    first = passing("6.1", modern_deltas(1, 2, 3, 4), started=1.0)
    with Ledger(path) as ledger, closing(sqlite3.connect(path)) as db:
        ledger.record(first)
        texts, length = size("content")
        ledger.record(replace(first, started=2.0))
        assert size("content") == (texts, length), "nothing but a row was added"
        ledger.record(passing("6.2", modern_deltas(5, 6, 7, 8), started=3.0))
        more, longer = size("content")
        assert more > texts
        assert longer - length < length / 3
        assert [r.started for r in ledger.history()] == [3.0, 2.0, 1.0]
        assert ledger.history()[-1] == first


def test_a_folder_that_cannot_be_is_infrastructure(tmp_path: Path) -> None:
    (tmp_path / "state").write_text("a file")
    with pytest.raises(InfraError, match="state"):
        Ledger(tmp_path / "state" / "ledger.sqlite")


def _write_many(path: Path, who: int) -> None:
    for number in range(25):
        with Ledger(path) as ledger:
            ledger.record(record(f"{who}.{number}"))


def test_several_processes_write_at_once(path: Path) -> None:
    context = multiprocessing.get_context("fork")
    writers = [context.Process(target=_write_many, args=(path, who)) for who in range(2, 8)]
    for writer in writers:
        writer.start()
    for writer in writers:
        writer.join()
    assert [w.exitcode for w in writers] == [0] * 6
    with Ledger(path) as ledger:
        assert len(ledger.history()) == 6 * 25


_CHILD = """
import sys
from pathlib import Path
sys.path.insert(0, sys.argv[2])
from ledger_fixtures import passing, modern_deltas
from zpmaint.ledger.store import Ledger
ledger = Ledger(Path(sys.argv[1]))
number = int(sys.argv[3])
while True:
    ledger.record(passing(f"6.{number}", modern_deltas(1, 2, 3, 4)))
    print(number, flush=True)
    number += 1
"""


def test_nothing_that_was_recorded_is_lost_when_the_writer_is_killed(path: Path) -> None:
    told: list[int] = []
    for attempt in range(4):
        start = attempt * 1_000_000
        child = subprocess.Popen(
            [sys.executable, "-c", _CHILD, str(path), str(Path(__file__).parent), str(start)],
            stdout=subprocess.PIPE,
            text=True,
        )
        assert child.stdout is not None
        told += [int(child.stdout.readline()) for _ in range(6)]
        time.sleep(random.uniform(0.05, 0.3))
        child.send_signal(signal.SIGKILL)
        told += map(int, child.stdout.read().split())
        child.wait()
    with Ledger(path) as ledger:
        kept = {int(r.version.removeprefix("6.")) for r in ledger.history()}
        assert all(r.verdict and r.port for r in ledger.history())
    assert set(told) <= kept
    assert len(kept) - len(set(told)) <= 4, "at most the one record per kill that was not told"
    assert len(told) > 20
