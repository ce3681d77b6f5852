# SPDX-License-Identifier: GPL-2.0-only
"""Toy series: a small tree with a git history, quilt folders, and the real programs over them."""

from __future__ import annotations

import os
import shutil
import subprocess
from collections.abc import Mapping
from pathlib import Path

import pytest

from zpmaint.app.series import SeriesPort, write_series
from zpmaint.core.versions import KernelVersion
from zpmaint.diffs.series import Series, load_series
from zpmaint.port.series import port_series
from zpmaint.port.values import MemberPort

CALM = {
    **{name: value for name, value in os.environ.items() if not name.startswith("GIT_")},
    "LC_ALL": "C",
    "GIT_CONFIG_GLOBAL": os.devnull,
    "GIT_CONFIG_NOSYSTEM": "1",
    "GIT_AUTHOR_NAME": "Ann Author",
    "GIT_AUTHOR_EMAIL": "ann@example.org",
    "GIT_AUTHOR_DATE": "2007-03-28T12:00:00+0000",
    "GIT_COMMITTER_NAME": "Carl Committer",
    "GIT_COMMITTER_EMAIL": "carl@example.org",
    "GIT_COMMITTER_DATE": "2007-03-29T12:00:00+0000",
}

Tree = dict[str, bytes]


def program(name: str) -> str:
    """A program that a test proves something with; the test is skipped where it is missing."""
    found = shutil.which(name)
    if found is None:
        pytest.skip(f"NOT RUN: {name} is not installed (apt-get install {name})")
    return found


def call(*words: str | Path, cwd: Path, **env: str) -> str:
    done = subprocess.run(
        [str(word) for word in words], cwd=cwd, env={**CALM, **env}, capture_output=True,
        text=True, errors="replace", check=False,
    )  # fmt: skip
    assert done.returncode == 0, f"{words}: {done.stdout}{done.stderr}"
    return done.stdout + done.stderr


def lay(folder: Path, tree: Mapping[str, bytes | None]) -> None:
    for path, data in tree.items():
        place = folder / path
        if data is None:
            place.unlink()
            continue
        place.parent.mkdir(parents=True, exist_ok=True)
        place.write_bytes(data)


def tree_of(folder: Path) -> Tree:
    return {
        str(place.relative_to(folder)): place.read_bytes()
        for place in sorted(folder.rglob("*"))
        if place.is_file() and not {".git", ".pc"} & set(place.relative_to(folder).parts)
    }


class Repository:
    """A git repository that a test commits to step by step."""

    def __init__(self, folder: Path, tree: Mapping[str, bytes]) -> None:
        self.folder = folder
        folder.mkdir(parents=True)
        program("git")
        self.git("init", "-q", "-b", "main")
        lay(folder, tree)
        self.commit("base")
        self.git("tag", "base")

    def git(self, *words: str | Path) -> str:
        return call("git", *words, cwd=self.folder)

    def commit(self, message: str) -> None:
        self.git("add", "-A")
        self.git("commit", "-q", "-m", message)

    def step(self, message: str, changes: Mapping[str, bytes | None]) -> None:
        lay(self.folder, changes)
        self.commit(message)

    def format_patch(self, out: Path, *options: str) -> Path:
        self.git("format-patch", "-q", "-o", out, *options, "base..HEAD")
        return out


def quilt_folder(folder: Path, patches: Mapping[str, str | bytes], table: str = "") -> Path:
    """A quilt folder of `patches`; `table` is the file series where it is more than their names."""
    for name, text in patches.items():
        place = folder / name
        place.parent.mkdir(parents=True, exist_ok=True)
        place.write_bytes(text if isinstance(text, bytes) else text.encode())
    (folder / "series").write_text(table or "".join(f"{name}\n" for name in patches))
    return folder


def quilt_push(patches: Path, tree: Mapping[str, bytes], folder: Path) -> tuple[Tree, str]:
    """What quilt makes of a tree with all patches, allowed no fuzz, and what it said."""
    program("quilt")
    folder.mkdir(parents=True)
    lay(folder, tree)
    said = call(
        "quilt", "--quiltrc", os.devnull, "push", "-a", "--fuzz=0",
        cwd=folder, QUILT_PATCHES=str(patches), QUILT_PC=".pc",
    )  # fmt: skip
    return tree_of(folder), said


def git_am(patches: Path, tree: Mapping[str, bytes], folder: Path) -> Repository:
    """A repository with the tree in which `git am` took every patch."""
    there = Repository(folder, tree)
    files = sorted(patches.glob("*.patch"))
    there.git("am", "-q", "--keep-cr", *files)
    return there


def ported(
    series: Series | Path,
    base: Mapping[str, bytes],
    target: Mapping[str, bytes],
    *,
    keep_going: bool = False,
) -> list[MemberPort]:
    """The ports of a series between whole trees."""
    read = load_series(series) if isinstance(series, Path) else series
    known = {path: base.get(path) for path in read.paths} if base else {}
    now = {path: target.get(path) for path in read.paths}
    return list(port_series(read, known, now, keep_going=keep_going))


def write(folder: Path, series: Path, ports: list[MemberPort]) -> Path:
    """The ported folder, as the command writes it."""

    version = KernelVersion.parse("6.12")
    return write_series(SeriesPort(load_series(series), version, None, tuple(ports)), folder)
