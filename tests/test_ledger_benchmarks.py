# SPDX-License-Identifier: GPL-2.0-only
"""Full benchmarks in the ledger: whole, once, merged, and in ledgers that knew none."""

from __future__ import annotations

import sqlite3
from dataclasses import replace
from pathlib import Path

import pytest
from ledger_fixtures import old_ledger, old_row, record

from zpmaint.core.errors import InfraError
from zpmaint.ledger.benchmarks import BenchRecord
from zpmaint.ledger.store import Ledger

ONE = BenchRecord(
    key="k1",
    version="6.12.107",
    arch="x86_64",
    patchset="toy",
    accelerator="tcg,icount",
    asked={"pattern": "*", "pages": [256, 4096], "huge": True, "runs": 1},
    images={"stock": "s1", "patched": "p1"},
    adopted=False,
    finished=1000.5,
    said={"stock": "# measured ä\n", "patched": "# measured\n"},
)


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "ledger.sqlite"


def test_what_is_kept_is_read_back_whole(path: Path) -> None:
    with Ledger(path) as ledger:
        ledger.keep(ONE)
    with Ledger(path) as ledger:
        assert ledger.benchmarks() == [ONE]
        assert ledger.benchmark("k1") == ONE
        assert ledger.benchmark("k2") is None
        assert ledger.history() == []


def test_the_same_is_kept_once_and_the_newest_of_a_key_is_known(path: Path) -> None:
    later = replace(ONE, finished=2000.0)
    with Ledger(path) as ledger:
        for one in (ONE, later, ONE):
            ledger.keep(one)
        assert ledger.benchmarks() == [later, ONE]
        assert ledger.benchmark("k1") == later
        ledger.keep(before := replace(ONE, finished=1.0))
        assert ledger.benchmark("k1") == before, "it was kept last, whatever the clock said"


def test_merging_takes_benchmarks_over_once(path: Path, tmp_path: Path) -> None:
    other = tmp_path / "other.sqlite"
    with Ledger(other) as ledger:
        ledger.keep(ONE)
        ledger.record(record("6.1"))
    with Ledger(path) as ledger:
        assert ledger.merge(other) == 2
        assert ledger.merge(other) == 0
        assert ledger.benchmarks() == [ONE]


def test_a_ledger_that_knew_none_keeps_its_records(path: Path) -> None:
    old_ledger(path, 1, old_row("6.1"))
    with Ledger(path) as ledger:
        ledger.keep(ONE)
        assert [r.version for r in ledger.history()] == ["6.1"]
        assert ledger.benchmarks() == [ONE]


def test_damage_is_named(path: Path) -> None:
    with Ledger(path) as ledger:
        ledger.keep(ONE)
    db = sqlite3.connect(path)
    db.execute("UPDATE benchmark SET said = x'00'")
    db.commit()
    db.close()
    with Ledger(path) as ledger, pytest.raises(InfraError, match="damaged"):
        ledger.benchmarks()


def test_the_larger_benchmark_ranks_before_the_newer() -> None:
    part = replace(ONE, asked=ONE.asked | {"pattern": "read"}, finished=9000.0)
    base = replace(ONE, asked=ONE.asked | {"huge": False}, finished=8000.0)
    small = replace(ONE, asked=ONE.asked | {"pages": [16, 32, 256]}, finished=7000.0)
    few = replace(ONE, asked=ONE.asked | {"pages": [4096]}, finished=6000.0)
    assert max((part, base, small, few, ONE), key=lambda one: one.rank) == ONE
    assert replace(ONE, finished=1001.0).rank == ONE.rank, "a clock does not tell which is newer"
