# SPDX-License-Identifier: GPL-2.0-only
"""The cell: what a program in it sees, what it is held to, and how its end is told."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from zpmaint.cell import means as cell_means
from zpmaint.cell.launch import run, start
from zpmaint.cell.values import Cell, Done, Groups, Isolation, Limits
from zpmaint.core.errors import InfraError, UserError

MB = 1 << 20


@pytest.fixture
def writable(tmp_path: Path) -> Path:
    folder = tmp_path / "work"
    folder.mkdir()
    return folder


@pytest.fixture(params=[str(isolation) for isolation in Isolation])
def isolation(
    request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch
) -> Iterator[Isolation]:
    """Each kind of isolation in turn, where this machine has it."""
    monkeypatch.setenv(cell_means.NAME, request.param)
    cell_means.means.cache_clear()
    try:
        cell_means.means()
    except InfraError as error:
        pytest.skip(f"cannot be had here: {error}")
    yield Isolation(request.param)
    monkeypatch.undo()
    cell_means.means.cache_clear()


@pytest.fixture
def bubblewrap() -> None:
    if cell_means.means().isolation is not Isolation.BUBBLEWRAP:
        pytest.skip(f"needs bubblewrap: {cell_means.means().isolation_why}")


@pytest.fixture
def cgroups() -> None:
    if cell_means.means().cgroup is Groups.NONE:
        pytest.skip(f"needs a writable cgroup: {cell_means.means().cgroup_why}")


def cell(*writable: Path, limits: Limits | None = None, **more: object) -> Cell:
    path = {"PATH": os.environ["PATH"]}
    return Cell("test", writable, environment=path, limits=limits or Limits(), **more)  # type: ignore[arg-type]


def shell(script: str, inside: Cell) -> Done:
    return run(["sh", "-c", script], inside)


def test_it_writes_where_it_may_and_its_status_is_told(
    isolation: Isolation, writable: Path
) -> None:
    done = shell(f"echo yes > {writable}/out; echo said; echo moaned >&2; exit 7", cell(writable))
    assert (done.ended.status, done.stdout, done.stderr) == (7, b"said\n", b"moaned\n")
    assert (writable / "out").read_text() == "yes\n"


def test_what_it_used_of_the_processors_is_ours(isolation: Isolation, writable: Path) -> None:
    code = (
        "import os, subprocess, sys\n"
        "subprocess.run([sys.executable, '-c', 'sum(range(2_000_000))'])\n"
        "print(os.times().children_user)"
    )
    before = os.times().children_user
    done = run([sys.executable, "-c", code], cell(writable))
    assert 0 < float(done.stdout) <= os.times().children_user - before


def test_a_signal_is_told_as_one(isolation: Isolation, writable: Path) -> None:
    assert shell("kill -9 $$", cell(writable)).ended.status == -9


def test_the_environment_is_the_listed_one(
    isolation: Isolation, writable: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SSH_AUTH_SOCK", "/run/agent")
    names = {
        line.partition("=")[0] for line in shell("env", cell(writable)).stdout.decode().split()
    }
    assert names <= {"PATH", "HOME", "TMPDIR", "PWD", "ZPMAINT_CELL_COOKIE", "_"}


def test_home_is_private_and_empty(isolation: Isolation, writable: Path) -> None:
    done = shell('ls -A "$HOME"; touch "$HOME/x" "$TMPDIR/y" && echo "$HOME"', cell(writable))
    lines = done.stdout.decode().split()
    assert len(lines) == 1
    assert lines[0] != os.environ["HOME"]
    assert not Path(lines[0]).exists()


def test_what_is_left_running_dies_with_it(isolation: Isolation, writable: Path) -> None:
    script = f"setsid sh -c 'echo $$ > {writable}/pid; sleep 300' & sleep 0.2; exit 0"
    began = time.monotonic()
    assert shell(script, cell(writable)).ended.status == 0
    assert time.monotonic() - began < 20
    left = subprocess.run(["pgrep", "-f", f"{writable}/pid"], capture_output=True, check=False)
    assert left.stdout == b""


def test_time_is_a_limit(isolation: Isolation, writable: Path) -> None:
    done = shell("sleep 300", cell(writable, limits=Limits(seconds=0.3)))
    assert done.ended.timed_out
    assert done.ended.limits_met == ("limit of time: no end within 0.3 s",)


def test_a_file_has_a_largest_size(isolation: Isolation, writable: Path) -> None:
    script = f"head -c 3000000 /dev/zero > {writable}/big"
    shell(script, cell(writable, limits=Limits(file_size=MB)))
    assert (writable / "big").stat().st_size == MB


def test_the_disk_keeps_some_room(isolation: Isolation, writable: Path) -> None:
    disk = os.statvfs(writable)
    free = disk.f_bavail * disk.f_frsize
    done = shell("sleep 300", cell(writable, limits=Limits(disk_free=2 * free)))
    assert "limit of disk" in done.ended.limits_met[0]


def test_memory_is_a_limit_of_all_together(
    cgroups: None, isolation: Isolation, writable: Path
) -> None:
    hog = "perl -e '$x = \"a\" x 60000000; sleep 1' & "
    done = shell(f"{hog * 3} wait", cell(writable, limits=Limits(memory=100 * MB)))
    assert done.ended.oom_kills
    assert "limit of memory of 100 MiB" in done.ended.limits_met[0]


def test_processes_are_a_limit(cgroups: None, isolation: Isolation, writable: Path) -> None:
    script = "i=0; while [ $i -lt 60 ]; do sleep 1 & i=$((i+1)); done; wait"
    done = shell(script, cell(writable, limits=Limits(processes=20)))
    assert done.ended.refused_forks
    assert "limit of 20 processes" in done.ended.limits_met[0]


def test_without_limits_nothing_is_met(isolation: Isolation, writable: Path) -> None:
    assert shell("true", cell(writable)).ended.limits_met == ()


def test_files_outside_are_not_written(bubblewrap: None, writable: Path, tmp_path: Path) -> None:
    (tmp_path / "other").mkdir()
    done = shell(f"echo no > {tmp_path}/other/file", cell(writable, readable=(tmp_path,)))
    assert done.ended.status != 0
    assert not (tmp_path / "other" / "file").exists()


def test_a_home_is_not_read(
    bubblewrap: None, writable: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    key = tmp_path / "home" / ".ssh" / "id_ed25519"
    key.parent.mkdir(parents=True)
    key.write_text("secret")
    monkeypatch.setenv("HOME", str(tmp_path / "home"))
    done = shell(f"cat {key}", cell(writable, readable=(tmp_path,)))
    assert b"secret" not in done.stdout


def test_state_is_not_read(
    bubblewrap: None, writable: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "kept" / "state").mkdir(parents=True)
    (tmp_path / "kept" / "state" / "ledger.db").write_text("secret")
    monkeypatch.setenv("ZPMAINT_HOME", str(tmp_path / "kept"))
    done = shell(f"cat {tmp_path}/kept/state/*", cell(writable, readable=(tmp_path,)))
    assert b"secret" not in done.stdout


@pytest.mark.parametrize("let_in", [False, True])
def test_the_network_is_let_in_where_it_is_asked_for(
    bubblewrap: None, writable: Path, let_in: bool
) -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        script = f"exec 3<>/dev/tcp/127.0.0.1/{server.getsockname()[1]}"
        done = run(["bash", "-c", script], cell(writable, network=let_in))
    assert (done.ended.status == 0) is let_in


def test_a_program_of_a_hidden_folder_of_path_runs(
    bubblewrap: None, writable: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    home = tmp_path / "home"
    (home / "tools" / "bin").mkdir(parents=True)
    (home / "tools" / "lib").mkdir()
    (home / "tools" / "lib" / "data").write_text("found\n")
    program = home / "tools" / "bin" / "cross-gcc"
    program.write_text('#!/bin/sh\ncat "$(dirname "$0")/../lib/data"\n')
    program.chmod(0o755)
    monkeypatch.setenv("HOME", str(home))
    path = {"PATH": f"{program.parent}:{os.environ['PATH']}"}
    assert run(["cross-gcc"], Cell("test", (writable,), environment=path)).stdout == b"found\n"


def test_sigterm_lets_it_clean_up(isolation: Isolation, writable: Path) -> None:
    script = f"trap 'echo bye > {writable}/bye; exit 1' TERM; echo ready; sleep 300 & wait"
    with start(["sh", "-c", script], cell(writable), stdout=subprocess.PIPE) as running:
        assert running.process.stdout is not None
        running.process.stdout.readline()
        running.terminate()
    assert (writable / "bye").exists()


def test_leaving_it_early_ends_it(isolation: Isolation, writable: Path) -> None:
    with start(["sleep", "300"], cell(writable)) as running:
        pass
    assert running.process.returncode is not None


def test_what_is_not_installed_is_named(isolation: Isolation, writable: Path) -> None:
    with pytest.raises(InfraError, match="not installed: no-such-program"):
        run(["no-such-program"], cell(writable))


def test_odd_isolation_is_the_users_mistake(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(cell_means.NAME, "brick")
    cell_means.means.cache_clear()
    with pytest.raises(UserError, match="brick"):
        cell_means.means()
    cell_means.means.cache_clear()


def test_isolation_that_is_switched_off_is_said(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(cell_means.NAME, "none")
    cell_means.means.cache_clear()
    assert "switched off" in cell_means.means().isolation_why
    cell_means.means.cache_clear()
