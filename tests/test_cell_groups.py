# SPDX-License-Identifier: GPL-2.0-only
"""The cgroup of a cell: its limits and counts in both versions, and what a killed run leaves."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from vm_fixtures import running

from zpmaint.cell import cgroup, view
from zpmaint.cell import means as cell_means
from zpmaint.cell.values import Cell, Ended, Groups, Limits

_LEAVES = """
import os, sys
from pathlib import Path
from zpmaint.cell import cgroup
from zpmaint.cell.launch import start
from zpmaint.cell.values import Cell, Groups, Limits
apart = cgroup.Parents(Groups(sys.argv[1]), Path(sys.argv[2]), Path(sys.argv[3]))
cgroup.parents = lambda: (apart, "")
inside = Cell("left", environment={"PATH": os.environ["PATH"]}, limits=Limits(processes=20))
with start(["sh", "-c", "setsid sleep 432.1 & sleep 432.1"], inside) as running:
    print("ready", flush=True)
    running.wait()
"""


@pytest.fixture
def parents() -> cgroup.Parents:
    found, why = cgroup.parents()
    if found is None:
        pytest.skip(f"NOT RUN: needs a writable cgroup: {why}")
    return found


@pytest.fixture
def apart(parents: cgroup.Parents) -> Iterator[cgroup.Parents]:
    """Groups where no other run looks: any that starts meanwhile clears what it finds left."""
    name = f"test-{os.getpid()}"
    own = cgroup.Parents(parents.version, parents.memory / name, parents.pids / name)
    folders = dict.fromkeys((own.memory, own.pids))
    for folder in folders:
        folder.mkdir()
        if own.version is Groups.V2:
            (folder / "cgroup.subtree_control").write_text("+memory +pids")
    yield own
    for folder in folders:
        folder.rmdir()


def groups(parents: cgroup.Parents, pid: int) -> list[Path]:
    return [
        path
        for folder in (parents.memory, parents.pids)
        for path in folder.glob(f"zpmaint-*-{pid}-*")
    ]


def test_what_a_killed_run_left_is_cleared(apart: cgroup.Parents) -> None:
    """Without isolation the daemon outlives it, in its group; the next run ends both."""
    killed = subprocess.Popen(
        [sys.executable, "-c", _LEAVES, apart.version, str(apart.memory), str(apart.pids)],
        env={
            **os.environ,
            cell_means.NAME: "none",
            "PYTHONPATH": str(Path(__file__).parent.parent),
        },
        stdout=subprocess.PIPE,
    )
    assert killed.stdout is not None
    assert killed.stdout.readline() == b"ready\n"
    end = time.monotonic() + 20
    while len(running("sleep 432.1")) < 3 and time.monotonic() < end:
        time.sleep(0.05)
    killed.send_signal(signal.SIGKILL)
    killed.wait()
    killed.stdout.close()
    assert running("sleep 432.1")
    assert groups(apart, killed.pid)
    apart.clear()
    assert not running("sleep 432.1")
    assert not groups(apart, killed.pid)


def test_a_group_of_a_live_run_is_left_alone(parents: cgroup.Parents) -> None:
    group = parents.make(Limits(processes=20))
    parents.clear()
    assert all(folder.is_dir() for folder in group.folders)
    group.remove()
    assert not any(folder.is_dir() for folder in group.folders)


def test_version_2_by_its_files(tmp_path: Path) -> None:
    group = cgroup.Group(Groups.V2, tmp_path, tmp_path)
    group.limit(Limits(memory=1 << 30, processes=50))
    assert (tmp_path / "memory.max").read_text() == "1073741824"
    assert (tmp_path / "pids.max").read_text() == "50"
    (tmp_path / "memory.events").write_text("low 0\nhigh 0\nmax 7\noom 3\noom_kill 2\n")
    (tmp_path / "pids.events").write_text("max 4\n")
    assert (group.oom_kills(), group.refused_forks()) == (2, 4)
    assert len(group.doors) == 1


def test_version_1_by_its_files(tmp_path: Path) -> None:
    memory, pids = tmp_path / "memory", tmp_path / "pids"
    memory.mkdir()
    pids.mkdir()
    group = cgroup.Group(Groups.V1, memory, pids)
    group.limit(Limits(memory=1 << 20, processes=5))
    assert (memory / "memory.limit_in_bytes").read_text() == "1048576"
    (memory / "memory.oom_control").write_text("oom_kill_disable 0\nunder_oom 0\noom_kill 1\n")
    assert (group.oom_kills(), group.refused_forks()) == (1, None)
    assert len(group.doors) == 2


def test_limits_that_were_met_are_named() -> None:
    limits = Limits(memory=3 << 29, processes=40)
    assert Ended(1, oom_kills=2, refused_forks=5, limits=limits).limits_met == (
        "limit of memory of 1.5 GiB: 2 killed",
        "limit of 40 processes: 5 refused",
    )


def test_a_folder_of_tokens_is_not_shown_for_the_programs_in_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in (".cargo/bin", ".cargo/lib", "x-tools/bin", "bin", ".local/bin"):
        (tmp_path / name).mkdir(parents=True)
    monkeypatch.setenv("HOME", str(tmp_path))
    names = (".cargo/bin", "x-tools/bin", "bin", ".local/bin")
    path = ":".join([*(f"{tmp_path}/{name}" for name in names), str(tmp_path)])
    seen = view.view(Cell("test", environment={"PATH": path}))
    shown = {str(p.relative_to(tmp_path)) for p, a in seen if p.is_relative_to(tmp_path)}
    assert shown == {".", ".cargo/bin", ".cargo/lib", "x-tools", "bin", ".local/bin"}
    assert (tmp_path, view.Access.HIDDEN) in seen


def test_what_is_written_lies_over_what_is_read_and_that_over_what_is_hidden(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "work" / "obj").mkdir(parents=True)
    monkeypatch.setenv("HOME", str(tmp_path))
    inside = Cell("test", (tmp_path / "work/obj",), (tmp_path / "work",))
    order = [(p, a) for p, a in view.view(inside) if p.is_relative_to(tmp_path)]
    assert order == [
        (tmp_path, view.Access.HIDDEN),
        (tmp_path / "work", view.Access.READ),
        (tmp_path / "work/obj", view.Access.WRITE),
    ]
