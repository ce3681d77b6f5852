# SPDX-License-Identifier: GPL-2.0-only
"""Commands as the documents show them, on a keeper's small repository: those that no other test
gives to the command line."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import pytest
import warm_home
from git_fixtures import Desk, keepers_repository


@pytest.fixture(scope="module")
def desk(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Desk]:
    top = tmp_path_factory.mktemp("desk")
    made = Desk.at(top, keepers_repository(top / "keeper"))
    warm_home.give(top / "home")
    made.new()
    yield made
    warm_home.keep(top / "home")


def test_surveys_of_a_part_of_the_kernels(desk: Desk) -> None:
    source = f"git:{desk.repo}"
    status, out, err = desk.run(
        "sweep", "--patch", "mine", "--source", source, "--since", "6.12", "--until", "6.12.107"
    )
    assert status == 0, err
    assert "6.12.107" in out and "7.2" not in out
    status, out, err = desk.run("history", "--source", source, "--since", "7.2", "--until", "7.2")
    assert "7.2" in out and "6.12.107" not in out, err


def test_an_explanation_from_one_anchor(desk: Desk) -> None:
    status, out, err = desk.run(
        "explain", "6.12.107", "--source", f"git:{desk.repo}", "--anchor", "v6.12"
    )
    assert status == 0, err
    assert "raise-the-limit" in out


def test_a_conflict_of_a_set_by_name(desk: Desk, tmp_path: Path) -> None:
    status, out, err = desk.run("resolve", "7.2", "--patch", "mine", "--source", f"git:{desk.repo}")
    assert status == 1 and "merged" in out + err
    status, _, err = desk.run("resolve", "7.2", "--patch", "mine", "--abort")
    assert status == 0, err


def test_forms_of_a_set_by_name(desk: Desk, tmp_path: Path) -> None:
    box, openwrt, arch = (tmp_path / name for name in ("mine.mbox", "openwrt", "arch"))
    status, _, err = desk.run(
        "export", "6.12.107", "--patch", "mine", "--mbox", str(box), "--openwrt", str(openwrt),
        "--pkgbuild", str(arch),
    )  # fmt: skip
    assert status == 0, err
    assert box.read_bytes().count(b"\nSubject: ") == 3
    assert len(list(openwrt.rglob("*.patch"))) == 3 and (arch / "PKGBUILD.patches").is_file()


def test_what_a_matrix_would_run(desk: Desk) -> None:
    table = desk.project / "kernels.toml"
    table.write_text(
        table.read_text() + '[[kernel]]\nversion = "6.12.107"\nsources = ["toy"]\n'
        '[[kernel]]\nversion = "7.2"\nsources = ["toy"]\n'
    )
    status, out, err = desk.run(
        "matrix", "run", "--dry-run", "--only", "6.12.y", "--again", "--memory", "12G",
        "--disk", "10G",
    )  # fmt: skip
    assert status == 0, err
    assert "1 would be verified" in out and "7.2" not in out
    status, out, _ = desk.run("matrix", "run", "--memory", "much", "--dry-run")
    assert status == 2


def test_no_regressions_of_all_lines(desk: Desk) -> None:
    status, out, err = desk.run("regressions", "6.12.y", "--all", "--json")
    assert status == 0, err
    assert json.loads(out) == []
