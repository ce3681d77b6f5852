# SPDX-License-Identifier: GPL-2.0-only
"""What `uname` answers, where a command takes a kernel; and `zpmaint works`."""

from __future__ import annotations

import hashlib
import json
import os
import shutil
from pathlib import Path

import pytest
from ledger_fixtures import modern_deltas, passing, record

from zpmaint.app import running_kernel
from zpmaint.app.running_kernel import identified, own_answer, packages_named
from zpmaint.cli.kernel_asked import kernel_to_fetch, kernels_asked, one_kernel
from zpmaint.cli.main import status_of
from zpmaint.core.errors import UserError
from zpmaint.core.kernel_names import Exactness
from zpmaint.core.result import Result
from zpmaint.core.versions import KernelVersion
from zpmaint.ledger.scope import Scope
from zpmaint.ledger.store import Ledger

ROOT = Path(__file__).parent.parent


@pytest.fixture
def no_apt(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(running_kernel, "packages_named", lambda name: [])


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, no_apt: None) -> Path:
    monkeypatch.setenv("ZPMAINT_HOME", str(tmp_path))
    project = tmp_path / "project"
    shutil.copytree(ROOT / "patches", project / "patches")
    (project / "kernels.toml").write_text(
        'patch = "no-anon-zero-page"\nproject = "mine"\n[sources]\n'
    )
    monkeypatch.setenv("ZPMAINT_PROJECT", str(project))
    scope = Scope("mine", dict)
    with Ledger(tmp_path / "state/ledger.sqlite", scope=scope) as ledger:
        for one in (
            passing("6.12.107", modern_deltas(900.0, 2000.0, 0.0, 2300.0)),
            record("6.12.90", Result.CONFLICT, why="the function is gone"),
            record("6.1.187"),
        ):
            ledger.record(one)
    return tmp_path


@pytest.mark.parametrize(
    ("text", "taken"),
    [
        ("6.12.107", ("6.12.107",)),
        ("v2.6.21-rc3", ("v2.6.21-rc3",)),
        ("6.12.y", ("6.12.y",)),
        ("6.12.107-1", ("6.12.107-1",)),
        ("6.12.107+deb13-amd64", ("6.12.107",)),
        ("#1 SMP Debian 6.1.187-1 (2026-09-07)", ("6.1.187-1", "6.1.187")),
        ("6.1.0-49-amd64", ("6.1.y",)),
        ("6.11.4-301.fc41.aarch64", ("6.11.4",)),
        ("6.8.0-64.67", ("6.8.y",)),
    ],
)
def test_answers_are_taken_where_versions_are(
    text: str, taken: tuple[str, ...], no_apt: None, capsys: pytest.CaptureFixture[str]
) -> None:
    assert kernels_asked(text) == taken
    said = capsys.readouterr().err
    if text in (taken[0], f"v{taken[0]}"):
        assert said == ""  # a version is taken as it is, without a word
    else:
        assert taken[0] in said
        assert text in said


def test_a_package_of_apts_lists_is_taken_and_said(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    versions = [KernelVersion.parse(text) for text in ("6.1.170-3", "6.1.174-1", "5.10.1-1")]
    monkeypatch.setattr(running_kernel, "packages_named", lambda name: versions)
    name = identified("6.1.0-49-amd64")
    assert name.exactness is Exactness.SERIES_ONLY
    assert str(name.likely) == "6.1.174-1"
    assert kernels_asked("6.1.0-49-amd64") == ("6.1.174-1", "6.1.174")
    assert kernel_to_fetch("6.1.0-49-amd64") == "6.1.174"
    assert "newest package of that name" in capsys.readouterr().err


def test_apts_lists_are_read(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    program = tmp_path / "apt-cache"
    program.write_text(
        '#!/bin/sh\n[ "$1" = madison ] && [ "$2" = linux-image-6.1.0-49-amd64 ] || exit 100\n'
        "echo 'linux-image-6.1.0-49-amd64 |  6.1.174-1 | http://mirror.example/x main Packages'\n"
        "echo 'linux-image-6.1.0-49-amd64 | banana | http://mirror.example/x main Packages'\n"
    )
    program.chmod(0o755)
    monkeypatch.setenv("PATH", f"{tmp_path}:/usr/bin:/bin")
    assert list(map(str, packages_named("6.1.0-49-amd64"))) == ["6.1.174-1"]
    assert packages_named("6.1.0-50-amd64") == []
    assert packages_named("-oAPT::x=y") == []
    monkeypatch.setenv("PATH", str(tmp_path / "none"))
    assert packages_named("6.1.0-49-amd64") == []


def test_where_one_kernel_is_needed_a_series_is_refused(no_apt: None) -> None:
    with pytest.raises(UserError, match=r"series 6\.8 alone"):
        one_kernel("6.8.0-64-generic")
    with pytest.raises(UserError, match="Darwin"):
        kernels_asked("Darwin host 22.4.0 Darwin Kernel Version 22.4.0")
    assert str(one_kernel("6.12.107-cachyos")) == "6.12.107"


def test_this_machine_is_asked(tmp_path: Path) -> None:
    assert os.uname().release in own_answer(tmp_path)
    (tmp_path / "version_signature").write_text("Ubuntu 6.8.0-64.67-generic 6.8.12\n")
    assert own_answer(tmp_path).endswith("(Ubuntu 6.8.0-64.67-generic 6.8.12)")


@pytest.mark.parametrize(
    ("words", "status", "says"),
    [
        (["6.12.107+deb13-amd64"], 0, "6.12.107 x86_64: \N{CHECK MARK} pass"),
        (["6.12.90-arch1-1"], 1, "the function is gone"),
        (["6.12.100-arch1-1"], 3, "6.12.100 itself was never verified"),
        (["6.1.0-49-amd64"], 3, "Debian's ABI name"),
        (["Linux", "host", "6.12.107-cachyos", "x86_64"], 0, "CachyOS"),
        (["23.5.0"], 3, "no kernel of these numbers"),
        (["6.12.107-\x1b[31m"], 3, "\\x1b"),
    ],
)
def test_works_tells_the_verdict_and_how_it_is_known(
    home: Path, words: list[str], status: int, says: str, capfd: pytest.CaptureFixture[str]
) -> None:
    assert status_of(["works", *words]) == status
    out = capfd.readouterr().out
    assert says in out
    assert "\x1b" not in out


def test_works_writes_the_patch_whose_checksum_it_tells(
    home: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    out = home / "ported"
    assert status_of(["works", "6.12.107-cachyos", "--out", str(out), "--json"]) == 0
    [one] = json.loads(capfd.readouterr().out)["kernels"]
    data = (out / "v6.12.107.patch").read_bytes()
    assert one["sha256"] == hashlib.sha256(data).hexdigest()


def test_works_asks_a_status_json_without_a_project(
    home: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    site = home / "site"
    assert status_of(["publish", "--out", str(site)]) == 0
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    monkeypatch.chdir(elsewhere)
    monkeypatch.delenv("ZPMAINT_PROJECT")
    capfd.readouterr()
    asked = ["works", "--status", str(site / "status.json"), "6.12.107+deb13-amd64"]
    assert status_of(asked) == 0
    out = capfd.readouterr().out
    assert "verified as 6.12.107" in out
    (elsewhere / "no.json").write_text("[]")
    assert status_of(["works", "--status", "no.json", "6.12.107"]) == 2


def test_show_and_results_take_what_uname_answers(
    home: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    assert status_of(["show", "6.12.107+deb13-amd64", "--json"]) == 0
    said = capfd.readouterr()
    assert json.loads(said.out)["version"] == "6.12.107"
    assert "is taken for 6.12.107" in said.err
    assert status_of(["show", "6.8.0-64-generic"]) == 2
    assert "zpmaint results 6.8.y" in capfd.readouterr().err
    assert status_of(["results", "6.1.0-49-amd64", "--json"]) == 0
    assert [row["version"] for row in json.loads(capfd.readouterr().out)] == ["6.1.187"]
