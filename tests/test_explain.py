# SPDX-License-Identifier: GPL-2.0-only
"""`zpmaint explain` on a toy kernel's past, and on the real one of a mirror."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest
from history_fixtures import BEFORE, RENAMED, Past, make_past, make_project, open_shop
from port_fixtures import V
from sources_fixtures import git
from test_cli import ROOT, zpmaint

from zpmaint.app import commit_range as module
from zpmaint.app.explain import Explanation, explain
from zpmaint.app.session import Session
from zpmaint.port.values import State
from zpmaint.sources.git import GitSource


@pytest.fixture
def past(tmp_path: Path) -> Past:
    return make_past(tmp_path / "repo")


@pytest.fixture
def session(past: Past, tmp_path: Path) -> Session:
    return open_shop(make_project(tmp_path / "project", past), tmp_path)


def told(session: Session, version: str, anchor: str | None = None, *specs: str) -> Explanation:
    return explain(session, session.patchset(), V(version), session.chain(specs), anchor=anchor)


def turns(explanation: Explanation) -> list[list[tuple[str, str, str, str]]]:
    """By hunk: subject, first tag, fate before and after."""
    return [
        [(t.commit.subject, str(t.first), t.before, t.after) for t in hunk.turns]
        for hunk in explanation.hunks
    ]


def test_the_commit_that_moved_the_hunk_is_named(session: Session, past: Past) -> None:
    """It came by a merge, beside a commit that touches another function."""
    found = told(session, "2.6.21")
    assert found.port.state is State.PORTED
    [[turn]] = [hunk.turns for hunk in found.hunks]
    assert turns(found) == [[("rename", "2.6.21", "as it is", "identifiers")]]
    assert turn.commit.sha == past.shas["rename"] and turn.commit.author == "A"
    assert turn.did == "moves it: identifiers carries it"
    assert found.interdiff is not None
    assert f"++	page = {RENAMED}(vma);" in found.interdiff.text()


def test_a_hunk_that_applies_has_no_commit_and_no_interdiff(session: Session) -> None:
    found = told(session, "2.6.21-rc1")
    assert turns(found) == [[]]
    assert "no upstream commit changed" in found.hunks[0].note
    assert found.interdiff is not None and not found.interdiff


def test_an_adoption_and_its_revocation_are_turns(session: Session, past: Past) -> None:
    """In the order of history, on a kernel that only another anchor fits."""
    assert turns(told(session, "2.6.22-rc1")) == [
        [("rename", "2.6.21", "as it is", "identifiers"),
         ("adopt", "2.6.22-rc1", "identifiers", "upstream")]
    ]  # fmt: skip
    past.commit("revert", BEFORE.replace("alloc_zeroed", RENAMED))
    past.tag("2.6.24")
    session = open_shop(session.places.project, session.places.cache)
    found = told(session, "2.6.24", "v2.6.20")
    assert found.port.state is State.SUPERSEDED
    [hunk] = turns(found)
    assert [row[0] for row in hunk] == ["rename", "adopt", "revert"]
    assert found.hunks[0].turns[-1].did.startswith("takes the adoption back")
    assert found.hunks[0].confidence is None


def test_towards_an_older_kernel_the_nearest_commit_is_first(tmp_path: Path, past: Past) -> None:
    project = make_project(tmp_path / "project", past)
    table = project / "patches/toy/patch.toml"
    head, _, rest = table.read_text().partition("[[anchor]]")
    second = rest.partition("[[anchor]]")[2].partition("[[adopted]]")[0]
    table.write_text(f"{head}[[anchor]]{second.replace('since =', '# since =')}")
    found = told(open_shop(project, tmp_path), "2.6.20")
    assert next(turn[0] for turn in turns(found)[0]) == "take back"
    hunk = found.hunks[0]
    assert not hunk.turns[0].ahead
    assert hunk.turns[0].did.startswith("is not in this kernel: before it, ")


def test_what_only_resembles_the_change_is_no_adoption(tmp_path: Path, past: Past) -> None:
    """Upstream puts another value where the patch puts its own."""
    repo = Past(tmp_path / "rival")
    repo.repo.mkdir()
    git(repo.repo, "init", "-q", "-b", "main")
    for version, subject, value in (("2.6.20", "begin", "40"), ("2.6.21", "rival", "10")):
        repo.commit(subject, BEFORE.replace("int ret = 0;", f"int ret = {value};"))
        repo.tag(version)
    project = make_project(tmp_path / "project", past)
    patches = project / "patches/toy"
    (patches / "v2.6.20.patch").write_text(
        "--- a/mm/toy.c\n+++ b/mm/toy.c\n@@ -14,3 +14,3 @@\n \tstruct page *page;\n"
        "-\tint ret = 40;\n+\tint ret = 60;\n \n"
    )
    text = (patches / "patch.toml").read_text()
    (patches / "patch.toml").write_text(text.split("[[adopted]]")[0])
    session = open_shop(project, tmp_path)
    found = told(session, "2.6.21", None, f"git:{repo.repo}")
    assert found.port.state is State.CONFLICT
    assert turns(found) == [[("rival", "2.6.21", "as it is", "conflict")]]
    assert found.hunks[0].turns[0].did == "breaks it"
    assert found.interdiff is None


def test_without_a_history_it_tells_the_rest(past: Past, tmp_path: Path) -> None:
    tree = tmp_path / "linux"
    git(past.repo, "worktree", "add", "-q", str(tree), "v2.6.21")
    (tree / "Makefile").write_text("VERSION = 2\nPATCHLEVEL = 6\nSUBLEVEL = 21\nEXTRAVERSION =\n")
    project = make_project(tmp_path / "project", past)
    base = tmp_path / "base"
    git(tmp_path, "clone", "-q", str(past.repo), "base")
    git(base, "tag", "-d", "v2.6.21")
    toml = project / "kernels.toml"
    toml.write_text(toml.read_text().replace(str(past.repo), str(base)))
    session = open_shop(project, tmp_path)
    found = told(session, "2.6.21", None, f"tree:{tree}")
    assert found.port.state is State.PORTED
    assert turns(found) == [[]]
    assert found.hunks[0].note == "no git history here has both v2.6.20 and v2.6.21"
    assert found.interdiff


def test_too_many_commits_are_not_searched(
    session: Session, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module.Past.__init__, "__kwdefaults__", {"most": 1})
    found = told(session, "2.6.21")
    assert turns(found) == [[]] and "more than 1 commits" in found.hunks[0].note


def test_first_tags_are_those_of_kernels(past: Past, tmp_path: Path) -> None:
    git(past.repo, "tag", "-a", "-m", "x", "archive", past.shas["rename"])
    past.commit("untagged", "x\n")
    source = GitSource(str(past.repo), tmp_path / "cache")
    names = ("begin", "rename", "adopt", "untagged")
    found = source.first_tags([past.shas[name] for name in names])
    assert {name: str(found[past.shas[name]]) for name in names if past.shas[name] in found} == {
        "begin": "2.6.20", "rename": "2.6.21", "adopt": "2.6.22-rc1",
    }  # fmt: skip
    assert source.first_tags([]) == {}
    source.close()


def test_the_command_shows_and_prints_json(past: Past, tmp_path: Path) -> None:
    project = str(make_project(tmp_path / "project", past))
    status, out, err = zpmaint("-q", "--project", project, "explain", "2.6.21")
    assert status == 0, err
    short = past.shas["rename"][:12]
    assert f"{short} (in v2.6.21, 2026-01-01, A) rename" in out
    assert re.search(r"fault: identifiers, confidence 0\.\d\d", out)  # as sure as was measured
    assert f"++	page = {RENAMED}(vma);".expandtabs() in out.expandtabs()
    status, out, err = zpmaint("-q", "--project", project, "explain", "2.6.21", "--json")
    assert status == 0, err
    row = json.loads(out)
    assert (row["state"], row["base"], len(row["hunks"])) == ("ported", "2.6.20", 1)
    assert row["hunks"][0]["turns"] == [
        {"commit": past.shas["rename"], "date": "2026-01-01", "author": "A", "subject": "rename",
         "first": "2.6.21", "before": "as it is", "after": "identifiers",
         "did": "moves it: identifiers carries it", "in_target": True}
    ]  # fmt: skip
    assert row["interdiff"]["changed"] == 4
    status, _, err = zpmaint("-q", "--project", project, "explain", "2.6.99")
    assert status == 2 and len(err.splitlines()) == 2


# --- The real kernel -----------------------------------------------------------------------------


def real(kernel_git: Path, tmp_path: Path, version: str, anchor: str | None) -> Explanation:
    session = open_shop(ROOT, tmp_path)
    return told(session, version, anchor, f"git:{kernel_git}")


def named(explanation: Explanation) -> list[list[str]]:
    return [[turn.commit.short for turn in hunk.turns] for hunk in explanation.hunks]


@pytest.mark.mirror
def test_what_became_of_the_patch_of_2007(kernel_git: Path, tmp_path: Path) -> None:
    found = real(kernel_git, tmp_path, "2.6.33", "v2.6.20.4")
    for hunk in found.hunks:
        first, second, third = hunk.turns[:3]
        assert (first.commit.short, str(first.first)) == ("769848c03895", "2.6.23-rc1")
        assert first.before == "as it is" and first.commit.author == "Mel Gorman"
        assert (second.commit.short, second.did) == ("557ed1fa2620", "adopts it")
        assert (third.commit.short, str(third.first)) == ("a13ea5b75964", "2.6.32-rc1")
        assert third.did.startswith("takes the adoption back")


@pytest.mark.mirror
def test_the_rename_of_2_6_23(kernel_git: Path, tmp_path: Path) -> None:
    found = real(kernel_git, tmp_path, "2.6.23", None)
    assert named(found) == [["769848c03895"], ["769848c03895"]]
    assert found.interdiff is not None and found.interdiff.differing == (10, 0)


@pytest.mark.mirror
def test_the_stack_guard_of_2_6_36(kernel_git: Path, tmp_path: Path) -> None:
    found = real(kernel_git, tmp_path, "2.6.36-rc3", "v2.6.32")
    assert named(found)[0][:2] == ["320b2b8de126", "11ac552477e3"]
    assert str(found.hunks[0].turns[0].first) == "2.6.36-rc1"


@pytest.mark.mirror
def test_before_the_page_fault_was_rewritten(kernel_git: Path, tmp_path: Path) -> None:
    found = real(kernel_git, tmp_path, "2.6.14", None)
    assert [hunk[0] for hunk in named(found)] == ["9de455b20705", "41e9b63b35b5"]
    assert len(named(found)[1]) > 1  # the nearest to the anchor comes first
    assert not found.hunks[0].turns[0].ahead
