# SPDX-License-Identifier: GPL-2.0-only
"""The command line: help, exit statuses, one-line errors, no traceback."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
from pathlib import Path

import pytest
from ledger_fixtures import record

from zpmaint.cli import main as door
from zpmaint.cli.commands import COMMANDS
from zpmaint.core.errors import InfraError, KernelError, UserError
from zpmaint.core.result import Result
from zpmaint.ledger.scope import Scope
from zpmaint.ledger.store import Ledger

ROOT = Path(__file__).parent.parent


def zpmaint(
    *words: str, env: dict[str, str] | None = None, cwd: Path = ROOT
) -> tuple[int, str, str]:
    """Run the command as a user does: a process of its own."""
    done = subprocess.run(
        [sys.executable, "-m", "zpmaint", *words],
        capture_output=True, text=True, cwd=cwd, timeout=120, check=False,
        env={**os.environ, "PYTHONPATH": str(ROOT), **(env or {})},
    )  # fmt: skip
    assert "Traceback" not in done.stderr
    return done.returncode, done.stdout, done.stderr


@pytest.mark.parametrize("command", [[], *[[name] for name in COMMANDS]])
def test_help_has_a_page_for_every_command(command: list[str]) -> None:
    status, out, _ = zpmaint(*command, "--help")
    assert status == 0
    assert "Usage: zpmaint" in out
    assert "xample" in out or command in (["doctor"], ["matrix"])


@pytest.mark.parametrize(
    ("error", "status"),
    [(UserError("thing: cause", "do this"), 2), (InfraError("x"), 3), (KernelError("x"), 1),
     (KeyboardInterrupt(), 130), (OSError(28, "No space left on device", "/disk"), 3)],
)  # fmt: skip
def test_kinds_have_their_status(
    error: BaseException, status: int, monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:  # fmt: skip
    def fail(**_: object) -> None:
        raise error

    monkeypatch.setattr(door.cli, "main", fail)
    with pytest.raises(SystemExit) as stop:
        door.main([])
    assert stop.value.code == status
    said = capsys.readouterr().err
    assert said.startswith("zpmaint: ")
    assert len(said.splitlines()) <= 2


def test_a_bug_is_kept_in_a_file(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    def fail(**_: object) -> None:
        raise ZeroDivisionError("oops")

    monkeypatch.setattr(door.cli, "main", fail)
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    with pytest.raises(SystemExit) as stop:
        door.main([])
    assert stop.value.code == 70
    said = capsys.readouterr().err
    assert "Traceback" not in said
    [crash] = tmp_path.glob("zpmaint-crash-*.txt")
    assert str(crash) in said
    assert "ZeroDivisionError: oops" in crash.read_text()


@pytest.mark.parametrize(
    ("words", "says"),
    [
        (["port", "banana"], "banana"),
        (["port", "2.6"], "series"),
        (["port", "2.6.24..2.6.30"], "zpmaint sweep --since"),
        (["verify", "6.12.1-rc1"], "6.12.1-rc1"),
        (["port", "v2.6.21", "--source", "svn:/x"], "svn"),
        (["port", "v2.6.21", "--source", "git:/no/such/place"], "/no/such/place"),
        (["port", "v2.6.21", "--patch", "nosuch"], "nosuch"),
        (["port", "v2.6.21", "--colour"], "--colour"),
        (["nosuch"], "nosuch"),
        (["verifi", "6.12.y"], "Did you mean verify?"),
        (["matrix", "rnu"], "Did you mean run?"),
        (["works", "--status", "/no/such"], "/no/such: No such file or directory\n"),
        (["show", "9.99"], "9.99"),
        (["verify"], "VERSION"),
    ],
)
def test_user_mistakes(words: list[str], says: str) -> None:
    status, _, err = zpmaint(*words)
    assert status == 2, err
    assert says in err


def test_no_project(tmp_path: Path) -> None:
    status, _, err = zpmaint("--project", str(tmp_path), "results")
    assert status == 2
    assert "kernels.toml" in err


def test_doctor_misses_what_an_architecture_needs_where_it_is_asked_for(tmp_path: Path) -> None:
    _, out, _ = zpmaint("doctor", "--json", env={"PATH": str(tmp_path)})
    assert "qemu-system-arm" not in json.loads(out)["missing"]
    _, out, _ = zpmaint("doctor", "--arch", "arm64", "--json", env={"PATH": str(tmp_path)})
    missing = json.loads(out)["missing"]
    assert {"qemu-system-arm", "gcc-aarch64-linux-gnu"} <= {*missing} and "lld" not in missing
    _, out, _ = zpmaint("doctor", "--profile", "clang", "--json", env={"PATH": str(tmp_path)})
    assert {"clang", "lld", "llvm"} <= {*json.loads(out)["missing"]}
    _, out, _ = zpmaint("doctor", "--arch", "arm64", env={"PATH": str(tmp_path)})
    assert "missing, not asked for" in " ".join(out.split())  # qemu-system-riscv64


def test_doctor_names_what_is_missing(tmp_path: Path) -> None:
    status, out, _ = zpmaint("doctor", "--json", env={"PATH": str(tmp_path)})
    assert status == 3
    report = json.loads(out)
    assert "qemu-system-x86" in report["missing"]
    status, out, _ = zpmaint("doctor", env={"PATH": str(tmp_path)})
    assert status == 3
    assert "apt-get install" in out
    assert "qemu-system-x86" in out


def test_results_of_an_empty_ledger() -> None:
    assert zpmaint("results", "--json") == (0, "[]\n", "")


def test_results_come_newest_kernel_first(tmp_path: Path) -> None:
    project = tmp_path / "project"
    (project / "patches/toy").mkdir(parents=True)
    (project / "patches/toy/patch.toml").write_text("")
    (project / "kernels.toml").write_text('patch = "toy"\nproject = "mine"\n[sources]\n')
    scope = Scope("mine", dict)
    with Ledger(tmp_path / "state/ledger.sqlite", scope=scope) as ledger:
        for version in ("6.9", "6.12.107", "2.6.36-rc3", "2.6.36"):
            ledger.record(record(version))
    words = ("--project", str(project), "results")
    home = {"ZPMAINT_HOME": str(tmp_path)}
    status, out, _ = zpmaint(*words, "--json", env=home)
    assert status == 0
    assert [row["version"] for row in json.loads(out)] == [
        "6.12.107",
        "6.9",
        "2.6.36",
        "2.6.36-rc3",
    ]
    table = zpmaint(*words, env=home)[1]
    assert table.index("6.12.107") < table.index("6.9") < table.index("2.6.36")
    for asked, wanted in {
        ("2.6.36.y",): ["2.6.36", "2.6.36-rc3"],
        ("2.6.36",): ["2.6.36"],
        ("6.y", "v6.9"): ["6.12.107", "6.9"],
        ("6.1.y",): [],
    }.items():
        status, out, _ = zpmaint(*words, *asked, "--json", env=home)
        assert (status, [row["version"] for row in json.loads(out)]) == (0, wanted)
    assert "none of 6.1.y is verified yet" in zpmaint(*words, "6.1.y", env=home)[1]
    status, _, err = zpmaint(*words, "6.1.y", "--format", "markdown", env=home)
    assert status == 2 and "leave VERSION out" in err


def test_results_are_what_is_known_and_since_when(tmp_path: Path) -> None:
    project = tmp_path / "project"
    (project / "patches/toy").mkdir(parents=True)
    (project / "patches/toy/patch.toml").write_text("")
    (project / "kernels.toml").write_text('patch = "toy"\nproject = "mine"\n[sources]\n')
    with Ledger(tmp_path / "state/ledger.sqlite", scope=Scope("mine", dict)) as ledger:
        ledger.record(record("6.12.11"))
        for patch in (12, 13):
            ledger.record(record(f"6.12.{patch}", Result.FAIL, why="hangs"))
        ledger.record(record("6.12.13", Result.INFRA, why="no disk", key="later"))
        ledger.record(record("6.1.7", Result.FAIL, started=1.0))
        ledger.record(record("6.1.7", started=2.0))
        ledger.record(record("6.6.1", Result.INFRA, why="no network"))
    words = ("--project", str(project), "results")
    home = {"ZPMAINT_HOME": str(tmp_path)}
    known = {row["version"]: row for row in json.loads(zpmaint(*words, "--json", env=home)[1])}
    broken = known["6.12.13"]
    assert (broken["result"], broken["why"]) == ("fail", "hangs"), "not the try that had no result"
    assert (broken["broken_since"], broken["last_good"]) == ("6.12.12", "6.12.11")
    assert broken["retried"] is not None
    assert known["6.1.7"]["flaky"]
    assert known["6.6.1"]["result"] == "infrastructure"
    table = " ".join(zpmaint(*words, env=home)[1].split())  # the last column is wrapped
    assert "broken since 6.12.12, last good 6.12.11" in table
    assert "the last try had no result (infrastructure)" in table
    assert "flaky: fail, pass with the same inputs" in table


def test_completion() -> None:
    status, out, _ = zpmaint("completion", "bash")
    assert status == 0
    assert "_ZPMAINT_COMPLETE" in out


def test_results_as_markdown(tmp_path: Path) -> None:
    home = {"ZPMAINT_HOME": str(tmp_path)}
    status, out, _ = zpmaint("results", "--format", "markdown", env=home)
    assert status == 0
    assert out.startswith("# ") and "| kernel | arch |" in out
    status, _, err = zpmaint("results", "--format", "markdown", "--json", env=home)
    assert status == 2 and "choose one" in err
