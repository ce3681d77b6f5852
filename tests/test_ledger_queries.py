# SPDX-License-Identifier: GPL-2.0-only
"""What a table shows is what it costs: every question has an index, lists read no documents."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from pathlib import Path

import pytest
from ledger_fixtures import SET, modern_deltas, old_ledger, old_row, passing, record, samples

from zpmaint.core.errors import InfraError
from zpmaint.core.result import Result
from zpmaint.ledger.scope import Scope
from zpmaint.ledger.store import Ledger
from zpmaint.ledger.values import Record
from zpmaint.timeline.costs import Costs, costs_of
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


def told(found: Iterable[Record]) -> list[Costs]:
    return sorted(
        (costs for one in found if (costs := costs_of(one)) is not None),
        key=lambda one: (one.version, one.arch),
    )


@pytest.mark.parametrize("scope", [None, MINE])
def test_what_was_measured_is_read_in_one_pass_and_is_what_whole_records_say(
    tmp_path: Path, scope: Scope | None
) -> None:
    """With all that it was taken on; of a kernel the newest that settled."""
    made = [replace(one, project="mine") for one in samples()]
    made += [passing(f"6.12.{n}", modern_deltas(n, 2, 3, 4), started=n + 1.0) for n in range(9)]
    made.append(record("6.12.8", Result.INFRA, started=99.0))
    made.append(passing("6.1.9", modern_deltas(7, 2, 3, 4), patchset="other"))
    with Ledger(tmp_path / "ledger.sqlite", scope=scope) as ledger:
        for one in made:
            ledger.record(one)
        seen: list[str] = []
        ledger._db.set_trace_callback(seen.append)
        found = list(ledger.measured([SET]))
        ledger._db.set_trace_callback(None)
        whole = [one for one in ledger.all_known() if one.patchset == SET]
        assert len(told(found)) >= 9
        assert told(found) == told(whole)
        assert sorted(one.key for one in found) == sorted(one.key for one in whole)
        assert len([one for one in seen if "SELECT format" in one]) == 1
        # And each of its texts by its number.
        others = [one for one in seen if "FROM record" in one and "SELECT format" not in one]
        assert len(others) <= 2, others
        assert list(ledger.measured([])) == []
        ledger._db.execute("UPDATE content SET body = x'00'")
        with pytest.raises(InfraError, match="damaged"):
            list(ledger.measured([SET]))


def test_what_an_older_format_measured_is_read_as_well(tmp_path: Path) -> None:
    path = tmp_path / "ledger.sqlite"
    old_ledger(path, 2, old_row("6.1.5"))
    with Ledger(path) as ledger:
        assert told(ledger.measured([SET])) == told(ledger.all_known())
        assert told(ledger.measured([SET]))
