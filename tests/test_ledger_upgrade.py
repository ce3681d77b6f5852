# SPDX-License-Identifier: GPL-2.0-only
"""Ledgers of the versions before, records of a version to come, and ledgers that only read."""

from __future__ import annotations

import multiprocessing
import os
import shutil
import sqlite3
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest
from ledger_fixtures import CASES, PATCH, SET, old_ledger, old_row, passing, record

from zpmaint.build.evidence import Compiled, Evidence, FileEvidence, HunkEvidence
from zpmaint.core.errors import InfraError
from zpmaint.core.result import Result
from zpmaint.ledger import codec
from zpmaint.ledger.database import packaged_steps
from zpmaint.ledger.stages import BuildRecord, FileRecord, MemberRecord, PortRecord, VerdictRecord
from zpmaint.ledger.store import Ledger
from zpmaint.ledger.upgrades import FORMAT, upgraded
from zpmaint.ledger.values import Counted


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "state" / "ledger.sqlite"


@pytest.mark.parametrize("schema", [1, 2])
def test_a_ledger_of_the_version_before_keeps_all_it_held(path: Path, schema: int) -> None:
    old_ledger(
        path,
        schema,
        old_row("6.1"),
        old_row("6.2", "fail", finished=5.0),
        old_row("6.3", "infrastructure", port=None, build=None, runs=None, verdict=None),
    )
    with Ledger(path) as ledger:
        infra, good, bad = ledger.history()
    assert [r.version for r in (good, infra, bad)] == ["6.1", "6.3", "6.2"]
    assert good.port
    assert (good.port.state, good.port.patch, good.port.members) == ("ported", PATCH, ())
    assert good.port.files[0].hunks[0].offset == 41
    assert good.build
    assert good.build.stock
    assert good.build.stock.seconds == 236.8
    assert good.build.evidence is None, "not known is not whole"
    assert good.runs
    assert good.runs.patched
    assert good.runs.patched.tail == "\udcff"
    assert good.verdict
    assert good.verdict.result is Result.PASS
    assert good.verdict.shown_by == tuple(name for name, flips in CASES if flips)
    assert {case.suite for case in good.verdict.cases} == {"fault-path"}
    assert bad.verdict
    assert bad.verdict.result is Result.FAIL
    assert (infra.port, infra.verdict, infra.seconds["port"]) == (None, None, 0.4)
    assert {r.project for r in (good, infra, bad)} == {""}


def test_what_stands_in_columns_is_what_the_documents_say(path: Path) -> None:
    old_ledger(path, 2, old_row("6.1"), old_row("6.2", verdict=None, port=None))
    with Ledger(path) as ledger:
        ledger.record(passing("6.3", []))
        by_version = {summary.version: summary for summary in ledger.summaries()}
        for found in ledger.history():
            assert by_version[found.version] == found.summary
    assert by_version["6.1"].counted == Counted(32, 0, 32)
    assert by_version["6.1"].port_state == "ported"
    assert by_version["6.2"].counted is None
    assert str(by_version["6.3"].counted) == "26/26 +6 skip"


def test_a_damaged_document_does_not_stop_an_upgrade_and_is_named(path: Path) -> None:
    old_ledger(path, 2, old_row("6.1"), old_row("6.2", verdict="{"))
    with Ledger(path) as ledger:
        assert ledger.latest("6.1", "x86_64", SET)
        assert {s.version for s in ledger.summaries()} == {"6.1", "6.2"}
        with pytest.raises(InfraError, match=r"ledger\.sqlite"):
            ledger.latest("6.2", "x86_64", SET)


def test_an_upgraded_ledger_merges_with_its_own_former_self(path: Path, tmp_path: Path) -> None:
    old_ledger(path, 2, old_row("6.1"))
    other = tmp_path / "other.sqlite"
    shutil.copy(path, other)
    before = other.read_bytes()
    with Ledger(path) as ledger:
        assert ledger.merge(other) == 0
        assert len(ledger.history()) == 1
    assert other.read_bytes() == before, "the other is only read"


def test_a_record_of_a_newer_version_is_left_alone_and_named(path: Path, tmp_path: Path) -> None:
    with Ledger(path) as ledger:
        ledger.record(record("6.1", started=1.0))
        ledger.record(record("6.1", started=2.0))
        ledger.record(record("6.2"))
    with sqlite3.connect(path) as db:
        db.execute(
            "UPDATE record SET format = ?, result = 'splendid' WHERE started = 2",
            (FORMAT + 1,),
        )
    db.close()
    with Ledger(path) as ledger:
        assert {r.version for r in ledger.history()} == {"6.1", "6.2"}
        assert len(ledger.history()) == len(ledger.summaries()) == 2
        latest = ledger.latest("6.1", "x86_64", SET)
        assert latest
        assert latest.started == 1.0
        assert ledger.newer() == [f"6.1 x86_64 {SET} (format {FORMAT + 1})"]
    with Ledger(tmp_path / "merged.sqlite") as ledger:
        assert ledger.merge(path) == 3
        assert len(ledger.newer()) == 1


def test_unknown_keys_are_passed_over_and_missing_ones_take_their_default() -> None:
    made = codec.from_json(
        PortRecord,
        {
            "version": "6.1", "patchset": "s", "state": "ported", "anchor": "a", "confidence": 1,
            "why": "", "colour": "blue", "files": [{"path": "a.c", "fuzz": 3}],
        },
    )  # fmt: skip
    assert made.files == (FileRecord("a.c"),)
    assert made.confidence == 1


@pytest.mark.parametrize(
    ("document", "told"),
    [
        ({"result": "splendid"}, r"record\.result is 'splendid', not pass or"),
        ({"result": "pass", "cases": {}}, r"record\.cases is {}, not a list"),
        ({"result": "pass", "cases": [{"name": 3}]}, r"record\.cases\[0\]\.name is 3, not str"),
        ({"result": "pass", "cases": [{}]}, r"record\.cases\[0\]\.name is missing"),
        ([], r"record is \[\], not an object"),
    ],
)
def test_a_value_of_another_type_is_damage_and_is_named(document: object, told: str) -> None:
    with pytest.raises(ValueError, match=told):
        codec.from_json(VerdictRecord, document)


def test_evidence_and_the_patches_of_a_series_are_kept(path: Path) -> None:
    hunk = HunkEvidence("@@ -1 +1 @@", Compiled.NOT, "#ifdef CONFIG_X", ("X",))
    evidence = Evidence(
        (FileEvidence("a.c", Compiled.MODULE, "a.o", ("a.o",), True, (), (hunk,), "0001-a"),), "p"
    )
    port = PortRecord(
        "6.1", SET, "ported", "a", 1.0, "", files=(FileRecord("a.c", patch="0001-a"),),
        members=(MemberRecord("0001-a", "applies"), MemberRecord("0002-b", "upstream")),
    )  # fmt: skip
    made = record("6.1", Result.NOT_COMPILED, port=port, build=BuildRecord(evidence=evidence))
    with Ledger(path) as ledger:
        ledger.record(made)
        (read,) = ledger.history()
    assert read == made
    assert read.build
    assert read.build.evidence
    assert not read.build.evidence.is_whole


def test_json_keeps_the_keys_it_had() -> None:
    made = passing("6.1", []).as_json()
    assert set(made) >= {
        "key", "version", "arch", "patchset", "result", "why", "started", "finished", "port",
        "build", "runs", "verdict", "seconds",
    }  # fmt: skip
    assert made["result"] == made["verdict"]["result"] == "pass"
    assert made["verdict"]["passed"] is True
    assert set(made["verdict"]["cases"][0]) >= {"name", "stock", "patched", "flips"}
    assert made["runs"]["stock"]["command"][0] == "qemu-system-x86_64"
    assert type(made["build"]["stock"]["fixups"]) is list


def test_every_step_from_the_first_format_is_there() -> None:
    assert upgraded({"verdict": {"passed": False}}, 1)["verdict"]["result"] == "fail"
    now = {"verdict": {"result": "pass"}}
    assert upgraded(now, FORMAT) is now


@pytest.fixture
def closed() -> Iterator[Path]:
    """A folder that nobody may write; below /tmp, as pytest's own folders are closed to others."""
    folder = Path(tempfile.mkdtemp())
    yield folder / "ledger.sqlite"
    folder.chmod(0o755)
    shutil.rmtree(folder)


def _read(path: Path, steps: list[str], told: multiprocessing.SimpleQueue[object]) -> None:
    if os.geteuid() == 0:
        os.setuid(65534)  # root may write anywhere
    with Ledger(path, steps=steps) as ledger:
        seen = [(r.version, r.port and r.port.state) for r in ledger.history()]
        try:
            ledger.record(record("9.9"))
            told.put("written")
        except InfraError:
            told.put(seen)


@pytest.mark.parametrize("schema", [2, 3])
def test_a_ledger_that_cannot_be_written_can_be_read(closed: Path, schema: int) -> None:
    old_ledger(closed, 2, old_row("6.1"))
    if schema == 3:
        Ledger(closed).close()
        (closed.parent / f".{closed.name}.lock").unlink()
    before = closed.read_bytes()
    closed.chmod(0o444)
    closed.parent.chmod(0o555)
    context = multiprocessing.get_context("fork")
    told: multiprocessing.SimpleQueue[object] = context.SimpleQueue()
    # Read before: root's own checkout is closed to others.
    reader = context.Process(target=_read, args=(closed, packaged_steps(), told))
    reader.start()
    reader.join(30)
    assert reader.exitcode == 0
    assert told.get() == [("6.1", "ported")]
    assert closed.read_bytes() == before
    assert [p.name for p in closed.parent.iterdir()] == [closed.name]
