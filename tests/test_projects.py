# SPDX-License-Identifier: GPL-2.0-only
"""One ledger, several projects: each sees its own results."""

from __future__ import annotations

import shutil
from dataclasses import replace
from pathlib import Path

import pytest
from ledger_fixtures import SET, old_ledger, old_row, port, record
from test_ledger_benchmarks import ONE

from zpmaint.app.session import Session
from zpmaint.core.errors import UserError
from zpmaint.core.places import Places, project_id
from zpmaint.core.progress import SILENT
from zpmaint.ledger.scope import Scope
from zpmaint.ledger.store import Ledger

MINE = Scope("mine", lambda: {SET: ["v6.12"]})
OTHER = Scope("other", lambda: {SET: ["v5.4"], "bore": ["v6.12"]})


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "ledger.sqlite"


def test_sets_of_one_name_do_not_see_each_others_results(path: Path) -> None:
    with Ledger(path, scope=MINE) as mine, Ledger(path, scope=OTHER) as other:
        mine.record(record("6.1"))
        other.record(record("6.1", started=5.0))
        other.record(record("6.2"))
        for ledger, versions in ((mine, ["6.1"]), (other, ["6.2", "6.1"])):
            assert sorted(r.version for r in ledger.history()) == sorted(versions)
            assert {r.project for r in ledger.history()} == {(ledger is mine and "mine") or "other"}
            assert len(ledger.latest_summaries()) == len(versions)
        assert mine.known("key-6.2") is None
        assert mine.latest("6.2", "x86_64", SET) is None
        assert other.known_summary("key-6.2")
        mine.keep(ONE)
        assert mine.benchmark("k1") == replace(ONE, project="mine")
        assert other.benchmarks() == []
    with Ledger(path) as every:
        assert len(every.history()) == 3


def test_records_of_old_belong_to_the_set_that_has_their_anchor(path: Path) -> None:
    old_ledger(
        path,
        2,
        old_row("6.1"),  # from anchor v6.12
        old_row("6.2", port=port("2.6.21")),  # from an anchor that nobody has
        old_row("6.3", "infrastructure", port=None),
        old_row("6.4", patchset="bore"),
        old_row("6.5", patchset="gone"),
    )
    with Ledger(path, scope=MINE) as mine, Ledger(path, scope=OTHER) as other:
        assert {r.version for r in mine.history()} == {"6.1", "6.3"}
        assert {r.version for r in other.history()} == {"6.3", "6.4"}
        assert mine.known("key-6.1")
        assert other.known("key-6.1") is None


def test_a_merged_ledger_keeps_its_projects(path: Path, tmp_path: Path) -> None:
    with Ledger(tmp_path / "job.sqlite", scope=OTHER) as job:
        job.record(record("6.1"))
    with Ledger(path, scope=MINE) as mine:
        assert mine.merge(tmp_path / "job.sqlite") == 1
        assert mine.history() == []
    with Ledger(path, scope=OTHER) as other:
        assert len(other.history()) == 1


def project(folder: Path, name: str = "") -> Path:
    (folder / "patches" / "toy").mkdir(parents=True)
    (folder / "kernels.toml").write_text(
        'patch = "toy"\n' + (f'project = "{name}"\n' if name else "") + "[sources]\n"
    )
    (folder / "patches/toy/patch.toml").write_text("")
    return folder


def opened(folder: Path, home: Path) -> Session:
    return Session.open(Places(folder, home / "cache", home / "state"), SILENT)


def test_a_named_project_keeps_its_results_when_it_moves(tmp_path: Path) -> None:
    here = project(tmp_path / "here", "keeper")
    session = opened(here, tmp_path)
    session.ledger.record(record("6.1", patchset="toy"))
    session.ledger.close()
    shutil.move(here, tmp_path / "there")
    assert len(opened(tmp_path / "there", tmp_path).ledger.history()) == 1


def test_two_folders_without_a_name_are_two_projects(tmp_path: Path) -> None:
    one, two = (opened(project(tmp_path / name), tmp_path) for name in ("one", "two"))
    one.ledger.record(record("6.1", patchset="toy"))
    assert len(one.ledger.history()) == 1
    assert two.ledger.history() == []
    assert one.project == project_id(tmp_path / "one") != two.project


def test_a_name_that_is_none_is_the_users_mistake(tmp_path: Path) -> None:
    with pytest.raises(UserError, match="project"):
        opened(project(tmp_path / "one", "a b"), tmp_path)
