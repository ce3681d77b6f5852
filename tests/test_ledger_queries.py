# SPDX-License-Identifier: GPL-2.0-only
"""What a table shows is what it costs: every question has an index, lists read no documents."""

from __future__ import annotations

from pathlib import Path

import pytest
from ledger_fixtures import SET, modern_deltas, passing, record

from zpmaint.core.result import Result
from zpmaint.ledger.scope import Scope
from zpmaint.ledger.store import Ledger
from zpmaint.timeline.values import Attempt

MINE = Scope("mine", lambda: {SET: ["v6.12"]})


def plans(ledger: Ledger, ask: str, *words: str) -> list[str]:
    """What SQLite says of every statement that a question runs."""
    said: list[str] = []
    seen: list[str] = []
    ledger._db.set_trace_callback(seen.append)
    getattr(ledger, ask)(*words)
    ledger._db.set_trace_callback(None)
    for statement in seen:
        rows = ledger._db.execute(f"EXPLAIN QUERY PLAN {statement}").fetchall()
        said += [row[3] for row in rows]
    return said


@pytest.mark.parametrize(
    ("ask", "words"),
    [
        ("known", ("key-6.1",)),
        ("known_summary", ("key-6.1",)),
        ("latest", ("6.1", "x86_64", SET)),
        ("latest_summary", ("6.1", "x86_64", SET)),
        ("latest_summaries", ("6.1",)),
        ("all_latest", ("6.1",)),
        ("newer", ()),
    ],
)
@pytest.mark.parametrize("scope", [None, MINE])
def test_one_kernel_or_series_is_found_by_an_index(
    tmp_path: Path, scope: Scope | None, ask: str, words: tuple[str, ...]
) -> None:
    with Ledger(tmp_path / "ledger.sqlite", scope=scope) as ledger:
        ledger.record(record("6.1"))
        said = plans(ledger, ask, *words)
    assert any("INDEX record_by" in line for line in said), said
    assert not [line for line in said if line.startswith("SCAN record")], said


def test_lists_read_no_documents(tmp_path: Path) -> None:
    with Ledger(tmp_path / "ledger.sqlite", scope=MINE) as ledger:
        ledger.record(passing("6.1", modern_deltas(1, 2, 3, 4)))
        seen: list[str] = []
        ledger._db.set_trace_callback(seen.append)
        ledger.latest_summaries()
        ledger.summaries()
        assert not [statement for statement in seen if "content" in statement]
        ledger.all_latest()
        assert [statement for statement in seen if "content" in statement]


def test_a_series_is_its_kernels_alone(tmp_path: Path) -> None:
    versions = ["6.1", "6.1-rc3", "6.1.7", "6.10", "6.10.1", "6.11", "6.2", "16.1", "6"]
    with Ledger(tmp_path / "ledger.sqlite") as ledger:
        for version in versions:
            ledger.record(record(version, started=1.0))
        ledger.record(record("6.1.7", Result.FAIL, started=2.0))
        found = {s.version: s.result for s in ledger.latest_summaries("6.1")}
        assert found == {"6.1": "pass", "6.1-rc3": "pass", "6.1.7": "fail"}
        assert {r.version for r in ledger.all_latest("6.10")} == {"6.10", "6.10.1"}
        assert {s.version for s in ledger.latest_summaries("6")} == {*versions} - {"16.1"}
        assert len(ledger.latest_summaries()) == len(versions)


def test_pages_ask_for_every_attempt_without_its_documents_and_for_one_whole(
    tmp_path: Path,
) -> None:
    whole = [passing("6.1", modern_deltas(n, 2, 3, 4), started=float(n)) for n in range(3)]
    infra = record("6.1", Result.INFRA, started=3.0, port=whole[0].port)
    other = passing("6.2", modern_deltas(1, 2, 3, 4), started=4.0)
    with Ledger(tmp_path / "ledger.sqlite", scope=MINE) as ledger:
        for made in (*whole, infra, other):
            ledger.record(made)
        seen: list[str] = []
        ledger._db.set_trace_callback(seen.append)
        found = [Attempt(*row[:9]) for row in ledger.tried()]
        ledger._db.set_trace_callback(None)
        assert not [statement for statement in seen if "content" in statement]
        history = ledger.history()
        assert found == [Attempt.of(one) for one in history]
        assert len({row[9] for row in ledger.tried()}) == len(history)
        assert [ledger.at(one.key, one.turn) for one in found] == history
        assert ledger.at(found[0].key, found[0].turn + 1) is None
        said = plans(ledger, "at", found[0].key, "1.0")
    assert any("INDEX record_by_key" in line for line in said), said


def test_what_is_known_of_a_profile_is_that_ones(tmp_path: Path) -> None:
    with Ledger(tmp_path / "ledger.sqlite") as ledger:
        ledger.record(record("6.1", key="plain"))
        ledger.record(record("6.1", Result.FAIL, key="debug", profile="x86_64-debug"))
        for profile, key in (("", "plain"), ("x86_64-debug", "debug"), (None, "debug")):
            found = ledger.latest_summary("6.1", "x86_64", SET, profile)
            assert found and found.key == key
        assert ledger.latest_summary("6.1", "x86_64", SET, "x86_64-other") is None


def test_a_plan_names_the_inputs_and_a_list_does_not(tmp_path: Path) -> None:
    inputs = {"code": "a" * 32, "tools": "b" * 32}
    with Ledger(tmp_path / "ledger.sqlite") as ledger:
        ledger.record(record("6.1", inputs=inputs))
        for found in (ledger.known_summary("key-6.1"), ledger.latest_summary("6.1", "x86_64", SET)):
            assert found
            assert found.inputs == inputs
        assert ledger.latest_summaries()[0].inputs == {}
        assert ledger.history()[0].inputs == inputs
