# SPDX-License-Identifier: GPL-2.0-only
"""What a record knows since schema 5: the profile asked for, circumstances, why a build failed."""

from __future__ import annotations

import json
import sqlite3
from contextlib import closing
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from ledger_fixtures import SET, kernel, modern_deltas, old_ledger, old_row, passing, record

from zpmaint.core.result import Result
from zpmaint.ledger.stages import BuildRecord, VerdictRecord
from zpmaint.ledger.store import Ledger
from zpmaint.ledger.told import CircumstancesRecord, FailedBuildRecord, LineRecord, LogRecord
from zpmaint.ledger.values import Record

LOG = LogRecord("a" * 64, 100, 3, 0, "")
FAILED = FailedBuildRecord(
    "6.1", "x86_64", "patched", "modern", "gcc 12", ("fix",), "beef", "why \udcff",
    (LineRecord(7, "mm/a.c:3: error: no", True, "mm/a.c", 3),), "/log", LOG, LOG,
)  # fmt: skip
MADE = CircumstancesRecord(
    "0.1.0", "abc", False, "icount", ("git:x",), {"gcc": "gcc 12.2"}, "a machine"
)


def test_all_of_it_is_kept_and_read_again(tmp_path: Path) -> None:
    made = record(
        "6.1", Result.BUILD, build=BuildRecord(failed=FAILED), profile="full", circumstances=MADE
    )
    with Ledger(tmp_path / "ledger.sqlite") as ledger:
        ledger.record(made)
        ledger.record(made)
        assert ledger.history() == [made]
        (summary,) = ledger.summaries()
        assert summary.profile == "full"
    shown = made.as_json()
    assert (shown["profile"], shown["circumstances"]["program"]) == ("full", "0.1.0")
    assert shown["build"]["failed"]["lines"][0]["number"] == 7
    assert shown["outcome"] == made.outcome


def test_two_profiles_of_a_kernel_are_two(tmp_path: Path) -> None:
    with Ledger(tmp_path / "ledger.sqlite") as ledger:
        ledger.record(record("6.1", key="a"))
        ledger.record(record("6.1", Result.FAIL, key="b", profile="full"))
        assert [(r.profile, r.result) for r in ledger.all_latest()] == [
            ("full", Result.FAIL), ("", Result.PASS),
        ]  # fmt: skip


def _older(path: Path, built: str) -> None:
    stock = kernel("6.1", "x86_64", "stock", 1.0) | {"profile": built}
    old_ledger(path, 2, old_row("6.1", build={"stock": stock, "patched": None}))


@pytest.mark.parametrize(
    ("built", "asked"), [("modern", ""), ("legacy", ""), ("full", "full"), ("debug", "debug")]
)
def test_an_older_record_has_the_profile_that_it_shows(
    tmp_path: Path, built: str, asked: str
) -> None:
    _older(tmp_path / "ledger.sqlite", built)
    with Ledger(tmp_path / "ledger.sqlite") as ledger:
        (read,) = ledger.history()
    assert read.profile == asked
    assert read.circumstances is None  # not known, and nothing else
    assert read.build and read.build.stock and read.build.stock.kept is None
    assert read.build.failed is None
    assert read.runs and read.runs.stock and read.runs.stock.kept is None
    assert read.runs.stock.tail.startswith("zpinit: suite")  # nothing is lost


def test_a_damaged_record_stops_no_upgrade(tmp_path: Path) -> None:
    path = tmp_path / "ledger.sqlite"
    with Ledger(path) as ledger:
        ledger.record(passing("6.1", []))
        ledger.record(record("6.2"))
    with closing(sqlite3.connect(path)) as db:
        db.execute("UPDATE content SET body = x'00'")
        db.execute("ALTER TABLE record DROP COLUMN profile")
        db.execute("ALTER TABLE record DROP COLUMN circumstances")
        db.execute("PRAGMA user_version = 4")
        db.commit()
    with Ledger(path) as ledger:
        assert {row.version for row in ledger.summaries()} == {"6.1", "6.2"}


def test_a_merged_record_brings_it_along(tmp_path: Path) -> None:
    made = record("6.1", build=BuildRecord(failed=FAILED), profile="full", circumstances=MADE)
    with Ledger(tmp_path / "theirs.sqlite") as theirs:
        theirs.record(made)
    _older(tmp_path / "older.sqlite", "full")
    with Ledger(tmp_path / "ours.sqlite") as ours:
        assert ours.merge(tmp_path / "theirs.sqlite") == 1
        assert ours.merge(tmp_path / "older.sqlite") == 1
        assert ours.merge(tmp_path / "older.sqlite") == 0
        assert made in ours.history()
        assert [r.profile for r in ours.history()] == ["full", "full"]


def _verdict(**of_case: Any) -> Record:
    made = passing("6.1", modern_deltas(1, 2, 3, 4))
    assert made.verdict
    first, *others = made.verdict.cases
    assert first.stock
    changed = replace(first, stock=replace(first.stock, **of_case))
    return replace(made, verdict=replace(made.verdict, cases=(changed, *others)))


@pytest.mark.parametrize(
    ("other", "same"),
    [
        (replace(_verdict(), finished=1.0, key="k", why="words", seconds={}), True),
        (replace(_verdict(), circumstances=MADE, build=None, runs=None), True),
        (_verdict(observed="4096 kB", detail="other words"), True),
        (_verdict(mark="fail"), False),
        (replace(_verdict(), result=Result.FAIL), False),
        (replace(_verdict(), version="6.2"), False),
        (replace(_verdict(), profile="full"), False),
        (replace(_verdict(), verdict=VerdictRecord(Result.PASS)), False),
        (replace(_verdict(), port=None), False),
    ],
)
def test_the_digest_of_what_came_out(other: Record, same: bool) -> None:
    assert (other.outcome == _verdict().outcome) is same


def test_the_digest_is_the_same_after_the_ledger_and_a_patch_of_any_bytes(tmp_path: Path) -> None:
    made = _verdict()
    assert made.port
    odd = "--- a/x\n+++ b/x\n@@ -1 +1 @@\n-\udcff\n+\x1b\n"
    made = replace(made, port=replace(made.port, patch=odd))
    with Ledger(tmp_path / "ledger.sqlite") as ledger:
        ledger.record(made)
        (read,) = ledger.history(patchset=SET)
    assert read.outcome == made.outcome != _verdict().outcome
    assert json.loads(json.dumps(read.as_json()))["outcome"] == made.outcome


DIFF = "--- a/x\n+++ b/x\n@@ -1,2 +1,2 @@ f()\n one\n-two\n+--- a/y\n"


@pytest.mark.parametrize(
    ("patch", "same"),
    [
        (DIFF, True),
        (
            f"From: somebody\nSubject: words\n\nMore words.\n---\n x | 2 +-\n\n{DIFF}-- \n2.40\n",
            True,
        ),
        (DIFF.replace("f()", "g()"), True),
        (DIFF.replace("-two", "-2"), False),
        (DIFF.replace("+--- a/y", "+--- a/z"), False),
        (DIFF.replace("@@ -1,2", "@@ -7,2"), False),
        (DIFF.replace("b/x", "b/z"), False),
        (DIFF + DIFF, False),
    ],
)
def test_of_a_patch_counts_what_it_changes_and_where(patch: str, same: bool) -> None:
    made = _verdict()
    assert made.port
    one = replace(made, port=replace(made.port, patch=DIFF))
    other = replace(made, port=replace(made.port, patch=patch))
    assert (one.outcome == other.outcome) is same
