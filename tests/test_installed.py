# SPDX-License-Identifier: GPL-2.0-only
"""Installed without a checkout: the package's files are all there, and a small project works.

The package is laid out as `pip install` lays it out, from what pyproject.toml declares, and run
from an empty folder.
"""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
import tomllib
from collections.abc import Callable
from fnmatch import fnmatch
from pathlib import Path

import pytest
from history_fixtures import BEFORE, TAIL, make_past
from port_fixtures import diff
from test_port_strategies import HEAD, PATCHED

from zpmaint.cli.commands import COMMANDS

ROOT = Path(__file__).parent.parent
SETUPTOOLS = tomllib.loads((ROOT / "pyproject.toml").read_text())["tool"]["setuptools"]
PATCH_SETS = (ROOT / "docs/patch-sets.md").read_text(encoding="utf-8")
SHIPPED = ["*.py", *SETUPTOOLS["package-data"]["*"]]

Zpmaint = Callable[..., "subprocess.CompletedProcess[str]"]


def _sources() -> list[Path]:
    return [
        path
        for path in (ROOT / "zpmaint").rglob("*")
        if path.is_file() and "__pycache__" not in path.parts
    ]


def test_every_file_of_the_package_is_shipped() -> None:
    left_out = [p for p in _sources() if not any(fnmatch(p.name, glob) for glob in SHIPPED)]
    assert left_out == []


def test_the_example_is_shipped_whole() -> None:
    shipped = {
        path
        for folder, globs in SETUPTOOLS["data-files"].items()
        for glob in globs
        for path in ROOT.glob(glob)
        # It lands where zpmaint looks for it, as it stands here.
        if f"share/zpmaint/{path.relative_to(ROOT)}" == f"{folder}/{path.name}"
    }
    example = ROOT / "patches/no-anon-zero-page"
    wanted = {path for path in example.rglob("*") if path.is_file()} | {ROOT / "kernels.toml"}
    wanted |= {path for path in (ROOT / "docs").iterdir() if path.is_file()}  # pages of the site
    assert {path for path in shipped if path.is_file()} == wanted


def test_a_man_page_of_every_command_is_shipped_where_man_looks() -> None:
    shipped = {path.name for glob in SETUPTOOLS["data-files"]["share/man/man1"]
               for path in ROOT.glob(glob)}  # fmt: skip
    assert {f"zpmaint-{name}.1" for name in COMMANDS} | {"zpmaint.1"} <= shipped


@pytest.fixture
def zpmaint(tmp_path: Path) -> Zpmaint:
    """Run the installed command from an empty folder, or from `cwd`."""
    site, empty = tmp_path / "site", tmp_path / "empty"
    empty.mkdir()
    for path in _sources():
        if any(fnmatch(path.name, glob) for glob in SHIPPED):
            place = site / path.relative_to(ROOT)
            place.parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(path, place)

    def run(*words: str, cwd: Path = empty) -> subprocess.CompletedProcess[str]:
        env = {**os.environ, "PYTHONPATH": str(site), "PYTHONSAFEPATH": "1"}
        command = [sys.executable, "-m", "zpmaint", *words]
        done = subprocess.run(
            command, cwd=cwd, env=env, capture_output=True, text=True, timeout=240, check=False
        )
        assert "Traceback" not in done.stderr and "internal error" not in done.stderr
        assert str(ROOT) not in done.stdout + done.stderr, "nothing of the checkout"
        return done

    return run


@pytest.mark.parametrize(
    "words", [["results"], ["verify", "6.12"], ["matrix", "plan"], ["port", "6.12"], ["track"]]
)
def test_without_a_project_the_next_step_is_said(zpmaint: Zpmaint, words: list[str]) -> None:
    done = zpmaint(*words)
    assert done.returncode == 2
    first, second = done.stderr.splitlines()
    assert "no kernels.toml here" in first and "patches/NAME/patch.toml" in first
    assert second.startswith("  next: ") and "--project" in second


def test_without_a_project_the_rest_works(zpmaint: Zpmaint) -> None:
    assert zpmaint("--help").returncode == 0
    assert zpmaint("completion", "bash").returncode == 0
    assert zpmaint("doctor", "--json").returncode in (0, 3)


def test_a_minimal_project(zpmaint: Zpmaint, tmp_path: Path) -> None:
    past = make_past(tmp_path / "linux")
    project = tmp_path / "mine"
    folder = project / "patches/toy"
    folder.mkdir(parents=True)
    # What the document shows, but for the names.
    kernels, table = re.findall(
        r"```toml\n# (?:kernels|patches/mine/patch)\.toml\n(.*?)```", PATCH_SETS, re.S
    )
    linux = f'[sources.linux]\nkind = "git"\nwhere = "{past.repo}"\n'
    kernels = kernels.replace('"mine"', '"toy"').partition("[sources")[0] + linux
    (project / "kernels.toml").write_text(kernels)
    (folder / "patch.toml").write_text(table.replace("6.12", "2.6.20"))
    (folder / "v2.6.20.patch").write_text(diff(BEFORE, HEAD + PATCHED + TAIL))
    done = zpmaint("port", "v2.6.21", "--out", "ported", cwd=project)
    assert done.returncode == 0, done.stderr
    assert (project / "ported/v2.6.21.patch").read_text().count("alloc_zeroed_movable") >= 1
    assert zpmaint("results", cwd=project).returncode == 0
    done = zpmaint("--project", str(project), "history")
    assert done.returncode == 0 and "2.6.21" in done.stdout
    done = zpmaint("port", "v2.6.21", "--patch", "nosuch", cwd=project)
    assert done.returncode == 2 and "choose one of: toy" in done.stderr
    (project / "kernels.toml").write_text('patch = "other"\n[sources]\n')
    done = zpmaint("results", cwd=project)
    assert done.returncode == 2 and "no patch set 'other'" in done.stderr
