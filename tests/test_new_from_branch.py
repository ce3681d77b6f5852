# SPDX-License-Identifier: GPL-2.0-only
"""`zpmaint new`: a branch becomes a patch set, every commit with its words; what cannot is said."""

from __future__ import annotations

import tomllib
from pathlib import Path

import pytest
from git_fixtures import BASE, ONE, PATH, STEPS, THREE, TWO, Desk, Stream, desk, git, repository

from zpmaint.diffs.commit_mail import commit_words
from zpmaint.diffs.commit_words import read_commit
from zpmaint.patchset.load import load_patchset

__all__ = ["desk", "repository"]


def raw(repo: Path, revision: str) -> bytes:
    return git(repo, "cat-file", "commit", revision).encode("utf-8", "surrogateescape")


def test_a_branch_becomes_a_set_with_the_words_of_its_commits(desk: Desk) -> None:
    before = {p: p.read_bytes() for p in desk.repo.rglob("*") if p.is_file()}
    made = desk.new()
    assert made["base"] == "6.12" and made["branch"] == "work"
    assert made["commit"] == desk.git("rev-parse", "work")
    assert made["patches"] == [
        "0001-mm-toy-raise-the-limit.patch", "0002-lib-a-title-of-two-lines.patch",
        "0003-scripts-r-sum.patch",
    ]  # fmt: skip
    found = load_patchset(desk.set)
    (anchor,) = found.anchors
    assert (anchor.name, str(anchor.base)) == ("v6.12", "6.12")
    for member, words in zip(anchor.series.members, (ONE, TWO, THREE), strict=True):
        told = commit_words(member.data)
        assert (told.author, told.date, told.message, told.encoding) == words
    assert found.branch and found.branch.commit == made["commit"]
    assert {p: p.read_bytes() for p in desk.repo.rglob("*") if p.is_file()} == before


def test_the_folder_is_what_git_am_takes(desk: Desk, tmp_path: Path) -> None:
    desk.new()
    desk.git("checkout", "-q", "-b", "again", "v6.12")
    files = sorted(map(str, (desk.set / "v6.12").glob("*.patch")))
    desk.git("am", "-q", "--keep-cr", *files)
    assert desk.git("rev-parse", "again^{tree}") == desk.git("rev-parse", "work^{tree}")
    told = desk.git("log", "--format=%an|%ad|%s", "--date=raw", "v6.12..again").splitlines()
    assert told[2] == "Jörg Ä. Möller|1700000000 +0130|mm/toy: raise the limit"
    assert told[1].endswith("|1700000060 -0800|lib: a title of two lines")


@pytest.mark.parametrize(
    "revisions", ["v6.12..work", "refs/heads/work", "main..work", "heads/work"]
)
def test_ways_to_name_the_same_commits(desk: Desk, revisions: str) -> None:
    assert len(desk.new(revisions)["patches"]) == 3


def test_a_part_of_a_branch_stands_on_another_kernel(desk: Desk) -> None:
    status, _, err = desk.run("new", "mine", "work~2..work", "--from", f"git:{desk.repo}")
    assert status == 2 and "is not 6.12: mm/toy.c differ" in err
    assert not desk.set.exists()
    assert len(desk.new("work~2..work~1")["patches"]) == 1, "files that are the kernel's"
    assert load_patchset(desk.set).branch is None, "work~1 is no branch"


def grown(desk: Desk, stream: Stream) -> None:
    git(desk.repo, "fast-import", "--quiet", "--force", stdin=stream.data)


def test_what_is_no_patch_is_said(desk: Desk) -> None:
    stream = Stream()
    at = "refs/heads/work^0"
    at = stream.commit("refs/heads/work", {}, (at,), (*ONE[:2], b"nothing\n", b""))
    left = stream.commit("refs/heads/side", {"lib/side.c": b"side\n"}, ("refs/tags/v6.12^0",))
    stream.commit("refs/heads/work", {"lib/side.c": b"side\n"}, (at, left))
    grown(desk, stream)
    made = desk.new()
    assert len(made["patches"]) == 4
    assert any("an empty commit" in note for note in made["notes"])
    assert any("a merge" in note for note in made["notes"])


def test_a_merge_with_changes_of_its_own_is_no_series(desk: Desk) -> None:
    stream = Stream()
    left = stream.commit("refs/heads/side", {"lib/side.c": b"side\n"}, ("refs/tags/v6.12^0",))
    stream.commit("refs/heads/work", {"lib/side.c": b"other\n"}, ("refs/heads/work^0", left))
    grown(desk, stream)
    status, _, err = desk.run("new", "mine", "work", "--from", f"git:{desk.repo}")
    assert status == 2 and "changes of its own" in err and "lib/side.c differ" in err
    assert not desk.set.exists()


def test_what_cannot_be_a_patch_names_its_commit(desk: Desk) -> None:
    stream = Stream()
    grown(desk, stream)
    stream.commit("refs/heads/work", {}, ("refs/heads/work^0",), (*ONE[:2], b"a module\n", b""))
    stream.data += b"M 160000 " + b"1" * 40 + b" lib/module\n"
    grown(desk, stream)
    status, _, err = desk.run("new", "mine", "work", "--from", f"git:{desk.repo}")
    assert status == 2 and '("a module") cannot be a patch' in err and "submodule" in err


@pytest.mark.parametrize(
    ("words", "said"),
    [(["nowhere"], "no commit 'nowhere'"),
     (["v6.12...work"], "three dots"),
     (["-x"], "No such option"),
     (["alone"], "no kernel's tag is in the history"),
     (["alone..work"], "no commit in common"),
     (["v6.12"], "has no commit of its own"),
     (["work", "--base", "5.10"], "no tag of 5.10")],
)  # fmt: skip
def test_what_is_asked_wrongly_is_said(desk: Desk, words: list[str], said: str) -> None:
    stream = Stream()
    stream.commit("refs/heads/alone", BASE, (), ONE)
    grown(desk, stream)
    status, _, err = desk.run("new", "mine", *words, "--from", f"git:{desk.repo}")
    assert status == 2 and said in err, err
    assert not desk.set.exists()


def test_a_shallow_clone_says_so(desk: Desk) -> None:
    shallow = desk.folder / "shallow"
    desk.git("clone", "-q", "--depth", "2", "-b", "work", f"file://{desk.repo}", str(shallow))
    status, _, err = desk.run("new", "mine", "work", "--from", f"git:{shallow}")
    assert status == 2 and "--unshallow" in err


def test_branches_of_odd_names_and_a_dirty_work_tree(desk: Desk) -> None:
    desk.git("checkout", "-q", "-b", "wörk/#1@x", "work")
    (desk.repo / PATH).write_text("not committed\n")
    made = desk.json("new", "mine", "--from", f"git:{desk.repo}")
    assert made["branch"] == "wörk/#1@x" and len(made["patches"]) == 3
    assert (desk.repo / PATH).read_text() == "not committed\n"


def test_nothing_is_overwritten_and_names_are_looked_at(desk: Desk) -> None:
    desk.new()
    before = (desk.set / "patch.toml").read_bytes()
    status, _, err = desk.run("new", "mine", "work", "--from", f"git:{desk.repo}")
    assert status == 2 and "there already" in err
    assert (desk.set / "patch.toml").read_bytes() == before
    status, _, err = desk.run("new", "../out", "work", "--from", f"git:{desk.repo}")
    assert status == 2 and "cannot be the name" in err


def test_files_are_taken_as_import_takes_them(desk: Desk) -> None:
    desk.new()
    folder = desk.set / "v6.12"
    status, _, err = desk.run("new", "other", "--from", str(folder))
    assert status == 2 and "--base" in err
    made = desk.json("new", "other", "--from", str(folder), "--base", "6.12")
    assert made["patches"] == [p.name for p in sorted(folder.glob("*.patch"))]
    mbox = desk.folder / "all.mbox"
    mbox.write_bytes(b"".join(p.read_bytes() for p in sorted(folder.glob("*.patch"))))
    assert len(desk.json("new", "third", "--from", str(mbox), "--base", "6.12")["patches"]) == 3


def test_new_commits_are_noticed_and_taken(desk: Desk) -> None:
    desk.new()
    kept = (desk.set / "patch.toml").read_text()
    (desk.set / "patch.toml").write_text(kept.replace("leaves = []", "leaves = []  # mine"))
    assert desk.json("new", "mine", "--again")["notes"] == ["work: nothing new"]
    stream = Stream()
    stream.commit("refs/heads/work", {"lib/more.c": b"more\n"}, ("refs/heads/work^0",))
    grown(desk, stream)
    made = desk.json("new", "mine", "--again")
    assert len(made["patches"]) == 4 and made["commit"] == desk.git("rev-parse", "work")
    now = load_patchset(desk.set)
    assert len(now.anchors[0].series.members) == 4
    assert now.branch and now.branch.commit == made["commit"]
    text = (desk.set / "patch.toml").read_text()
    assert "leaves = []  # mine" in text
    was, new = tomllib.loads(kept), tomllib.loads(text)
    assert {**was, "git": 0} == {**new, "git": 0}


def test_track_tells_of_new_commits(desk: Desk) -> None:
    desk.new()
    assert desk.json("track", "--branches")[0]["standing"] == "same"
    assert "work" not in desk.run("track")[1]
    stream = Stream()
    stream.commit("refs/heads/work", {"lib/more.c": b"more\n"}, ("refs/heads/work^0",))
    grown(desk, stream)
    (row,) = desk.json("track", "--branches")
    assert (row["standing"], row["commits"]) == ("new commits", 1)
    assert "1 new commit; zpmaint new mine --again takes them" in desk.run("track")[1]
    desk.git("branch", "-f", "work", "v6.12^{commit}")
    assert desk.json("track", "--branches")[0]["standing"] == "rewritten"
    desk.git("branch", "-D", "work")
    (row,) = desk.json("track", "--branches")
    assert (row["standing"], row["why"]) == ("gone", "the branch is not there")
    desk.repo.rename(desk.folder / "elsewhere")
    (row,) = desk.json("track", "--branches")
    assert row["standing"] == "gone" and "no git repository" in row["why"]


def test_a_rebased_branch_becomes_another_anchor(desk: Desk) -> None:
    desk.new()
    stream = Stream()
    at = "refs/tags/v6.12.107^0"
    stream.commit("refs/heads/work", {"lib/old.c": b"one\n"}, (at,), ONE)
    grown(desk, stream)
    made = desk.json("new", "mine", "--again")
    assert made["base"] == "6.12.107"
    assert [a.name for a in load_patchset(desk.set).anchors] == ["v6.12", "v6.12.107"]


def test_a_newer_kernel_in_the_range_is_named(desk: Desk) -> None:
    stream = Stream()
    at = "refs/tags/v6.12.107^0"
    stream.commit("refs/heads/work", {"lib/old.c": b"one\n"}, (at,), ONE)
    grown(desk, stream)
    made = desk.new("v6.12..work")
    assert len(made["patches"]) == 2 and any("v6.12.107..work" in note for note in made["notes"])


def test_patches_that_were_changed_by_hand_are_not_lost(desk: Desk) -> None:
    desk.new()
    patch = desk.set / "v6.12/0001-mm-toy-raise-the-limit.patch"
    mine = patch.read_bytes().replace(b"max = 60", b"max = 61")
    patch.write_bytes(mine)
    stream = Stream()
    stream.commit("refs/heads/work", {"lib/more.c": b"more\n"}, ("refs/heads/work^0",))
    grown(desk, stream)
    status, _, err = desk.run("new", "mine", "--again")
    assert status == 2 and "were changed since" in err
    assert patch.read_bytes() == mine


def test_the_fixture_holds_what_it_claims(repository: Path) -> None:
    for revision, words in (("work~2", ONE), ("work~1", TWO)):
        told = read_commit(raw(repository, revision), revision).words
        assert (told.author, told.date) == words[:2] and told.message.strip() == words[2].strip()
    assert git(repository, "ls-tree", "work", "scripts/fresh.sh").startswith("100755")
    assert len(STEPS) == 3
