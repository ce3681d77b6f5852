# SPDX-License-Identifier: GPL-2.0-only
"""`zpmaint fate`: what becomes of a queue, with a toy history of upstream beside it and without."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from port_fixtures import changed
from series_fixtures import Repository, lay, quilt_folder
from test_cli import zpmaint
from test_port_cumulative import ADDED, LATER, OWN, RENAMED, SPLIT, C

PATH = "mm/a.c"


@pytest.fixture
def upstream(tmp_path: Path) -> Repository:
    """6.12 to 6.18: the three patches of a queue, and something else."""
    there = Repository(tmp_path / "linux", {PATH: C.encode(), "mm/b.c": b"int b;\n"})
    there.git("tag", "v6.12")
    states = {
        "mm: probe": ADDED,
        "mm: get the clock": RENAMED,
        "mm: reset": SPLIT,
        "mm: later": LATER,
    }
    for subject, text in states.items():
        there.step(subject, {PATH: text.encode()})
    there.git("tag", "v6.18")
    return there


def patch(subject: str, old: str, new: str, path: str = PATH) -> str:
    return f"Subject: [PATCH] {subject}\n\n{changed(old.encode(), new.encode(), path)}"


@pytest.fixture
def queue(tmp_path: Path) -> Path:
    own = SPLIT.replace("\twalk_5(a);\n", "\twalk_5(a);\n\town_counter_add(a, 4);\n")
    assert own == OWN
    return quilt_folder(
        tmp_path / "queue",
        {
            "1.patch": patch("mm: probe", C, ADDED),
            "2.patch": patch("mm: get the clock", ADDED, RENAMED),
            "3.patch": patch("mm: reset", RENAMED, SPLIT),
            "4.patch": patch("mm: count", SPLIT, OWN),
            "5.patch": patch("mm: count more", OWN, OWN.replace("add(a, 4)", "add(a, 5)")),
            "6.patch": patch("b", "int c;\n", "int d;\n", "mm/b.c"),
            "7.patch": "no diff at all\n",
        },
    )


def fate(*words: str | Path) -> tuple[int, dict[str, object]]:
    status, said, _ = zpmaint("-q", "fate", *map(str, words), "--no-look-for-names", "--json")
    return status, json.loads(said)


def test_each_patch_has_its_fate_and_its_commit(upstream: Repository, queue: Path) -> None:
    git = f"git:{upstream.folder}"
    status, told = fate(queue, "--onto", "6.18", "--base", "6.12", "--source", git)
    assert status == 1
    rows = {row["patch"]: row for row in told["patches"]}  # type: ignore[attr-defined]
    assert {name: row["fate"] for name, row in rows.items()} == {
        "1.patch": "upstream",
        "2.patch": "upstream",
        "3.patch": "developed since",
        "4.patch": "applies",
        "5.patch": "applies",
        "6.patch": "conflict",
        "7.patch": "unreadable",
    }
    assert [c["subject"] for c in rows["3.patch"]["commits"]] == ["mm: reset"]
    assert "its commit is in the kernel's history" in rows["3.patch"]["why"]
    assert rows["4.patch"]["commits"] == []
    assert (rows["4.patch"]["needs"], rows["5.patch"]["needs"]) == ([], ["4.patch"])
    assert told["history"] == git
    assert told["count"]["conflict"] == 1 and not told["whole"]  # type: ignore[index]


def test_without_a_history_that_is_said(upstream: Repository, queue: Path, tmp_path: Path) -> None:
    words: list[str | Path] = []
    for number, text in ((12, C), (18, LATER)):
        makefile = f"VERSION = 6\nPATCHLEVEL = {number}\nSUBLEVEL = 0\nEXTRAVERSION =\n".encode()
        tree = {PATH: text.encode(), "mm/b.c": b"int b;\n", "Makefile": makefile}
        lay(tmp_path / f"tree{number}", tree)
        words += ["--source", f"tree:{tmp_path / f'tree{number}'}"]
    (queue / "series").write_text("1.patch\n2.patch\n3.patch\n4.patch\n5.patch\n")
    status, told = fate(queue, "--onto", "6.18", "--base", "6.12", *words)
    rows = told["patches"]
    assert [row["fate"] for row in rows] == [  # type: ignore[attr-defined]
        "upstream", "upstream", "developed since", "applies", "applies",
    ]  # fmt: skip
    assert status == 0 and told["history"] is None
    assert {row["note"] for row in rows} == {  # type: ignore[attr-defined]
        "no git history of both kernels is at hand (--source git:PATH)"
    }
    words = ["-q", "fate", queue, "--onto", "6.18", "--base", "6.12", *words]
    status, said, _ = zpmaint(*map(str, words), "--no-look-for-names")
    assert status == 0
    assert said.index("developed since") < said.index("upstream has it") < said.rindex("1.patch")
    assert "5 patches, 0 to look at: 2 applies, 1 developed since, 2 upstream" in said
    assert "of 5 patches no git history of both kernels is at hand" in said


def test_a_commit_that_was_reverted_is_none(upstream: Repository, queue: Path) -> None:
    upstream.step('Revert "mm: later"', {PATH: SPLIT.encode()})
    upstream.step('Revert "mm: reset"', {PATH: RENAMED.encode()})
    upstream.git("tag", "v6.19")
    (queue / "series").write_text("1.patch\n2.patch\n3.patch\n")
    git = f"git:{upstream.folder}"
    status, told = fate(queue, "--onto", "6.19", "--base", "6.12", "--source", git)
    rows = told["patches"]
    assert status == 0
    assert [row["fate"] for row in rows] == [  # type: ignore[attr-defined]
        "upstream", "upstream", "applies",
    ]  # fmt: skip
    assert rows[2]["commits"] == []  # type: ignore[index]


def test_what_a_backport_stands_on_without_saying_so(upstream: Repository, tmp_path: Path) -> None:
    """The fix is for a line that the reset brought, and the reset is not in the older kernel."""
    fixed = LATER.replace("reset_control_release(a, 2, 3)", "reset_control_release(a, 2, 4)")
    upstream.step("mm: fix the reset", {PATH: fixed.encode()})
    sha = upstream.git("rev-parse", "HEAD").strip()
    text = f"From {sha} Mon Sep 17 00:00:00 2001\n{patch('mm: fix the reset', LATER, fixed)}"
    queue = quilt_folder(
        tmp_path / "in",
        {"1.patch": patch("mm: probe", C, ADDED), "2.patch": text},
    )
    git = f"git:{upstream.folder}"
    status, told = fate(queue, "--onto", "6.12", "--base", "6.18", "--source", git)
    rows = told["patches"]
    assert status == 1
    assert rows[1]["fate"] == "conflict"  # type: ignore[index]
    found = {
        one["subject"]: (one["patch"], one["lines"])
        for one in rows[1]["prerequisites"]  # type: ignore[index]
    }
    assert set(found) == {"mm: get the clock", "mm: reset", "mm: later"}
    assert found["mm: reset"] == (None, ["reset_control_release(a, 2, 3);"])
    assert "has_reset(a)" in "".join(found["mm: later"][1])
    status, said, _ = zpmaint(
        "-q", "fate", str(queue), "--onto", "6.12", "--base", "6.18", "--source", git,
        "--no-look-for-names",
    )  # fmt: skip
    assert "stands on" in said and "mm: reset" in said
