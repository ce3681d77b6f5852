# SPDX-License-Identifier: GPL-2.0-only
"""Queues of others: their table, their layouts in a repository, and the cases that they make."""

from __future__ import annotations

from pathlib import Path

import pytest
from evaluate_fixtures import Counter, numbered, package, patch
from pairs_fixtures import commit, repository

from zpmaint.core.errors import InfraError, UserError
from zpmaint.evaluate import build as building
from zpmaint.evaluate import report as reports
from zpmaint.evaluate.build import prepare_others
from zpmaint.evaluate.cases import load
from zpmaint.evaluate.histories import History
from zpmaint.evaluate.other_queues import read_other, read_table
from zpmaint.evaluate.run import measure

N = numbered
TABLE = """
[kernels]
"6.1" = "6.1.1-1"
"6.2" = "6.2.1-1"
{more}
[[queue]]
name = "toys"
repository = "toy/queue"
folders = ["generic/pending-{{line}}", "generic/hack-{{line}}"]
pairs = ["{pair}"]
why = "a toy"
"""


def _table(place: Path, more: str = "", pair: str = "6.1..6.2") -> Path:
    place.write_text(TABLE.format(more=more, pair=pair))
    return place


def _repository(top: Path) -> None:
    """Two lines: place alone differs in one patch, the other is revised; one fails on its base."""
    repo = repository(top / "toy/queue")
    mine = N(30, l10="mine")
    files: dict[str, str | None] = {
        "generic/pending-6.1/2-b.patch": patch(("b.c", N(30), mine)),
        "generic/pending-6.1/10-a.patch": patch(("a.c", N(30), mine)),
        "generic/pending-6.1/broken.patch": patch(("a.c", "not\n", "there\n")),
        "generic/pending-6.1/readme.txt": "no patch\n",
        "generic/hack-6.1/10-a.patch": patch(("c.c", N(30), mine)),
        "generic/hack-6.1/strange.patch": patch(("../out.c", N(30), mine)),
        "generic/pending-6.2/2-b.patch": patch(("b.c", "top\n" + N(30), "top\n" + mine)),
        "generic/pending-6.2/10-a.patch": patch(
            ("a.c", "top\n" + N(30), "top\n" + N(30, l10="mine", l20="more"))
        ),
        "generic/hack-6.2/10-a.patch": patch(("c.c", N(30, l8="new"), N(30, l8="new", l10="mine"))),
    }
    commit(repo, "queues", files)


def _shop(folder: Path) -> Counter:
    old = {name: N(30) for name in ("a.c", "b.c", "c.c")}
    new = {"a.c": "top\n" + N(30), "b.c": "top\n" + N(30), "c.c": N(30, l8="new")}
    made = [package(folder, "6.1.1-1", old, []), package(folder, "6.2.1-1", new, [])]
    return Counter({one.name: one for one in made})


@pytest.mark.parametrize(
    ("more", "pair", "said"),
    [
        ("", "6.1", "'6.1' is no pair"),
        ("", "6.1..6.3", "kernels: no row '6.3'"),
        ("[[queue]]\nname = 'x'\n", "6.1..6.2", "queue"),
        ("[[[", "6.1..6.2", "table.toml"),
    ],
)
def test_a_table_that_is_none(more: str, pair: str, said: str, tmp_path: Path) -> None:
    with pytest.raises(UserError, match=said):
        read_table(_table(tmp_path / "table.toml", more, pair))


def test_the_shipped_table_is_whole() -> None:
    others = read_table()
    assert ("openwrt-generic-6.12", "openwrt-generic-6.18") in others.pairs
    assert {name for pair in others.pairs for name in pair} == set(others.queues)
    queue = others.queues["openwrt-generic-6.18"]
    assert queue.folders[0].endswith("/backport-6.18") and queue.package.startswith("6.18.")


def test_folders_in_their_order_and_names_without_the_line(tmp_path: Path) -> None:
    _repository(tmp_path)
    queue = read_table(_table(tmp_path / "t.toml")).queues["toys-6.1"]
    found, unread = read_other(History(tmp_path, "toy/queue"), queue)
    assert [one.name for one in found] == [
        "pending/2-b.patch", "pending/10-a.patch", "pending/broken.patch", "hack/10-a.patch",
    ]  # fmt: skip
    assert len(unread) == 1 and unread[0].startswith("hack/strange.patch: ")


def test_a_table_of_patches_is_followed(tmp_path: Path) -> None:
    repo = repository(tmp_path / "toy/queue")
    text = patch(("a.c", N(30), N(30, l10="mine")))
    files: dict[str, str | None] = {
        "generic/pending-6.1/series.conf": "sub/b.patch\n-\tsub/off.patch\na.patch\n",
        "generic/pending-6.1/sub/b.patch": text,
        "generic/pending-6.1/sub/off.patch": text,
        "generic/pending-6.1/a.patch": text,
        "generic/hack-6.1/sub/c.diff": text,
    }
    commit(repo, "queue", files)
    queue = read_table(_table(tmp_path / "t.toml")).queues["toys-6.1"]
    found, _ = read_other(History(tmp_path, "toy/queue"), queue)
    assert [one.name for one in found] == [
        "pending/sub/b.patch", "pending/a.patch", "hack/sub/c.diff",
    ]  # fmt: skip


def test_cases_and_what_the_maintainers_changed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    _repository(tmp_path)
    others = read_table(_table(tmp_path / "t.toml"))
    data = tmp_path / "data"
    pair = ("toys-6.1", "toys-6.2")
    assert prepare_others(data, others, tmp_path, _shop(tmp_path / "p")) == [pair]
    cases = {case.name: case for case in load(data, [pair])}
    assert list(cases) == ["pending/2-b.patch", "pending/10-a.patch", "hack/10-a.patch"]
    same = {name: case.files[0].same_lines for name, case in cases.items()}
    assert same == {
        "pending/2-b.patch": True, "pending/10-a.patch": False, "hack/10-a.patch": True,
    }  # fmt: skip
    results = measure(data, pairs=[pair], names=["zpmaint", "patch -F0"], jobs=1)
    figures = reports.report(results)
    assert {name: tools["zpmaint"].equal for name, tools in figures.lines.items()} == {
        "exact, same lines": 1, "exact, revised": 0, "hard, same lines": 1, "all": 2,
    }  # fmt: skip
    assert figures.as_json()["lines"]["exact, revised"]["zpmaint"]["different"] == 1
    # What is there is used without the repositories, and is not made again.
    assert prepare_others(data, others, None, Counter({})) == [pair]
    counting = _shop(tmp_path / "p")
    with monkeypatch.context() as without:
        without.setattr(building, "replay", None)
        assert prepare_others(data, others, tmp_path, counting) == [pair]
    # A queue that changed is replayed anew.
    other = {"generic/hack-6.2/z.patch": patch(("c.c", N(30), "x\n"))}
    commit(tmp_path / "toy/queue", "less", {"generic/hack-6.2/10-a.patch": None, **other})
    prepare_others(data, others, tmp_path, counting)
    assert [case.name for case in load(data, [pair])] == ["pending/2-b.patch", "pending/10-a.patch"]


def test_what_is_not_to_be_had_is_left_out_and_said(tmp_path: Path) -> None:
    _repository(tmp_path)
    others = read_table(_table(tmp_path / "t.toml"))
    shop = _shop(tmp_path / "p")
    with pytest.raises(InfraError, match="no pair of queues"):
        half = Counter({"6.1.1-1": shop.package("6.1.1-1")})
        prepare_others(tmp_path / "d", others, tmp_path, half)
    with pytest.raises(InfraError, match="no pair of queues"):
        prepare_others(tmp_path / "d", others, tmp_path / "nowhere", shop)
    gone = read_table(_table(tmp_path / "t.toml", '"6.3" = "6.2.1-1"\n', "6.1..6.3"))
    with pytest.raises(UserError, match=r"no folder generic/pending-6\.3 at HEAD"):
        read_other(History(tmp_path, "toy/queue"), gone.queues["toys-6.3"])
