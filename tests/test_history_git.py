# SPDX-License-Identifier: GPL-2.0-only
"""What a git source tells of commits: those between two kernels, one by name, whose history."""

from __future__ import annotations

import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest
from history_fixtures import PATH, Past, make_past
from port_fixtures import V
from sources_fixtures import Notes, git

from zpmaint.core.errors import InfraError
from zpmaint.sources.git import GitSource
from zpmaint.sources.source import NotServedError


@pytest.fixture
def past(tmp_path: Path) -> Past:
    return make_past(tmp_path / "repo")


@pytest.fixture
def source(past: Past, tmp_path: Path) -> Iterator[GitSource]:
    opened = GitSource(str(past.repo), tmp_path / "cache")
    yield opened
    opened.close()


def between(source: GitSource, older: str, newer: str, *paths: str, most: int = 99) -> list[str]:
    found = source.commits(V(older), V(newer), paths or (PATH,), most=most)
    assert found is not None
    return [commit.subject for commit in found]


def test_commits_between_two_kernels_are_those_of_the_path(source: GitSource, past: Past) -> None:
    # The merge had to join two sides of this file, so it is one of them.
    *sides, last = between(source, "2.6.21-rc1", "2.6.21")
    assert (sorted(sides), last) == (["rename", "the last function"], "merge side")
    assert between(source, "2.6.21", "2.6.22-rc1") == ["touch", "adopt", "later"]
    assert between(source, "2.6.21-rc1", "2.6.21", "mm/other.c") == ["another file"]
    assert between(source, "2.6.21", "2.6.22-rc1", most=2) == ["adopt", "later"]
    assert between(source, "2.6.21", "2.6.20") == []
    found = source.commits(V("2.6.21-rc1"), V("2.6.21"), [PATH], most=9)
    assert found is not None
    assert found[-1].parents == (past.shas["the last function"], past.shas["rename"])


def test_a_path_is_no_pattern(source: GitSource) -> None:
    assert between(source, "2.6.20", "2.6.23", "mm/*.c") == []
    assert between(source, "2.6.20", "2.6.23", ":/mm") == []


def test_a_tag_without_a_history_has_no_commits(source: GitSource, past: Past) -> None:
    git(past.repo, "tag", "v2.6.11", "v2.6.20^{tree}")
    again = GitSource(str(past.repo), source.cache)
    assert again.commits(V("2.6.11"), V("2.6.21"), [PATH], most=9) is None
    assert again.commits(V("2.6.20"), V("2.6.11"), [PATH], most=9) is None
    with pytest.raises(NotServedError):
        again.commits(V("2.6.20"), V("2.6.30"), [PATH], most=9)
    again.close()


def test_contents_at_a_commit(source: GitSource, past: Past) -> None:
    first = source.contents(past.shas["begin"], [PATH, "mm/other.c"])
    assert first["mm/other.c"] is None
    assert first == source.blobs(V("2.6.20"), [PATH, "mm/other.c"])
    assert b"alloc_zeroed_movable" in (source.contents(past.shas["rename"], [PATH])[PATH] or b"")


def test_a_commit_by_its_name(source: GitSource, past: Past) -> None:
    whole = past.shas["adopt"]
    found = source.commit(whole[:12])
    assert found is not None
    assert (found.sha, found.short) == (whole, whole[:12])
    assert (found.subject, found.date, found.parents) == (
        "adopt", "2026-01-01", (past.shas["touch"],),
    )  # fmt: skip
    assert source.commit("012345678901") is None
    blob = source.blob_ids(V("2.6.20"), [PATH])[PATH]
    assert blob is not None and source.commit(blob) is None


def test_whose_history_holds_a_commit(source: GitSource, past: Past) -> None:
    assert source.holds(V("2.6.21"), past.shas["rename"])
    assert not source.holds(V("2.6.21-rc1"), past.shas["rename"])
    with pytest.raises(InfraError):
        source.holds(V("2.6.21"), "0" * 40)


def test_subjects_of_any_bytes_can_be_shown(past: Past, tmp_path: Path) -> None:
    """Old commits have subjects in encodings that nobody named; git commit mends them today."""
    tree, parent = git(past.repo, "rev-parse", "v2.6.20^{tree}", "v2.6.23").split()
    parent = git(past.repo, "rev-parse", f"{parent}^{{commit}}")
    who = "A <a@b.c> 1767225600 +0000"
    raw = f"tree {tree}\nparent {parent}\nauthor {who}\ncommitter {who}\n\n".encode()
    made = subprocess.run(
        ["git", "-C", past.repo, "hash-object", "-t", "commit", "-w", "--stdin"],
        input=raw + b"caf\xe9 \xc2\x85 and\x0bmore\n\nbody\n", capture_output=True, check=True,
    ).stdout.decode().strip()  # fmt: skip
    git(past.repo, "tag", "v2.6.24", made)
    source = GitSource(str(past.repo), tmp_path / "cache")
    [subject] = between(source, "2.6.23", "2.6.24")
    assert subject == "caf\ufffd \x85 and\x0bmore"
    source.close()


def test_a_clone_without_contents_brings_those_of_the_path_at_once(
    past: Past, tmp_path: Path
) -> None:
    git(past.repo, "config", "uploadpack.allowFilter", "true")
    git(past.repo, "config", "uploadpack.allowAnySHA1InWant", "true")
    notes = Notes()
    source = GitSource("https://example.invalid/linux.git", tmp_path / "cache", notes)
    source._url = f"file://{past.repo}"
    assert between(source, "2.6.20", "2.6.22-rc1")[-1] == "later"
    assert [step for step in notes.steps if step.startswith("fetch ")] == [
        f"fetch 7 files of {source.name}"
    ]
    listed = git(source._folder, "rev-list", "--objects", "--missing=print", "v2.6.20..v2.6.22-rc1")
    gone = [line[1:] for line in listed.splitlines() if line.startswith("?")]
    assert gone == [git(past.repo, "rev-parse", "v2.6.21:mm/other.c")]
    source.close()


def test_a_users_configuration_does_not_change_the_answer(
    past: Past, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    config = tmp_path / "gitconfig"
    config.write_text(
        "[log]\n\tshowSignature = true\n\tdate = relative\n[format]\n\tpretty = fuller\n"
        "[color]\n\tui = always\n[i18n]\n\tlogOutputEncoding = latin1\n"
    )
    monkeypatch.setenv("HOME", str(tmp_path))
    config.rename(tmp_path / ".gitconfig")
    past.commit("café", "/* new */\n")
    past.tag("2.6.24")
    source = GitSource(str(past.repo), tmp_path / "cache")
    assert between(source, "2.6.21", "2.6.22-rc1") == ["touch", "adopt", "later"]
    assert between(source, "2.6.23", "2.6.24") == ["café"]
    assert (source.commit(past.shas["adopt"]) or pytest.fail()).date == "2026-01-01"
    source.close()


def test_a_lost_commit_is_the_repositorys_fault(past: Past, tmp_path: Path) -> None:
    sha = past.shas["touch"]
    (past.repo / ".git/objects" / sha[:2] / sha[2:]).unlink()
    source = GitSource(str(past.repo), tmp_path / "cache")
    with pytest.raises(InfraError, match="could not read"):
        source.commits(V("2.6.21"), V("2.6.22-rc1"), [PATH], most=9)
    with pytest.raises(InfraError):
        source.holds(V("2.6.22-rc1"), past.shas["begin"])
