# SPDX-License-Identifier: GPL-2.0-only
"""Rules of kernels.toml and `zpmaint track`, against a played kernel.org and its git."""

from __future__ import annotations

import json
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
from click.testing import CliRunner
from fake_kernel_org import FakeKernelOrg
from sources_fixtures import Notes

from zpmaint.app import matrix, outlook
from zpmaint.app.matrix import Tracked, plan_matrix, track
from zpmaint.app.session import Session
from zpmaint.cli.main import cli
from zpmaint.core.places import Places
from zpmaint.sources import kernelorg, keyring

pytestmark = pytest.mark.skipif(
    not all(map(shutil.which, ("gpg", "gpgv", "git", "xz"))), reason="needs gpg, gpgv, git and xz"
)

_SET = """
title = "toy"
author = "the tests"
origin = "made up"
intent = "nothing"
leaves = []
[[anchor]]
file = "a.patch"
version = "6.12.107"
base = "6.12.107"
why = "the only one"
"""
_PATCH = (
    "--- a/mm/memory.c\n+++ b/mm/memory.c\n@@ -1,2 +1,2 @@\n-int zero_page;\n+int one_page;\n"
    " int handle_mm_fault(void) { return zero_page; }\n"
)
RULE = """
[[track]]
sources = ["org", "git"]
mainline_since = "6.6"
mainline_candidates = "newest"
longterm = "newest"
stable = 2
stable_candidates = "newest"
rt = "newest"
next = "newest"
"""


class Desk:
    """A project whose sources are the played archive."""

    def __init__(self, folder: Path, org: FakeKernelOrg) -> None:
        self.org, self.folder = org, folder
        self.project = folder / "project"
        (self.project / "patches/toy").mkdir(parents=True)
        (self.project / "patches/toy/patch.toml").write_text(_SET)
        (self.project / "patches/toy/a.patch").write_text(_PATCH)
        self.rule(RULE)

    def rule(self, text: str) -> None:
        (self.project / "kernels.toml").write_text(
            f'patch = "toy"\n[sources.org]\nkind = "kernel.org"\nwhere = "{self.org.base}"\n'
            f'[sources.git]\nkind = "git"\nwhere = "{self.org.git}"\n{text}'
        )

    @property
    def session(self) -> Session:
        """A new one, as the next run has it; nothing that was asked before holds."""
        for kept in (self.folder / "home").rglob("*.json"):
            if kept.name.endswith((".http.json", ".tags.json")):
                told = json.loads(kept.read_text())["value"]
                outlook.remember(kept, {**told, "asked": told["asked"] - 7200})
        places = Places(self.project, self.folder / "home/cache", self.folder / "home/state")
        return Session.open(places, Notes())

    def due(self) -> list[str]:
        return [str(due.version) for due in plan_matrix(self.session).dues]

    def zpmaint(self, *words: str) -> tuple[int, str]:
        assert self.session
        words = ("--project", str(self.project), *words)
        done = CliRunner().invoke(cli, words, standalone_mode=False, catch_exceptions=False)
        return done.return_value, done.output


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Iterator[FakeKernelOrg]:
    with FakeKernelOrg(tmp_path_factory.mktemp("org")) as org:
        for version in ("6.6", "6.6.140", "6.12", "6.12.106", "7.2", "7.2.7"):
            org.release(version)
        org.release("6.6.141", "longterm")
        org.release("6.12.107", "longterm", day="2026-11-20")
        org.release("7.2.8", "stable")
        org.release("7.3-rc7", "mainline")
        org.release("next-20261126", "linux-next")
        org.release("6.12.107-rt34")
        org.release("6.12.108-rc1")
        org.tag("v2.6.21-git3", "v7.2-rc3-dontuse", "garbage")
        yield org


@pytest.fixture
def desk(tmp_path: Path, made: FakeKernelOrg, monkeypatch: pytest.MonkeyPatch) -> Iterator[Desk]:
    monkeypatch.setattr(kernelorg, "pinned", lambda: keyring.own(made.keyring))
    plain = kernelorg.session
    monkeypatch.setattr(kernelorg, "session", lambda: plain(0.001))
    monkeypatch.setenv("HOME", str(tmp_path))
    # What a verification reads is not asked here, and costs seconds to find out.
    monkeypatch.setattr(matrix, "inputs_of", lambda *_: {})
    yield Desk(tmp_path, made)
    made.mend()


ALL = [
    "next-20261126", "7.3-rc7", "7.2.8", "7.2.7", "7.2", "6.12.108-rc1", "6.12.107-rt34",
    "6.12.107", "6.12", "6.6.141", "6.6",
]  # fmt: skip


def test_rules_come_to_what_is_out(desk: Desk) -> None:
    planned = plan_matrix(desk.session)
    assert [str(due.version) for due in planned.dues] == ALL and planned.unresolved == ()
    assert not list(desk.folder.rglob("*.git")), "nothing was cloned to know it"
    made = {line.version for line in desk.session.config.kernel}
    assert {"6.12.*", "next-20261126"} <= made, "pages know the lines without a network"
    kept = {one.version: one for one in outlook.outlook_of(desk.session).releases}
    assert (kept["6.12.107"].moniker, kept["6.12.107"].eol) == ("longterm", False)
    assert kept["6.12.107"].released is not None


def test_a_release_comes_out_is_withdrawn_and_a_series_ends(desk: Desk) -> None:
    assert desk.due() == ALL
    org = desk.org
    org.release("6.12.108", "longterm")
    try:
        assert desk.due() == [
            "next-20261126", "7.3-rc7", "7.2.8", "7.2.7", "7.2", "6.12.108", "6.12.107-rt34",
            "6.12", "6.6.141", "6.6",
        ]  # fmt: skip
        org.withdraw("6.12.108")
        assert desk.due() == ALL
        org.end("6.6")
        assert "6.6.141" not in desk.due() and "6.6" in desk.due()
    finally:
        for one in org.kernels.values():
            one.eol = False


def test_a_row_that_cannot_be_read_ends_no_series(desk: Desk) -> None:
    assert desk.due() == ALL
    rows = [row for row in desk.org.releases()["releases"] if row["version"] != "6.6.141"]
    odd = json.dumps({"releases": [{"version": "6.6.142-fixed", "moniker": "longterm"}, *rows]})
    desk.org.trouble("garbage", "*releases.json", body=odd)
    session = desk.session
    assert [str(due.version) for due in plan_matrix(session).dues] == ALL
    assert any("6.6.142-fixed" in note for note in session.reporter.notes)  # type: ignore


@pytest.mark.parametrize("kind", ["broken", "garbage", "reset"])
def test_in_trouble_what_was_known_stays_due(desk: Desk, kind: str) -> None:
    assert desk.due() == ALL
    desk.org.trouble(kind)
    session = desk.session
    assert [str(due.version) for due in plan_matrix(session).dues] == ALL
    assert session.reporter.notes  # type: ignore[attr-defined]


def test_a_rule_without_a_source_of_candidates_says_so(desk: Desk) -> None:
    desk.rule('[[track]]\nsources = ["org"]\nmainline_candidates = "newest"\nlongterm = 1\n')
    planned = plan_matrix(desk.session)
    assert [str(due.version) for due in planned.dues] == ["6.12.107", "6.6.141"]
    [open_one] = planned.unresolved
    assert "7.3-rc7" in str(open_one.error) and "git source" in open_one.error.hint


def tracked(desk: Desk) -> tuple[Tracked, dict[str, str]]:
    found = track(desk.session)
    return found, {one.source.partition(":")[0]: str(one.freshness) for one in found.looked}


def test_a_fresh_answer_is_told_from_a_stale_one_and_news_from_none(desk: Desk) -> None:
    found, how = tracked(desk)
    assert found.has_news and found.is_fresh and how == {"kernel.org": "fresh", "git": "fresh"}
    assert {"v2.6.21-git3", "v7.2-rc3-dontuse", "garbage"} <= set(found.looked[1].left_out)
    rows = found.as_json()
    assert {row["version"]: row["novelty"] for row in rows}["6.12.107-rt34"] == "new"
    assert all(row["stale"] == [] and row["given"].endswith("Z") for row in rows)
    desk.org.trouble("broken", "*releases.json")
    found, how = tracked(desk)
    assert how == {"kernel.org": "stale", "git": "fresh"} and not found.is_fresh
    [stale] = found.as_json()[0]["stale"]
    assert stale["freshness"] == "stale" and stale["given"] and "releases.json" in stale["why"]


def test_the_exit_status_tells(desk: Desk) -> None:
    assert desk.zpmaint("track")[0] == 0
    assert desk.zpmaint("track", "--exit-code")[0] == 1
    desk.rule('[[kernel]]\nversion = "4.4.*"\nsources = ["org"]\n')
    assert desk.zpmaint("track", "--exit-code")[0] == 0, "nothing that is tracked is new"
    desk.org.trouble("broken", "*releases.json")
    status, said = desk.zpmaint("track", "--exit-code")
    assert status == 3 and "its answer is of" in said and "left out" in said
    desk.rule(RULE)
    assert desk.zpmaint("track", "--exit-code")[0] == 1, "news are news, however old"


def test_a_source_that_gave_nothing_costs_no_other_its_answer(desk: Desk) -> None:
    desk.org.trouble("broken", "/pub/*")
    found, how = tracked(desk)
    assert how == {"kernel.org": "failed", "git": "fresh"}
    assert {str(row.version) for row in found.news} >= {"7.3-rc7", "6.12.107"}
    status, said = desk.zpmaint("track", "--all")
    assert status == 0 and "no answer" in said and "track[1].longterm" in said
