# SPDX-License-Identifier: GPL-2.0-only
"""Bytes land whole or not at all, one writer at a time."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from zpmaint.core.files import landing, locked, write_whole


def test_write_replaces_whole(tmp_path: Path) -> None:
    target = tmp_path / "a/b.txt"
    write_whole(target, "one")
    write_whole(target, b"two")
    assert target.read_bytes() == b"two"
    assert [p.name for p in target.parent.iterdir()] == ["b.txt"]


def test_failed_write_leaves_the_old(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    target = tmp_path / "b.txt"
    write_whole(target, "one")

    def full(_: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(OSError, match="No space"):
        write_whole(target, "two")
    assert target.read_text() == "one"
    assert list(tmp_path.iterdir()) == [target]


def test_landing_is_all_or_nothing(tmp_path: Path) -> None:
    target = tmp_path / "tree"
    with pytest.raises(RuntimeError), landing(target) as fresh:
        (fresh / "half").touch()
        raise RuntimeError
    assert not target.exists()
    with landing(target) as fresh:
        (fresh / "whole").touch()
    assert [p.name for p in target.iterdir()] == ["whole"]
    assert list(tmp_path.iterdir()) == [target]


KILLED = """
import sys, time
from pathlib import Path
from zpmaint.core.files import landing
with landing(Path(sys.argv[1])) as fresh:
    (fresh / "half").touch()
    print("in", flush=True)
    time.sleep(60)
"""


def test_killed_landing_is_cleared_by_the_next(tmp_path: Path) -> None:
    target = tmp_path / "tree"
    child = subprocess.Popen(
        [sys.executable, "-c", KILLED, str(target)], stdout=subprocess.PIPE, text=True
    )
    assert child.stdout is not None
    assert child.stdout.readline() == "in\n"
    child.send_signal(signal.SIGKILL)
    child.wait()
    assert not target.exists()
    assert any(tmp_path.iterdir()), "the kill left its landing folder"
    with landing(target) as fresh:
        (fresh / "whole").touch()
    assert list(tmp_path.iterdir()) == [target]


HOLDS = """
import sys, time
from pathlib import Path
from zpmaint.core.files import locked
with locked(Path(sys.argv[1])):
    print("held", flush=True)
    time.sleep(0.5)
    Path(sys.argv[1]).touch()
"""


def test_lock_waits(tmp_path: Path) -> None:
    target = tmp_path / "thing"
    child = subprocess.Popen(
        [sys.executable, "-c", HOLDS, str(target)], stdout=subprocess.PIPE, text=True
    )
    assert child.stdout is not None
    assert child.stdout.readline() == "held\n"
    assert not target.exists()
    with locked(target):
        assert target.exists(), "the other had it until then"
    assert child.wait(timeout=60) == 0
