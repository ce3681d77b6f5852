# SPDX-License-Identifier: GPL-2.0-only
"""Programs: declared, missed by name, killed as a group."""

from __future__ import annotations

import subprocess
import time
from pathlib import Path

import pytest

from zpmaint.core import tools
from zpmaint.core.errors import InfraError


def test_missing_tools_are_named_at_once(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(InfraError) as caught:
        tools.need("flex", "qemu-system-x86_64", "flex")
    assert "flex" in caught.value.what
    assert "qemu-system-x86_64" in caught.value.what
    assert caught.value.hint == "apt-get install flex qemu-system-x86"


def test_running_a_missing_tool_names_its_package(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(InfraError, match="not installed: bison") as caught:
        tools.run(["bison", "--version"])
    assert caught.value.hint == "apt-get install bison"


def test_missing_folder_is_not_a_missing_tool(tmp_path: Path) -> None:
    with pytest.raises(InfraError, match="no folder"):
        tools.run(["true"], cwd=tmp_path / "gone")


def test_timeout_kills_grandchildren(tmp_path: Path) -> None:
    pid = tmp_path / "pid"
    with pytest.raises(subprocess.TimeoutExpired):
        tools.run(["sh", "-c", f"sleep 60 & echo $! > {pid}; wait"], timeout=3)
    grandchild = Path("/proc") / pid.read_text().strip() / "stat"
    for _ in range(300):
        # Nobody may have reaped it yet: a zombie is dead too.
        if not grandchild.exists() or grandchild.read_text().rpartition(")")[2].split()[0] == "Z":
            return
        time.sleep(0.1)
    pytest.fail("the grandchild outlived its group")


def test_log_takes_both_streams(tmp_path: Path) -> None:
    log = tmp_path / "log"
    done = tools.run(["sh", "-c", "echo out; echo err >&2; exit 3"], log=log)
    assert done.returncode == 3
    assert log.read_text() == "out\nerr\n"
