# SPDX-License-Identifier: GPL-2.0-only
"""The tutorials, followed by their own text on a toy kernel."""

from __future__ import annotations

import re
import shutil
import tarfile
from pathlib import Path

import pytest
from git_fixtures import git
from page_steps import Step, walk
from toy_world import World, world

pytestmark = [
    pytest.mark.nightly,  # eight pairs of kernels, if only of a toy: 15 s of processor time
    pytest.mark.skipif(
        not all(shutil.which(tool) for tool in ("make", "gcc", "musl-gcc", "git", "busybox")),
        reason="NOT RUN: needs make, gcc, musl-gcc, git and busybox (zpmaint doctor)",
    ),
]


@pytest.fixture
def machine(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> World:
    return world(tmp_path, monkeypatch)


def follow(page: str, machine: World) -> None:
    """Do all that the page says; what it shows of each command has to be what is said."""

    def run(step: Step) -> None:
        status = machine.type(step.text)
        assert status == step.status, f"docs/{page}.md:{step.line}: $ {step.text}\n{machine.said}"
        for line in filter(_is_said_anywhere, step.says):
            assert _shape(line) in _shape(machine.said), f"{step.text}: {line}\n{machine.said}"

    walk(page, lambda: machine.here, run, machine.local)


def _is_said_anywhere(line: str) -> bool:
    """Whether a line of a page is whole (tables are cut to fit), and no matter of the source: what
    comes out of an archive is unpacked, and then compiled, what is in a clone is not."""
    return bool(line) and not line.startswith((" ", "...", "compiled: "))


def _shape(text: str) -> str:
    """Without what differs from machine to machine: commits, numbers, names of folders, blanks."""
    text = re.sub(r"\b[0-9a-f]{7,40}\b", "COMMIT", text)
    text = re.sub(r"\d+", "N", re.sub(r"(?<![\w.])[/~][\w./-]+/", "/", text))
    return re.sub(r"\s+", " ", text)


def test_from_a_post_to_a_green_matrix(machine: World) -> None:
    follow("tutorial-post", machine)
    assert (machine.here / "site/index.html").is_file()


def test_from_a_branch_to_a_verdict(machine: World) -> None:
    follow("tutorial-branch", machine)


def test_a_keepers_day(machine: World) -> None:
    follow("keepers-day", machine)
    out = machine.top / "srv/linux"
    solved = "kcpustat_field(CPUTIME_IDLE, i) + kcpustat_field(CPUTIME_IOWAIT, i)"
    assert solved in git(out, "show", "day-7.2:fs/proc/uptime.c")
    as_written = "get_idle_time(&kcs, i) + kcs.cpustat[CPUTIME_IOWAIT]"
    assert as_written in git(out, "show", "day-7.1:fs/proc/uptime.c")
    with tarfile.open(machine.here / "mine-7.2.8.tar.xz") as made:
        names = made.getnames()
    assert sum(name.endswith(".patch") for name in names) == 4, "the new commit is in it"
