# SPDX-License-Identifier: GPL-2.0-only
"""Stable pairs from git histories to figures, on toy histories with a planted pair of each sort."""

from __future__ import annotations

import shutil
from dataclasses import replace
from pathlib import Path

import pytest
from pairs_fixtures import commit, repository, toy_pairs
from sources_fixtures import git

from zpmaint.core.errors import UserError
from zpmaint.evaluate import pair_build, pair_classes
from zpmaint.evaluate.classes import Class
from zpmaint.evaluate.histories import History
from zpmaint.evaluate.pair_build import is_whole, prepare_pairs, release_before
from zpmaint.evaluate.pair_list import PairRow, read_list
from zpmaint.evaluate.pair_report import learned_from, pair_report
from zpmaint.evaluate.pair_run import measure_pairs
from zpmaint.evaluate.pair_shown import write_pairs
from zpmaint.evaluate.pair_store import PairStore, StoredPair
from zpmaint.evaluate.pair_values import Adaptation, PairResult, adaptation, extra
from zpmaint.evaluate.run import NAMES
from zpmaint.evaluate.tree_words import walk


@pytest.fixture(scope="module")
def top(tmp_path_factory: pytest.TempPathFactory) -> Path:
    top = tmp_path_factory.mktemp("histories")
    toy_pairs(top)
    return top


@pytest.fixture(scope="module")
def rows(top: Path) -> list[PairRow]:
    return read_list(top / "toy.csv")


@pytest.fixture(scope="module")
def data(top: Path, rows: list[PairRow]) -> Path:
    prepare_pairs(top / "data", rows, top, jobs=2)
    return top / "data"


@pytest.fixture(scope="module")
def pairs(data: Path, rows: list[PairRow]) -> dict[str, StoredPair]:
    store = PairStore(data)
    return {pair.subject: pair for pair in map(store.pair, rows)}


@pytest.fixture(scope="module")
def results(data: Path, rows: list[PairRow]) -> list[PairResult]:
    names = [name for name in NAMES if name != "wiggle" or shutil.which("wiggle")]
    return measure_pairs(data, rows, names, jobs=2)


def of(results: list[PairResult], subject: str, tool: str = "zpmaint") -> PairResult:
    (found,) = [row for row in results if (row.subject, row.tool) == (subject, tool)]
    return found


# The list.


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("set,stable_commit\n", "no column mainline_repository"),
        ("{head}\n2.6.29,a/b,12,c/d,34\n", "line 2: mainline_commit is '12'"),
        ("{head}\n2.6.29,b,{sha},c/d,{sha}\n", "line 2: mainline_repository is 'b'"),
        ("{head}\n,a/b,{sha},c/d,{sha}\n", "line 2: set is ''"),
        ("{head}\n", "holds no pair"),
    ],
)
def test_a_list_that_is_none_is_said_to_be_so(text: str, said: str, tmp_path: Path) -> None:
    head = "set,mainline_repository,mainline_commit,stable_repository,stable_commit"
    place = tmp_path / "list.csv"
    place.write_text(text.format(head=head, sha="0" * 40))
    with pytest.raises(UserError, match=said):
        read_list(place)


def test_a_pair_twice_is_one(top: Path, rows: list[PairRow], tmp_path: Path) -> None:
    lines = (top / "toy.csv").read_text().splitlines()
    (tmp_path / "twice.csv").write_text("\n".join([*lines, lines[1]]))
    assert read_list(tmp_path / "twice.csv") == rows and len(rows) == 6


# The data set.


def test_the_four_states_of_a_file(pairs: dict[str, StoredPair]) -> None:
    (file,) = pairs["offset"].files
    assert file.base and file.after and file.target and file.truth
    assert b"mine" not in file.base.data and file.base.data.startswith(b"line 1\n")
    assert file.after.data == file.base.data.replace(b"line 10\n", b"mine\n")
    assert file.target.data == b"top\n" + file.base.data
    assert file.truth.data == b"top\n" + file.after.data
    assert pairs["offset"].patch.data.startswith(b"From ") and pairs["offset"].exact


def test_what_the_trees_know_of_names(pairs: dict[str, StoredPair]) -> None:
    names = pairs["named"].names
    assert names["fresh_helper"] == (True, False)  # in the release before the base; not there
    assert names["first"] == (True, True)
    assert not pairs["offset"].names["mine"][0]


def test_a_file_that_holds_the_function_is_offered(pairs: dict[str, StoredPair]) -> None:
    files = {file.path: file for file in pairs["moved"].files}
    assert list(files) == ["new_home.c", "old_home.c"]
    assert files["new_home.c"].target is None
    assert "mover" in files["old_home.c"].offered
    truth = files["old_home.c"].truth
    assert truth is not None and b"middle_of(n)" in truth.data
    assert all(not file.offered for p in pairs.values() for file in p.files[:1])


def test_types_and_files_of_the_backport_alone(pairs: dict[str, StoredPair]) -> None:
    assert {subject: adaptation(pair) for subject, pair in pairs.items()} == {
        "same": Adaptation.NONE,
        "offset": Adaptation.PLACE,
        "adapted": Adaptation.LINES,
        "named": Adaptation.LINES,
        "moved": Adaptation.LINES,
        "more": Adaptation.LINES,
    }
    assert extra(pairs["more"]) == ("extra.c",) and not extra(pairs["offset"])


def test_what_is_there_is_not_built_again(
    data: Path, rows: list[PairRow], monkeypatch: pytest.MonkeyPatch
) -> None:
    assert is_whole(data, rows) and not is_whole(data / "elsewhere", rows)
    prepare_pairs(data, rows, None)  # without histories: none is asked


def test_a_killed_build_goes_on(
    top: Path, rows: list[PairRow], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def dies(*_: object) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(pair_build, "_look_at_targets", dies)
        with pytest.raises(KeyboardInterrupt):
            prepare_pairs(tmp_path, rows, top, jobs=1)
    store = PairStore(tmp_path)
    assert not store.lacks(rows, names=False) and store.lacks(rows, names=True) == rows
    store.close()
    monkeypatch.setattr(
        pair_build, "_states", lambda row, paths, *_: dies() if "same.c" in paths else iter(())
    )
    prepare_pairs(tmp_path, rows, top, jobs=1)  # contents are not read again
    assert is_whole(tmp_path, rows)


def test_histories_that_are_not_there(top: Path, rows: list[PairRow], tmp_path: Path) -> None:
    with pytest.raises(UserError, match="no such repository"):
        prepare_pairs(tmp_path / "d", rows, tmp_path)
    lost = [PairRow("2.6.29", "toy/mainline", "1" * 40, "toy/stable", rows[0].stable)]
    with pytest.raises(UserError, match=r"1 commits are not there: 1{40}"):
        prepare_pairs(tmp_path / "d", lost, top)


def test_the_release_before(tmp_path: Path) -> None:
    repo = repository(tmp_path / "a/b")
    first = commit(repo, "first", {"a": "1\n"})
    old = commit(repo, "Linux 2.6.29", {"a": "2\n"})
    git(repo, "checkout", "-q", "-b", "side")
    side = commit(repo, "side", {"b": "1\n"})
    git(repo, "checkout", "-q", "main")
    new = commit(repo, "Linux 2.6.30-rc1", {"a": "3\n"})
    git(repo, "merge", "-q", "--no-ff", "-m", "merge", "side")
    merge = git(repo, "rev-parse", "HEAD")
    found = release_before(History(tmp_path, "a/b").commits([merge]))
    assert found == {first: first, old: old, side: old, new: new, merge: new}


def test_names_along_a_history(tmp_path: Path) -> None:
    repo = repository(tmp_path / "a/b")
    trees = [
        commit(repo, "1", {"a.c": "alpha beta\n", "b.c": "beta\n"}),
        commit(repo, "2", {"a.c": "alpha_beta\n", "c.c": "gamma\n"}),
        commit(repo, "3", {"b.c": None, "d/c.c": "gamma alpha\n"}),
    ]
    history = History(tmp_path, "a/b")
    found = []
    for _, tree in walk(history, trees, ["alpha", "beta", "gamma"], jobs=1):
        found.append({name: tree.speaking(name) for name in ("alpha", "beta", "gamma")})
        assert all(tree.speaks(name) == bool(files) for name, files in found[-1].items())
    assert found == [
        {"alpha": ["a.c"], "beta": ["a.c", "b.c"], "gamma": []},
        {"alpha": [], "beta": ["b.c"], "gamma": ["c.c"]},
        {"alpha": ["d/c.c"], "beta": [], "gamma": ["c.c", "d/c.c"]},
    ]


# Measuring.


@pytest.mark.parametrize(
    ("subject", "zpmaint", "exact", "merge"),
    [
        ("same", "equal", "equal", "equal"),
        ("offset", "equal", "equal", "equal"),
        ("adapted", "different", "different", "different"),
        ("named", "conflict", "different", "different"),
        ("more", "equal", "equal", "equal"),
    ],
)
def test_each_tool_on_a_planted_pair(
    results: list[PairResult], subject: str, zpmaint: str, exact: str, merge: str
) -> None:
    assert of(results, subject).verdict == zpmaint
    assert of(results, subject, "patch -F0").verdict == exact
    assert of(results, subject, "git merge-file").verdict == merge


def test_a_function_is_found_in_the_file_that_holds_it(results: list[PairResult]) -> None:
    assert of(results, "moved").verdict == "equal"
    assert [hunk.placed for hunk in of(results, "moved").hunks] == ["moved"]
    assert {of(results, "moved", tool).verdict for tool in ("patch -F0", "git merge-file")} == {
        "conflict"
    }
    assert of(results, "moved").hard and not of(results, "offset").hard


def test_the_report(results: list[PairResult]) -> None:
    figures = pair_report(results, ["2.6.28"])
    every, tuning, held_out = figures.parts
    assert [part.pairs for part in figures.parts] == [6, 3, 3]
    assert every.sets == ("2.6.28", "2.6.29") and held_out.sets == ("2.6.29",)
    assert every.extra == 1
    assert every.groups["type III/IV"]["patch -F0"].cases == 4
    assert every.groups["2.6.28"]["zpmaint"].cases == tuning.groups["all"]["zpmaint"].cases == 3
    assert every.groups["hard"]["patch -F0"].clean == 0
    assert (every.sure.answers, every.sure.wrong, every.wrong) == (6, 1, 1)
    assert every.sure.share == pytest.approx(100 / 6)
    clean = sum(bucket.count for bucket in every.calibration)
    assert clean == every.groups["all"]["zpmaint"].clean
    assert figures.classes["2.6.28"]["not read yet"] == 1
    assert pair_report(results).parts == (every,)


def test_only_the_named_sets_are_learned_from(results: list[PairResult]) -> None:
    table = learned_from(results, ["2.6.28"])
    assert sum(row.n for row in table) == sum(
        row.verdict != "conflict"
        for row in results
        if row.set == "2.6.28" and row.tool == "zpmaint"
    )


def test_differences_are_laid_out(
    results: list[PairResult], rows: list[PairRow], data: Path, tmp_path: Path
) -> None:
    out = tmp_path / "different"
    assert write_pairs(results, rows, data, out) == 1
    (file,) = out.glob("2.6.28/*.diff")
    text = file.read_text()
    assert of(results, "adapted").result in text and "not read yet" in text
    assert "+ours" in text and text.endswith(
        " line 9\n-ours\n+mine\n line 11\n line 12\n line 13\n"
    )
    with pytest.raises(UserError, match="not a folder of this command"):
        write_pairs(results, rows, data, data)


def test_what_people_found_is_kept_by_commits_and_result(
    results: list[PairResult], tmp_path: Path
) -> None:
    row = of(results, "adapted")
    place = tmp_path / "classes.toml"
    place.write_text(
        f'[[case]]\nmainline = "{row.mainline[:12]}"\nstable = "{row.stable[:12]}"\n'
        f'result = "{row.result}"\nclass = "taste"\nwhy = "as good"\n'
    )
    known = pair_classes.declared(place)
    assert pair_classes.reading(row, known) == (Class.TASTE, "as good")
    assert pair_classes.reading(replace(row, result="0" * 12), known)[0] is Class.UNREAD
    # On the base itself a patch has one result: what differs there was revised.
    same = replace(row, adaptation=Adaptation.NONE)
    assert pair_classes.reading(same, {})[0] is Class.REVISED
    table = learned_from([row, replace(same, mainline="1" * 40)], ["2.6.28"])
    assert sum(one.n for one in table) == 1
    place.write_text(place.read_text().replace("taste", "nice"))
    with pytest.raises(UserError, match=r"classes\.toml"):
        pair_classes.declared.__wrapped__(place)
