# SPDX-License-Identifier: GPL-2.0-only
"""`zpmaint evaluate` as a user runs it, on toy queues and a toy repository."""

from __future__ import annotations

import json
import tomllib
from pathlib import Path

import pytest
from evaluate_fixtures import package, patch
from history_fixtures import make_past, make_project, open_shop
from pairs_fixtures import toy_pairs
from sources_fixtures import git
from test_cli import zpmaint

from zpmaint.app.port import base_blobs
from zpmaint.core.progress import SILENT
from zpmaint.evaluate.build import build
from zpmaint.evaluate.tags import TagRow, tags
from zpmaint.sources.chain import Chain, open_source

PAIR = "6.1.1-1..6.2.1-1"
TEXT = "".join(f"line {n}\n" for n in range(30))


@pytest.fixture(scope="module")
def data(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("toy")
    mine = TEXT.replace("line 20\n", "mine\n")
    old = package(folder, "6.1.1-1", {"a.c": TEXT}, [("p", patch(("a.c", TEXT, mine)))])
    # The maintainers put another line there: no tool can know, all are silently different.
    new = package(
        folder,
        "6.2.1-1",
        {"a.c": "top\n" + TEXT},
        [("p", patch(("a.c", "top\n" + TEXT, "top\n" + TEXT.replace("line 20\n", "ours\n"))))],
    )
    build(folder / "data", [old, new])
    return folder / "data"


def test_tables_and_files(data: Path, tmp_path: Path) -> None:
    status, out, err = zpmaint(
        "-q", "evaluate", "--data", str(data), "--pair", PAIR, "--tool", "zpmaint", "--tool",
        "patch", "--curve", str(tmp_path / "c.svg"), "--show-different", str(tmp_path / "d"),
    )  # fmt: skip
    assert (status, err) == (0, "")
    assert f"{PAIR}" in out and "100.0/0.0/100.0" in out
    assert "1 pairs, 1 patch cases, 1 file cases" in out
    assert (tmp_path / "c.svg").read_text().startswith("<svg")
    (shown,) = (tmp_path / "d" / PAIR).iterdir()
    assert shown.read_text().endswith(" line 19\n-ours\n+mine\n line 21\n line 22\n line 23\n")


def test_json(data: Path) -> None:
    status, out, _ = zpmaint(
        "-q", "evaluate", "--data", str(data), "--pair", PAIR, "--json", "--tool", "patch -F0"
    )
    found = json.loads(out)
    assert status == 0 and found["pairs"] == [PAIR] and found["left_out"] == []
    assert found["drifted"]["all"]["patch -F0"]["different_percent"] == 100.0
    (case,) = found["cases"]
    assert (case["path"], case["verdict"], case["drift"]) == ("a.c", "different", "offset")


def test_other_terms_are_named_beside_every_figure(data: Path, tmp_path: Path) -> None:
    words = ("-q", "evaluate", "--data", str(data), "--pair", PAIR, "--tool", "zpmaint")
    picture = tmp_path / "c.svg"
    _, plain, _ = zpmaint(*words, "--curve", str(picture))
    assert "port's terms" not in plain and "port's terms" not in picture.read_text()
    _, told, _ = zpmaint(*words, "--terms", "yields", "--curve", str(picture))
    titles = plain.count("Files that drifted") + plain.count("Everything else")
    flat = " ".join(told.split())
    assert titles == 4 and flat.count("(not port's terms: yields)") >= 7
    assert "not port's terms: yields" in picture.read_text()
    _, out, _ = zpmaint(*words, "--json")
    assert json.loads(out)["terms"] == "port"
    _, out, _ = zpmaint(*words, "--json", "--terms", "yields")
    assert json.loads(out)["terms"] == "yields"


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["--pair", "6.1.1"], "'6.1.1' is not a pair"),
        (["--tags"], "ZPMAINT_KERNEL_GIT is not set"),
        (["--split", "2.6.32"], "--split, --reliability and --calibrate are for --pairs"),
        (["--pairs", "none.csv"], "none.csv: "),
        (["--queues", "none.toml"], "none.toml: "),
        (["--queues", "--pair", PAIR], "--pair and --package are not for --queues"),
        (["--queues", "--data", "none"], "ZPMAINT_PAIRS_GIT is not set"),
        (["--pairs", "none.csv", "--pair", "6.1.1"], "--pair is not for --pairs"),
        (["--pairs", "none.csv", "--terms", "yields"], "--terms is not for --pairs"),
    ],
)
def test_mistakes(words: list[str], said: str) -> None:
    status, out, err = zpmaint(
        "-q", "evaluate", *words, env={"ZPMAINT_KERNEL_GIT": "", "ZPMAINT_PAIRS_GIT": ""}
    )
    assert status == 2 and not out
    assert said in err and len(err.splitlines()) == 2


def test_tags(tmp_path: Path) -> None:
    past = make_past(tmp_path / "repo")
    git(past.repo, "tag", "not-a-kernel")
    session = open_shop(make_project(tmp_path / "project", past), tmp_path)
    chain = Chain([open_source(f"git:{past.repo}", cache=tmp_path)])
    found = tags(
        session.patchset(), chain, lambda anchor: base_blobs(session, anchor, chain),
        ("zpmaint", "patch -F0", "git merge-file"), SILENT,
    )  # fmt: skip

    def told(rows: list[TagRow]) -> list[tuple[str, str, bool, bool]]:
        return [(str(row.version), str(row.port.state), *row.tools.values()) for row in rows]

    assert told(found["v2.6.20"]) == [
        ("2.6.20", "applies", True, True),
        ("2.6.21-rc1", "applies", True, True),
        ("2.6.21", "ported", False, False),
        ("2.6.22-rc1", "upstream", False, False),
        ("2.6.23-rc1", "conflict", False, False),
        ("2.6.23", "conflict", False, False),
    ]
    # Alone, past its era: the later anchor of the set does not help the first one out.
    assert {row.port.anchor for row in found["v2.6.20"]} == {"v2.6.20"}
    assert [str(row.port.state) for row in found["v2.6.23"]][-2:] == ["applies", "applies"]


def test_pairs(tmp_path: Path) -> None:
    listed = toy_pairs(tmp_path)
    words = ("-q", "evaluate", "--data", str(tmp_path / "data"), "--pairs", str(listed))
    status, out, err = zpmaint(*words, env={"ZPMAINT_PAIRS_GIT": ""})
    assert (status, out) == (2, "")
    assert "ZPMAINT_PAIRS_GIT is not set" in err and "holds OWNER/NAME" in err
    there = {"ZPMAINT_PAIRS_GIT": str(tmp_path)}
    status, out, err = zpmaint(
        *words, "--tool", "zpmaint", "--tool", "patch", "--split", "2.6.28",
        "--reliability", str(tmp_path / "r.svg"), "--calibrate", str(tmp_path / "c.toml"),
        "--show-different", str(tmp_path / "d"), env=there,
    )  # fmt: skip
    assert (status, err) == (0, "")
    assert "Whole patches, tuning (2.6.28)" in out and "Whole patches, held out (2.6.29)" in out
    assert "type III/IV" in out and "6 pairs; " in out
    picture = (tmp_path / "r.svg").read_text()
    assert "tuning (2.6.28): " in picture and "held out (2.6.29): " in picture
    rows = tomllib.loads((tmp_path / "c.toml").read_text())["row"]
    assert sum(row["n"] for row in rows) == 3 and {"placed", "raw", "confidence"} < set(rows[0])
    assert len(list((tmp_path / "d").glob("*/*.diff"))) == 1
    # The data set is there: no history is read again.
    status, out, _ = zpmaint(*words, "--tool", "zpmaint", "--json", env={"ZPMAINT_PAIRS_GIT": ""})
    found = json.loads(out)
    assert status == 0 and found["terms"] == "port" and len(found["cases"]) == 6
    assert found["parts"][0]["groups"]["all"]["zpmaint"]["cases"] == 6
    for strange, said in (
        (["--split", "3.0"], "no such set"),
        (["--calibrate", "c.toml"], "on which sets?"),
        (["--tool", "patch", "--reliability", "r.svg"], "are about zpmaint"),
    ):
        status, _, err = zpmaint(*words, *strange)
        assert status == 2 and said in err
