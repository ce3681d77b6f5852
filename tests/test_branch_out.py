# SPDX-License-Identifier: GPL-2.0-only
"""`zpmaint port --branch`: commits on top of a kernel, and nothing of anybody's touched."""

from __future__ import annotations

import json
import os
import re
import signal
from pathlib import Path
from typing import Any

import pytest
from git_fixtures import BASE, ONE, PATH, STEPS, THREE, TWO, Desk, Stream, git, repository
from git_fixtures import POINT as POINT_FILES
from git_fixtures import desk_with_set as desk

from zpmaint.app import branch_out
from zpmaint.core.errors import UserError
from zpmaint.diffs.commit_words import CommitWords, read_commit, with_trailers
from zpmaint.sources import git_landing
from zpmaint.sources.git_branches import Branches
from zpmaint.sources.git_push import address

POINT = "6.12.107"

__all__ = ["desk", "repository"]


def ported(desk: Desk, version: str = POINT, *more: str, name: str = ":out") -> Any:
    (row,) = desk.json("port", version, "--branch", f"{desk.repo}{name}", *more)
    return row["branch"]


def words(desk: Desk, revision: str) -> CommitWords:
    data = desk.git("cat-file", "commit", revision) + "\n"
    return read_commit(data.encode("utf-8", "surrogateescape"), revision).words


def everything(folder: Path) -> dict[Path, bytes]:
    return {p: p.read_bytes() for p in folder.rglob("*") if p.is_file()}


def test_a_port_becomes_commits_on_the_kernel(desk: Desk) -> None:
    desk.git("checkout", "-q", "work")
    (desk.repo / PATH).write_text("not committed\n")
    before = everything(desk.repo)
    row = ported(desk)
    assert (row["moved"], row["commits"]) == ("made", 3)
    assert desk.git("rev-parse", "out~3") == desk.git("rev-parse", "v6.12.107^{commit}")
    assert desk.git("status", "--porcelain") == "M mm/toy.c"
    after = everything(desk.repo)
    assert {path: after.get(path) for path in before} == before, "work tree, index and HEAD stay"
    new = {str(p.relative_to(desk.repo / ".git")) for p in after.keys() - before.keys()}
    rest = {name for name in new if not name.startswith("objects/")}
    assert rest == {"refs/heads/out", "refs/zpmaint/written/out", "logs/refs/heads/out"}
    desk.git("fsck", "--strict", "--no-dangling")
    for revision, was in zip(("out~2", "out~1", "out"), (ONE, TWO, THREE), strict=True):
        told = words(desk, revision)
        assert (told.author, told.date, told.encoding) == (was[0], was[1], was[3])
        assert told.message.startswith(was[2].rstrip(b"\n"))
        assert re.search(rb"Ported-from: mine v6.12 000\d-", told.message)
        assert re.search(rb"Ported-to: 6.12.107: applies, confidence (0.99|1.00)\n", told.message)


def test_the_committer_is_who_git_says(desk: Desk) -> None:
    """Its order: the environment, what is said of committers, the user."""
    asked = iter(range(9))

    def committer() -> str:
        ported(desk, name=f":out{(number := next(asked))}")
        return desk.git("log", "-1", "--format=%cn <%ce>", f"out{number}")

    assert committer() == "Kay Keeper <kay@example.org>"
    config = Path(desk.env["HOME"]) / ".gitconfig"
    config.write_text(config.read_text() + "[committer]\n\tname = Kay at Work\n")
    assert committer() == "Kay at Work <kay@example.org>"
    desk.env |= {"GIT_COMMITTER_NAME": "Ann <A> Other", "GIT_COMMITTER_EMAIL": "ann@example.org"}
    assert committer() == "Ann A Other <ann@example.org>"


def test_trailers_stand_with_those_that_are_there(desk: Desk) -> None:
    ported(desk)
    assert words(desk, "out~2").message.splitlines()[-3:] == [
        "Signed-off-by: Jörg <j@example.org>".encode(),
        b"Ported-from: mine v6.12 0001-mm-toy-raise-the-limit.patch",
        b"Ported-to: 6.12.107: applies, confidence 0.99",
    ]


@pytest.mark.parametrize("version", [POINT, "6.12"])
def test_the_tree_is_that_of_git_am_and_of_cherry_pick(desk: Desk, version: str) -> None:
    row = ported(desk, version)
    status, _, err = desk.run("port", version, "--out", str(desk.folder / "ported"))
    assert status == 0, err
    files = sorted((desk.folder / f"ported/v{version}").glob("*.patch"))
    desk.git("checkout", "-q", "-b", "am", f"v{version}")
    desk.git("am", "-q", "--keep-cr", *map(str, files))
    assert desk.git("rev-parse", "am^{tree}") == desk.git("rev-parse", "out^{tree}")
    desk.git("checkout", "-q", "-b", "picked", f"v{version}")
    desk.git("cherry-pick", "v6.12..work")
    assert desk.git("rev-parse", "picked^{tree}") == desk.git("rev-parse", f"{row['tip']}^{{tree}}")
    told = desk.git("range-diff", "--no-color", f"v{version}..picked", f"v{version}..out")
    changed = [line[5:] for line in told.splitlines() if re.match(r"    [-+]", line)]
    assert len(re.findall(r"^\d:.* ! \d:", told, re.M)) == 3
    assert all("Ported-" in line or not line.strip() for line in changed), "trailers alone differ"


def test_the_same_port_again_moves_nothing(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    first = ported(desk)
    monkeypatch.setattr(branch_out.time, "time", lambda: 4e9)
    before = everything(desk.repo)
    again = ported(desk)
    assert (again["moved"], again["tip"]) == ("the same", first["tip"])
    shown = [line.split()[4] for line in again["range_diff"].splitlines() if line[:1].isdigit()]
    kept = desk.git("rev-list", "--reverse", "v6.12.107..out").split()
    assert [sha for sha in kept if not any(map(sha.startswith, shown))] == [], "those that are kept"
    assert everything(desk.repo) == before


def grown(desk: Desk) -> None:
    stream = Stream()
    stream.commit("refs/heads/work", {"lib/more.c": b"more\n"}, ("refs/heads/work^0",))
    git(desk.repo, "fast-import", "--quiet", stdin=stream.data)
    desk.json("new", "mine", "--again")


def test_what_zpmaint_wrote_is_moved_by_zpmaint(desk: Desk) -> None:
    first = ported(desk)
    grown(desk)
    again = ported(desk)
    assert (again["moved"], again["commits"]) == ("moved", 4)
    assert again["tip"] != first["tip"]


def test_a_branch_with_commits_of_others_is_left_alone(desk: Desk) -> None:
    ported(desk)
    stream = Stream()
    at = "refs/heads/out^0"
    who = (b"O <o@x>", "1 +0000", b"somebody's own\n", b"")
    stream.commit("refs/heads/out", {"lib/o.c": b"o\n"}, (at,), who)
    git(desk.repo, "fast-import", "--quiet", stdin=stream.data)
    before = everything(desk.repo)
    status, _, err = desk.run("port", POINT, "--branch", f"{desk.repo}:out")
    assert status == 2 and '"somebody\'s own"' in err
    assert everything(desk.repo) == before
    status, _, err = desk.run("port", POINT, "--branch", f"{desk.repo}:work")
    assert status == 2 and "did not write" in err


def test_an_empty_branch_on_the_kernel_is_taken(desk: Desk) -> None:
    desk.git("branch", "out", "v6.12.107^{commit}")
    assert ported(desk)["moved"] == "moved"


@pytest.mark.parametrize("how", ["head", "worktree", "rebase"])
def test_a_branch_that_is_checked_out_is_left_alone(desk: Desk, how: str) -> None:
    ported(desk)
    if how == "head":
        desk.git("checkout", "-q", "out")
    elif how == "worktree":
        desk.git("worktree", "add", "-q", str(desk.folder / "other"), "out")
    else:
        (desk.repo / ".git/rebase-merge").mkdir()
        (desk.repo / ".git/rebase-merge/head-name").write_text("refs/heads/out\n")
    grown(desk)
    tip = desk.git("rev-parse", "out")
    status, _, err = desk.run("port", POINT, "--branch", f"{desk.repo}:out")
    assert status == 2 and "checked out in" in err
    assert desk.git("rev-parse", "out") == tip


def test_hooks_and_configuration_of_the_repository_run_nothing(desk: Desk) -> None:
    marker = desk.folder / "ran"
    for name in ("reference-transaction", "post-commit", "update"):
        hook = desk.repo / ".git/hooks" / name
        hook.parent.mkdir(exist_ok=True)
        hook.write_text(f"#!/bin/sh\necho {name} >> {marker}\n")
        hook.chmod(0o755)
    for key in ("core.fsmonitor", "core.pager", "core.editor", "diff.external", "core.sshCommand"):
        desk.git("config", key, f"touch {marker}; true")
    ported(desk)
    assert not marker.exists()


def test_who_moves_the_branch_meanwhile_keeps_it(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    land = git_landing.land

    def late(*words: Any) -> None:
        desk.git("branch", "out", "work")
        land(*words)

    monkeypatch.setattr(branch_out, "land", late)
    status, _, err = desk.run("port", POINT, "--branch", f"{desk.repo}:out")
    assert status == 2 and "is not written" in err
    assert desk.git("rev-parse", "out") == desk.git("rev-parse", "work")
    assert not desk.git("for-each-ref", "refs/zpmaint")


@pytest.mark.parametrize(
    ("version", "name", "said"),
    [(POINT, ":a..b", "cannot be the name"), (POINT, ":refs/x.lock", "cannot be the name"),
     ("6.1", ":out", "no kernel 6.1"), (POINT, ":work/out", "is not written")],
)  # fmt: skip
def test_what_cannot_be_a_branch_is_said(desk: Desk, version: str, name: str, said: str) -> None:
    status, _, err = desk.run("port", version, "--branch", f"{desk.repo}{name}")
    assert status == 2 and said in err, err


def test_a_conflict_writes_nothing(desk: Desk) -> None:
    status, _, err = desk.run("port", "7.2", "--branch", f"{desk.repo}:out")
    assert status == 1 and "conflict" in err
    assert not desk.git("branch", "--list", "out")


def test_other_files_than_the_tags_are_no_start(desk: Desk) -> None:
    tree = desk.folder / "tree"
    desk.git("worktree", "add", "-q", str(tree), "v6.12.107")
    (tree / "Makefile").write_text("VERSION = 6\nPATCHLEVEL = 12\nSUBLEVEL = 107\nEXTRAVERSION =\n")
    (tree / "lib/dos.txt").write_bytes(b"zero\r\n" + (tree / "lib/dos.txt").read_bytes())
    status, _, err = desk.run(
        "port", POINT, "--branch", f"{desk.repo}:out", "--source", f"tree:{tree}"
    )
    assert status == 2 and "another lib/dos.txt" in err


def test_all_tracked_kernels_go_in_one_call(desk: Desk) -> None:
    rows = "".join(
        f'[[kernel]]\nversion = "{version}"\nsources = ["toy"]\n'
        for version in ("6.12.107", "6.12", "7.2")
    )
    with (desk.project / "kernels.toml").open("a") as stream:
        stream.write(rows)
    status, out, err = desk.run("port", "tracked", "--branch", str(desk.repo), "--json")
    assert status == 1, err
    told = {row["version"]: row for row in json.loads(out)}
    assert told["7.2"]["branch"] is None and "conflict" in told["7.2"]["error"]
    names = desk.git("for-each-ref", "--format=%(refname:short)", "refs/heads/mine").split()
    assert names == ["mine/v6.12", "mine/v6.12.107"]
    status, _, err = desk.run("port", "tracked", "--branch", f"{desk.repo}:one")
    assert status == 2 and "{version}" in err


def test_a_range_diff_is_shown(desk: Desk) -> None:
    status, out, err = desk.run("port", POINT, "--branch", f"{desk.repo}:out")
    assert status == 0, err
    assert re.search(r"1:  [0-9a-f]{7,} [=!] 1:  [0-9a-f]{7,} mm/toy: raise the limit", out)
    assert out.count("=") >= 2


def test_pushed_only_when_said_and_over_nothing_of_others(desk: Desk) -> None:
    far = desk.folder / "far.git"
    git(desk.folder, "init", "-q", "--bare", str(far))
    desk.git("remote", "add", "up", str(far))
    ported(desk)
    assert not git(far, "for-each-ref")
    words = ("port", POINT, "--branch", f"{desk.repo}:out", "--push", "up")
    for wanted in ("pushed", "pushed before"):
        (row,) = desk.json(*words)
        assert row["pushed"] == {"remote": "up", "sent": wanted}
        assert git(far, "rev-parse", "refs/heads/out") == row["branch"]["tip"]
    grown(desk)
    assert desk.json(*words)[0]["pushed"]["sent"] == "pushed again"
    git(far, "update-ref", "refs/heads/out", desk.git("rev-parse", "v6.12^{commit}"))
    other = Stream()
    other.commit("refs/heads/out", {"x": b"x\n"}, ("refs/heads/out^0",))
    git(far, "fast-import", "--quiet", stdin=other.data)
    status, _, err = desk.run(*words)
    assert status == 2 and "did not push" in err


def test_addresses_that_run_nothing(desk: Desk) -> None:
    def asked(remote: str = "up") -> str:
        with Branches(desk.repo, desk.folder / "home/cache") as there:
            return address(there, remote)

    for url in ("ext::sh -c touch% x", "--upload-pack=x", "nowhere", "ssh://-oProxyCommand=x/y"):
        desk.git("config", "remote.up.url", url)
        with pytest.raises(UserError, match="no address"):
            asked()
    for url in ("https://x.org/y.git", "git@x.org:y.git", "ssh://git@x.org/y"):
        desk.git("config", "remote.up.url", url)
        assert asked() == url
    with pytest.raises(UserError, match="no remote 'down'"):
        asked("down")
    desk.git("config", "remote.up.url", "file:///nowhere.git")
    status, _, err = desk.run("port", POINT, "--branch", f"{desk.repo}:out", "--push", "up")
    assert status == 3 and "does not appear" in err


def test_bare_repositories_and_linked_work_trees(desk: Desk) -> None:
    bare, linked = desk.folder / "bare.git", desk.folder / "linked"
    desk.git("clone", "-q", "--bare", str(desk.repo), str(bare))
    desk.git("worktree", "add", "-q", str(linked), "work")
    status, _, err = desk.run("port", POINT, "--branch", f"{bare}:out")
    assert status == 0, err
    status, _, err = desk.run("port", POINT, "--branch", f"{linked}:out")
    assert status == 0, err
    assert git(bare, "rev-parse", "out^{tree}") == desk.git("rev-parse", "out^{tree}")


def test_a_repository_of_sha256(desk: Desk) -> None:
    stream = Stream()
    base = stream.commit("refs/tags/v6.12", BASE)
    stream.commit("refs/tags/v6.12.107", POINT_FILES, (base,))
    stream.commit("refs/heads/work", STEPS[0], (base,), ONE)
    repo = desk.folder / "sha256"
    repo.mkdir()
    git(repo, "init", "-q", "--object-format=sha256")
    git(repo, "fast-import", "--quiet", stdin=stream.data)
    desk.json("new", "other", "work", "--from", f"git:{repo}")
    status, _, err = desk.run("port", POINT, "--patch", "other", "--branch", f"{repo}:out")
    assert status == 0, err
    assert len(git(repo, "rev-parse", "out")) == 64
    assert git(repo, "rev-parse", "out~1") == git(repo, "rev-parse", "v6.12.107^{commit}")


def test_what_a_kill_left_is_cleared_by_the_next_run(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    cache = desk.folder / "home/cache"

    def killed(*_: object) -> None:
        os.kill(os.getpid(), signal.SIGKILL)

    monkeypatch.setattr(branch_out, "land", killed)
    child = os.fork()
    if not child:
        desk.run("port", POINT, "--branch", f"{desk.repo}:out")
        os._exit(1)
    assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == -signal.SIGKILL
    monkeypatch.undo()
    assert not desk.git("branch", "--list", "out")
    assert list(cache.glob("git/.bench-*.landing.*"))
    assert ported(desk)["moved"] == "made"
    assert not list(cache.glob("git/.bench-*.landing.*"))


def test_what_the_kernel_has_is_dropped_and_named(desk: Desk) -> None:
    desk.git("tag", "v6.13", "work~2")
    row = ported(desk, "6.13")
    assert (row["commits"], row["dropped"]) == (2, ["0001-mm-toy-raise-the-limit.patch"])
    desk.git("tag", "v6.14", "work")
    row = ported(desk, "6.14", name=":all")
    assert row["commits"] == 0 and row["tip"] == desk.git("rev-parse", "work")


HEADED = (
    b"From: S <s@x>\nDate: Tue, 14 Nov 2023 22:13:20 +0100\nSubject: [PATCH] one\n\nWords.\n---\n"
)


@pytest.mark.parametrize(
    ("head", "said"),
    [(HEADED, "S <s@x> 1699996400 +0100|one|Words.\n\nPorted-from"),
     (b"", "<unknown@mine-2.invalid> 1600000000 +0000|imported from p.patch|Ported-from")],
)  # fmt: skip
def test_a_set_of_one_patch_is_one_commit(desk: Desk, head: bytes, said: str) -> None:
    place = desk.folder / "p.patch"
    place.write_bytes(head + desk.git("diff", "v6.12", "work~2", "--", "mm").encode() + b"\n")
    desk.json("new", "mine-2", "--from", str(place), "--base", "6.12")
    status, _, err = desk.run("port", POINT, "--patch", "mine-2", "--branch", f"{desk.repo}:out")
    assert status == 0, err
    told = desk.git("log", "-1", "--date=raw", "--format=%an <%ae> %ad|%s|%b", "out")
    assert said in told


@pytest.mark.parametrize(
    ("before", "after"),
    [(b"", b"K: v\n"), (b"title", b"title\n\nK: v\n"), (b"a: b\n", b"a: b\n\nK: v\n"),
     (b"t\n\ntext: of\nmore lines\n", b"t\n\ntext: of\nmore lines\n\nK: v\n"),
     (b"t\n\nFixes: 1\nand a word\n", b"t\n\nFixes: 1\nand a word\nK: v\n"),
     (b"t\n\nCc: x\nK: old\n", b"t\n\nCc: x\nK: v\n")],
)  # fmt: skip
def test_where_a_trailer_goes(before: bytes, after: bytes) -> None:
    assert with_trailers(before, [("K", "v")]) == after
