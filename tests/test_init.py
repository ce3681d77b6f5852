# SPDX-License-Identifier: GPL-2.0-only
"""`zpmaint init`: a project that works at once, and nothing of anybody's overwritten."""

from __future__ import annotations

from pathlib import Path

import pytest
from series_fixtures import call
from test_cli import zpmaint

from zpmaint.app import init as module
from zpmaint.app.init import init
from zpmaint.app.session import Session
from zpmaint.core.config import load_config
from zpmaint.core.errors import UserError
from zpmaint.core.places import Places
from zpmaint.core.progress import SILENT


def test_a_new_project_has_its_set_and_its_kernels(tmp_path: Path) -> None:
    made = init(tmp_path / "my kernels!")
    session = Session.open(Places(made.folder, tmp_path / "c", tmp_path / "s"), SILENT)
    assert session.patchset().anchors and session.patchset().name == made.patch
    assert session.project == "my-kernels"
    assert [row.version for row in session.config.kernel] == ["6.12.*"]
    call("git", "init", "-q", cwd=made.folder)
    (made.folder / "site").mkdir()
    (made.folder / "site/x").write_text("x")
    told = call("git", "status", "--porcelain", cwd=made.folder).split()
    assert "kernels.toml" in told and "patches/" in told and "site/" not in told


def test_an_empty_one_is_a_project_for_new(tmp_path: Path) -> None:
    made = init(tmp_path / "p", with_example=False)
    assert (made.patch, made.is_there) == ("mine", False)
    assert load_config(made.folder / "kernels.toml", is_new=True).patch == "mine"
    assert [p.name for p in (made.folder / "patches").iterdir()] == ["README.md"]


@pytest.mark.parametrize("name", ["a+b_", "_x y", "+", "linux 6.12"])
def test_any_folder_may_be_a_project(tmp_path: Path, name: str) -> None:
    """The project's name takes fewer characters than a folder's."""
    init(tmp_path / name, with_example=False)
    assert load_config(tmp_path / name / "kernels.toml", is_new=True).project


def test_nothing_is_overwritten(tmp_path: Path) -> None:
    (tmp_path / ".gitignore").write_text("mine\n")
    assert tmp_path / ".gitignore" in init(tmp_path).kept
    assert (tmp_path / ".gitignore").read_text() == "mine\n"
    with pytest.raises(UserError, match="is a project"):
        init(tmp_path)


def test_after_a_kill_init_goes_on(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    written = module.write_whole

    def killed(place: Path, text: str) -> None:
        if place.name == "kernels.toml":
            raise KeyboardInterrupt
        written(place, text)

    monkeypatch.setattr(module, "write_whole", killed)
    with pytest.raises(KeyboardInterrupt):
        init(tmp_path)
    monkeypatch.undo()
    assert init(tmp_path).is_there


def test_the_command_says_what_is_next(tmp_path: Path) -> None:
    status, out, err = zpmaint("init", str(tmp_path / "p"))
    assert status == 0, err
    assert f"next: cd {tmp_path / 'p'}; zpmaint verify 6.12.y" in out
    status, _, err = zpmaint("init", str(tmp_path / "p"))
    assert status == 2 and "next:" in err
