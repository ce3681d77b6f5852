# SPDX-License-Identifier: GPL-2.0-only
"""Other suites beside ours: the guest's init counts what programs print; the lists are sound."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

from zpmaint.judge.ktap import read_report
from zpmaint.suites.commands.programs import INIT
from zpmaint.suites.guest.compile import SOURCES

BESIDE = Path(__file__).parent.parent / "ci" / "beside"
SUITES = SOURCES.parent.parent

TOYS = {
    "ktap": """
        echo "TAP version 13"
        echo "ok 1 plain"
        echo "    ok 2 nested"
        echo "not ok 3 wrong"
        echo "ok 4 # SKIP no huge pages"
        echo "# Totals: pass:2 fail:1"
        exit 1""",
    "ltp": """
        echo "madvise01.c:12: TPASS: as it should be"
        echo "fork01      2  TPASS  :  of the old kind" >&2
        echo "madvise01.c:14: TCONF: not here"
        echo "madvise01.c:15: TINFO: nothing"
        printf "madvise01.c:16: TBROK: and no newline"
        exit 34""",
    "quiet": "exit 0",
    "killed": "kill -SEGV $$",
    "late": "sleep 60",
    # What it leaves running holds its output open.
    "leaves": """
        echo "ok 1 before"
        sleep 60 &
        exit 0""",
}
SEEN = {
    "ktap": "exit-1-pass-2-fail-1-skip-1",
    "ltp": "exit-34-pass-2-skip-1-broken-1",
    "quiet": "exit-0",
    "killed": "signal-11",
    "late": "late",
    "leaves": "exit-0-pass-1",
    "missing": "exit-127",
}


@pytest.fixture(scope="module")
def init(tmp_path_factory: pytest.TempPathFactory) -> Path:
    compiler = shutil.which("musl-gcc") or shutil.which("gcc")
    if compiler is None:
        pytest.skip("no C compiler")
    out = tmp_path_factory.mktemp("init") / "init"
    sources = [INIT, SOURCES / "channel.c", "-I", SOURCES]
    subprocess.run(
        [compiler, "-Wall", "-Wextra", "-Werror", "-O2", "-o", out, *sources], check=True
    )
    return out


def run(init: Path, folder: Path, names: list[str], *, expected: str = "-", brief: int = 0) -> str:
    lines = [f"= brief {brief}"]
    for name in names:
        toy = folder / name
        if name in TOYS:
            toy.write_text(f"#!/bin/sh\n{TOYS[name]}\n")
            toy.chmod(0o755)
        lines.append(f"{name} {1 if name == 'late' else 20} {expected} {toy}")
    (folder / "list").write_text("\n".join(lines) + "\n")
    done = subprocess.run(
        [init, folder / "list"], capture_output=True, text=True, timeout=60, check=True
    )
    return done.stdout


def test_what_programs_print_is_counted(init: Path, tmp_path: Path) -> None:
    report = read_report(run(init, tmp_path, list(SEEN)))
    assert {name: said.word for name, said in report.results.items()} == SEEN
    assert report.problems == ()


def test_the_first_that_notices_is_enough_where_that_is_asked(init: Path, tmp_path: Path) -> None:
    names = ["quiet", "ktap", "leaves"]
    for brief, words in (
        (0, ["exit-0", SEEN["ktap"], SEEN["leaves"]]),
        (1, ["exit-0", SEEN["ktap"], ""]),
    ):
        report = read_report(run(init, tmp_path, names, expected="exit-0", brief=brief))
        assert [said.word for said in report.results.values()] == words
        assert report.problems == ()


def test_the_lists_are_sound() -> None:
    names: list[str] = []
    for row in tomllib.loads((SUITES / "kselftest/programs.toml").read_text())["program"]:
        assert row.keys() <= {"name", "run", "also", "libraries", "flags", "seconds", "slow", "why"}
        assert row["why"]
        names.append(row["name"])
    for row in tomllib.loads((SUITES / "ltp/folders.toml").read_text())["folder"]:
        assert row.keys() <= {"path", "run", "helpers", "seconds", "slow", "why"}
        assert row["why"]
        names += row["run"]
    assert len(names) == len(set(names))
    for name in ("kselftest/programs.toml", "ltp/folders.toml"):
        for row in tomllib.loads((SUITES / name).read_text())["left-out"]:
            assert row["programs"]
            assert row["why"]
            assert not set(row["programs"]) & set(names)


def test_what_is_asked_for_wrongly_is_said_in_a_line(tmp_path: Path) -> None:
    other = tmp_path / "other.json"
    other.write_text("[]")
    asked: tuple[tuple[list[str | Path], str], ...] = (
        ([], "which suite"),
        (["--selftests", tmp_path], "go together"),
        (["--ltp", tmp_path, "--beside", tmp_path / "none.json"], "none.json: not what zpmaint"),
        (["--ltp", tmp_path, "--beside", other], "other.json: not what zpmaint"),
    )
    for words, said in asked:
        done = subprocess.run(
            [sys.executable, BESIDE / "run", "7.2.8", *words],
            env={**os.environ, "PYTHONPATH": str(BESIDE.parent.parent)},
            capture_output=True, text=True, check=False,
        )  # fmt: skip
        assert done.returncode == 2, done.stderr
        assert said in done.stderr
        assert "Traceback" not in done.stderr
