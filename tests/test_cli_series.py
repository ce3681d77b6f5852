# SPDX-License-Identifier: GPL-2.0-only
"""`zpmaint port --series` as a user calls it."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from series_fixtures import call, git_am, lay, quilt_folder, quilt_push
from test_cli import ROOT, zpmaint
from test_port_series import BASE, CLASH, ONE, TARGET, THREE, TWO, C, chain, work  # noqa: F401

MAKEFILE = b"VERSION = 6\nPATCHLEVEL = 12\nSUBLEVEL = %d\nEXTRAVERSION =\n"


@pytest.fixture
def trees(tmp_path: Path) -> list[str]:
    """The words that name two unpacked kernels as sources."""
    for number, tree in ((1, BASE), (2, TARGET), (3, CLASH)):
        lay(tmp_path / f"linux{number}", {**tree, "Makefile": MAKEFILE % number})
    return [
        word
        for n in (1, 2, 3)
        for word in ("--source", f"tree:{tmp_path / f'linux{n}'}")
    ]  # fmt: skip


def test_a_series_is_ported_and_written(trees: list[str], tmp_path: Path) -> None:
    folder = quilt_folder(tmp_path / "in", chain(C, ONE, TWO, THREE))
    out = tmp_path / "out"
    words = ["port", "6.12.2", "--series", str(folder), "--base", "6.12.1", "--out", str(out)]
    status, said, err = zpmaint("-q", *words, *trees)
    assert (status, err) == (0, "")
    assert "in on 6.12.2 from 6.12.1: 3 patches: 3 applies" in said
    quilt_push(out, TARGET, tmp_path / "tree")
    # The same again takes the place of what it wrote; a folder of something else it leaves alone.
    assert zpmaint("-q", *words, *trees)[0] == 0
    (tmp_path / "mine").mkdir()
    (tmp_path / "mine/file").touch()
    words[-1] = str(tmp_path / "mine")
    status, _, err = zpmaint("-q", *words, *trees)
    assert status == 2 and "holds other files" in err
    assert [p.name for p in (tmp_path / "mine").iterdir()] == ["file"]


def test_a_conflict_is_named_with_what_waits_for_it(trees: list[str], tmp_path: Path) -> None:
    folder = quilt_folder(tmp_path / "in", chain(C, ONE, TWO, THREE))
    words = ["-q", "port", "6.12.3", "--series", str(folder), "--base", "6.12.1"]
    status, said, _ = zpmaint(*words, "--json", *trees)
    assert status == 1
    told = json.loads(said)
    assert told["count"]["conflict"] == 1 and told["count"]["untried"] == 2
    assert told["patches"][0]["holds_up"] == ["2.patch"]
    assert told["whole"] is False
    status, said, _ = zpmaint(*words, "--keep-going", "--out", str(tmp_path / "out"), *trees)
    assert status == 1
    assert "holds up: 2.patch" in said and "<<<<<<< the patch" in said
    assert "2 conflict" in said and "1 applies" in said


def test_a_base_that_nobody_has_is_told(trees: list[str], tmp_path: Path) -> None:
    folder = quilt_folder(tmp_path / "in", chain(C, ONE))
    words = ["port", "6.12.2", "--series", str(folder), "--base", "6.11", "--out"]
    status, _, err = zpmaint(
        "--project", str(_project(tmp_path)), *words, str(tmp_path / "out"), *trees
    )
    assert status == 0
    assert "without the base 6.11" in err


def _project(folder: Path) -> Path:
    """A project whose own sources serve nothing."""
    there = folder / "project"
    there.mkdir()
    (there / "patches").symlink_to(ROOT / "patches")
    (there / "kernels.toml").write_text(
        'patch = "no-anon-zero-page"\n[sources.tree]\nkind = "tree"\nwhere = "'
        + str(folder / "linux1")
        + '"\n'
    )
    return there


@pytest.mark.parametrize(
    ("words", "says"),
    [
        (["--series", "x", "--patch", "p"], "takes the place"),
        (["--base", "6.12"], "are for --series"),
        (["--keep-going"], "are for --series"),
        (["--series", "x"], "wants --out"),
        (["--series", "x", "--out", "o"], "not there"),
    ],
)
def test_words_that_do_not_go_together(words: list[str], says: str) -> None:
    status, _, err = zpmaint("port", "6.12", *words)
    assert status == 2
    assert says in err


def test_mails_come_out_as_mails(work, trees: list[str], tmp_path: Path) -> None:  # noqa: F811
    work.git("reset", "-q", "--hard", "HEAD~3")  # what the trees have files for
    patches = work.format_patch(tmp_path / "patches", "-M")
    status, said, _ = zpmaint(
        "-q", "port", "6.12.2", "--series", str(patches), "--base", "6.12.1",
        "--out", str(tmp_path / "out"), *trees,
    )  # fmt: skip
    assert status == 0, said
    git_am(tmp_path / "out", {**TARGET, "Makefile": MAKEFILE % 2}, tmp_path / "there")


def test_a_series_is_held_to_a_threshold(trees: list[str], tmp_path: Path) -> None:
    folder = quilt_folder(tmp_path / "in", chain(C, ONE, TWO, THREE))
    words = ["-q", "port", "6.12.2", "--series", str(folder), "--json", *trees]
    assert zpmaint(*words, "--min-confidence", "0.9")[0] == 0
    status, _, err = zpmaint(*words, "--min-confidence", "1.1")
    assert status == 2 and "0.0<=x<=1.0" in err


def test_names_are_looked_for_where_git_tells_of_all(tmp_path: Path) -> None:
    """Upstream took away what the second patch calls, in a file that no patch touches."""
    helper = {"lib/h.c": b"int helper(void) { return 1; }\n"}
    one, two = C, C.replace(b"\tstep_9(a);\n", b"\tstep_9(a);\n\thelper();\n")
    folder = quilt_folder(tmp_path / "in", chain(one, two))
    repo = tmp_path / "repo"
    repo.mkdir()
    call("git", "init", "-q", "-b", "main", cwd=repo)
    for number, tree in ((1, {**BASE, **helper}), (2, {**TARGET, "lib/h.c": b"int other;\n"})):
        lay(repo, {**tree, "Makefile": MAKEFILE % number})
        call("git", "add", "-A", cwd=repo)
        call("git", "commit", "-q", "-m", "x", cwd=repo)
        call("git", "tag", f"v6.12.{number}", cwd=repo)
    words = ["-q", "port", "6.12.2", "--series", str(folder), "--base", "6.12.1", "--json"]

    def state(*more: str) -> tuple[str, str]:
        env = {"ZPMAINT_HOME": str(tmp_path / "home")}
        status, said, err = zpmaint(*words, "--source", f"git:{repo}", *more, env=env)
        assert status in (0, 1), err
        [row] = json.loads(said)["patches"]
        return row["state"], row["why"]

    found, why = state()
    assert found == "conflict" and "no longer has helper" in why
    assert state("--look-for-names") == (found, why)
    assert state("--no-look-for-names")[0] == "applies"


def test_names_in_unpacked_trees_are_looked_for_unless_told_not_to(
    trees: list[str], tmp_path: Path
) -> None:
    (tmp_path / "linux1/lib.c").write_text("int helper(void);\n")
    two = C.replace(b"\tstep_9(a);\n", b"\tstep_9(a);\n\thelper();\n")
    folder = quilt_folder(tmp_path / "in", chain(C, two))
    words = ["-q", "port", "6.12.2", "--series", str(folder), "--base", "6.12.1", "--json", *trees]
    home = {"ZPMAINT_HOME": str(tmp_path / "home")}
    assert zpmaint(*words, env=home)[0] == 1
    assert zpmaint(*words, "--no-look-for-names", env=home)[0] == 0
