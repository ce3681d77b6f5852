# SPDX-License-Identifier: GPL-2.0-only
"""`zpmaint` alone: what is next follows from what is in the folder, and asks no network."""

from __future__ import annotations

from pathlib import Path

import pytest
from ledger_fixtures import record
from test_cli import zpmaint

from zpmaint.app import next_step as module
from zpmaint.app.init import init
from zpmaint.app.next_step import next_steps
from zpmaint.app.session import Session
from zpmaint.cli.main import status_of
from zpmaint.core.errors import UserError
from zpmaint.core.places import Places
from zpmaint.core.progress import SILENT
from zpmaint.core.result import Result


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("ZPMAINT_HOME", str(tmp_path / "home"))
    monkeypatch.delenv("ZPMAINT_PROJECT", raising=False)
    monkeypatch.setattr(module, "missing_for", lambda command: ())
    return tmp_path


def test_a_set_that_is_not_there_is_told_how_to_make(
    home: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    project = init(home / "p", with_example=False).folder
    assert status_of(["--project", str(project), "port", "6.12.107"]) == 2
    assert "next: make it: zpmaint new mine --from" in capsys.readouterr().err
    other = project / "patches/other"
    other.mkdir()
    (other / "patch.toml").write_text("")
    assert status_of(["--project", str(project), "port", "6.12.107"]) == 2
    assert "next: name one of other; or make it: zpmaint new mine" in capsys.readouterr().err


def commands(project: Path | None) -> list[str]:
    return [step.command for step in next_steps(project, SILENT).steps]


def verified(project: Path, *rows: tuple[str, Result]) -> None:
    session = Session.open(Places.find(project), SILENT)
    with session.ledger as ledger:
        for version, result in rows:
            ledger.record(record(version, result, project=session.project))


def test_from_an_empty_folder_to_a_verdict(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("zpmaint.core.places._CHECKOUT", home / "nowhere")
    monkeypatch.chdir(home)
    assert commands(None) == ["zpmaint init"]
    monkeypatch.undo()
    monkeypatch.setenv("ZPMAINT_HOME", str(home / "home"))
    monkeypatch.setattr(module, "missing_for", lambda command: ())
    made = init(home / "p")
    assert commands(made.folder) == ["zpmaint verify 6.12.y", "zpmaint matrix run"]
    assert not (home / "home").exists(), "looking makes no ledger"
    verified(made.folder, ("6.12.107", Result.PASS))
    advice = next_steps(made.folder, SILENT)
    assert advice.standing[-1] == "verified: 1 kernel: 1 pass"
    assert [s.command for s in advice.steps] == ["zpmaint track", "zpmaint publish --out site/"]


def test_without_a_set_it_is_made_first(home: Path) -> None:
    made = init(home / "p", with_example=False)
    assert all(command.startswith("zpmaint new mine --from") for command in commands(made.folder))


def test_what_is_red_comes_first_then_what_is_open(home: Path) -> None:
    made = init(home / "p")
    with (made.folder / "kernels.toml").open("a") as out:
        out.write(
            '[[kernel]]\nversion = "6.1.*"\narch = ["x86_64", "i386"]\nsources = ["debian"]\n'
        )
    verified(
        made.folder,
        ("7.2.8", Result.CONFLICT),
        ("6.12.107", Result.INFRA),
        *((f"6.12.{point}", Result.FAIL) for point in (101, 102, 103, 104)),
    )
    steps = next_steps(made.folder, SILENT).steps
    assert [step.command for step in steps[:5]] == [
        "zpmaint resolve 7.2.8",
        *(f"zpmaint show 6.12.{point}" for point in (104, 103, 102)),
        "zpmaint regressions",
    ]
    run = next(step for step in steps if step.command == "zpmaint matrix run")
    assert run.why == "never verified: 6.1.*, 6.1.* i386; without a result: 1"


def test_missing_programs_come_before_all(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.undo()
    made = init(home / "p")
    monkeypatch.setenv("ZPMAINT_HOME", str(home / "home"))
    monkeypatch.setenv("PATH", str(home))
    first = next_steps(made.folder, SILENT).steps[0]
    assert first.command == "zpmaint doctor --install" and "qemu-system-x86_64" in first.why


def test_a_project_with_faults_says_so(home: Path) -> None:
    (home / "kernels.toml").write_text("patch = 3\n")
    with pytest.raises(UserError, match=r"kernels\.toml"):
        next_steps(home, SILENT)
    with pytest.raises(UserError, match=r"no kernels\.toml"):
        next_steps(home / "nowhere", SILENT)


def test_the_command(tmp_path: Path) -> None:
    init(tmp_path / "p")
    status, out, err = zpmaint(
        "--project", str(tmp_path / "p"), env={"ZPMAINT_HOME": str(tmp_path / "home")}
    )
    assert (status, err) == (0, "")
    assert "  zpmaint verify 6.12.y" in out and out.endswith("all commands: zpmaint --help\n")
