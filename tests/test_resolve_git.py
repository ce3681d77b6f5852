# SPDX-License-Identifier: GPL-2.0-only
"""A conflict as git users know it: staged in a work tree, solved by git's tools, and remembered."""

from __future__ import annotations

from pathlib import Path

from git_fixtures import PATH, Desk, git, repository
from git_fixtures import desk_with_set as desk
from test_port_sites import HEAD, OLD, THEIRS

__all__ = ["desk", "repository"]


def staged(desk: Desk, version: str = "7.2") -> Path:
    status, _, err = desk.run("resolve", version, "--worktree")
    assert status == 1, err
    return desk.folder / f"home/state/resolve/mine-{version}/merged"


SOLVED = (HEAD + THEIRS.replace("max = 10;", "max = 60;")).encode()


def test_the_three_sides_are_in_the_index(desk: Desk) -> None:
    tree = staged(desk)
    assert git(tree, "status", "--porcelain") == f"UU {PATH}"
    sides = [git(tree, "show", f":{number}:{PATH}") + "\n" for number in (1, 2, 3)]
    assert sides == [HEAD + OLD, HEAD + THEIRS, HEAD + OLD.replace("max = 40;", "max = 60;")]
    assert "<<<<<<<" in (tree / PATH).read_text()
    git(tree, "checkout", "--theirs", PATH)
    assert "max = 60;" in (tree / PATH).read_text()


def test_a_mergetool_solves_it_and_the_set_remembers(desk: Desk) -> None:
    tree = staged(desk)
    solved = desk.folder / "solved"
    solved.write_bytes(SOLVED)
    git(tree, "config", "mergetool.mine.cmd", f'cp {solved} "$MERGED"')
    git(tree, "config", "mergetool.mine.trustExitCode", "true")
    git(tree, "mergetool", "--no-prompt", "--tool=mine")
    assert git(tree, "status", "--porcelain").startswith(f"M  {PATH}".strip())
    for left in tree.rglob("*.orig"):
        left.unlink()
    status, _, err = desk.run("resolve", "7.2", "--done", "--why", "the limit is ours")
    assert status == 0, err
    assert not tree.exists()
    assert desk.json("port", "7.2")["state"] == "ported"


def test_what_rerere_learnt_is_there_the_next_time(desk: Desk) -> None:
    tree = staged(desk)
    (tree / PATH).write_bytes(SOLVED)
    status, _, err = desk.run("resolve", "7.2", "--done")
    assert status == 0, err
    for kept in (desk.set / "resolutions").iterdir():
        kept.unlink()
    tree = staged(desk)
    assert (tree / PATH).read_bytes() == SOLVED, "replayed from the former one"


def test_a_folder_that_was_edited_becomes_a_work_tree_as_it_is(desk: Desk) -> None:
    assert desk.run("resolve", "7.2")[0] == 1
    tree = desk.folder / "home/state/resolve/mine-7.2/merged"
    text = (tree / PATH).read_text().replace("log_it(a);", "log_it(a); /* mine */")
    (tree / PATH).write_text(text)
    assert staged(desk) == tree
    assert (tree / PATH).read_text() == text
    assert staged(desk) == tree, "again changes nothing"
    assert desk.run("resolve", "7.2", "--abort")[0] == 0
    assert not tree.exists()
