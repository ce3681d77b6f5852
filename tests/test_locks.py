# SPDX-License-Identifier: GPL-2.0-only
"""Who waits for a lock says for whom, and not for ever; no child keeps a lock unasked."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from zpmaint.core.errors import InfraError, UserError
from zpmaint.core.files import locked
from zpmaint.core.locks import TIMEOUT_NAME, hold
from zpmaint.core.progress import Silent, Step

HOLDS = """
import sys
from pathlib import Path
from zpmaint.core.locks import hold
with hold(Path(sys.argv[1]), "thing"):
    print("held", flush=True)
    sys.stdin.readline()
"""


class Heard(Silent):
    """Keeps the titles of the steps; `then` is called at the first."""

    def __init__(self) -> None:
        self.titles: list[str] = []
        self.first = threading.Event()

    @contextmanager
    def step(self, title: str, unit: str = "") -> Iterator[Step]:
        self.titles.append(title)
        self.first.set()
        with super().step(title, unit) as step:
            yield step


@contextmanager
def holder(lock: Path) -> Iterator[subprocess.Popen[str]]:
    """Another process that holds `lock` until a line is sent to it."""
    with subprocess.Popen(
        [sys.executable, "-c", HOLDS, str(lock)],
        stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True,
    ) as child:  # fmt: skip
        assert child.stdout is not None
        assert child.stdout.readline() == "held\n"
        try:
            yield child
        finally:
            child.kill()


def test_the_holder_is_named_and_waited_for(tmp_path: Path) -> None:
    lock, heard, got = tmp_path / "lock", Heard(), threading.Event()

    def wait() -> None:
        with hold(lock, "the thing", heard):
            got.set()

    with holder(lock) as child:
        waiting = threading.Thread(target=wait)
        waiting.start()
        assert heard.first.wait(30)
        assert not got.is_set()
        assert child.stdin is not None
        child.stdin.write("\n")
        child.stdin.flush()
        waiting.join(30)
    assert got.is_set()
    [title] = heard.titles
    assert title.startswith(f"wait for the thing, held by process {child.pid} (-c ")
    assert str(lock) in title


def test_a_short_wait_is_nobodys_business(tmp_path: Path) -> None:
    heard = Heard()
    for _ in range(2):
        with locked(tmp_path / "thing", heard):
            pass
    assert heard.titles == []
    assert (tmp_path / ".thing.lock").read_bytes() == b"", "the file stays, empty"


def test_a_killed_holder_is_no_holder(tmp_path: Path) -> None:
    lock, heard = tmp_path / "lock", Heard()
    with holder(lock) as child:
        child.send_signal(signal.SIGKILL)
        child.wait(30)
        assert lock.read_text().startswith(f"{child.pid} "), "what it wrote is still there"
        with hold(lock, "the thing", heard, timeout=0):
            assert lock.read_text().startswith(f"{os.getpid()} ")
    assert heard.titles == []


@pytest.mark.parametrize("by_environment", [False, True])
def test_time_out(tmp_path: Path, by_environment: bool, monkeypatch: pytest.MonkeyPatch) -> None:
    lock = tmp_path / "lock"
    if by_environment:
        monkeypatch.setenv(TIMEOUT_NAME, "0.1")
    with (
        holder(lock) as child,
        pytest.raises(InfraError) as caught,
        hold(lock, "the thing", timeout=None if by_environment else 0.1),
    ):
        pytest.fail("two hold it")
    assert f"the thing: held by process {child.pid} (" in caught.value.what
    assert "after 0.1 s" in caught.value.what and TIMEOUT_NAME in caught.value.hint


@pytest.mark.parametrize("text", ["soon", "-1", "nan"])
def test_a_time_out_that_is_no_number(
    tmp_path: Path, text: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(TIMEOUT_NAME, text)
    with pytest.raises(UserError, match=TIMEOUT_NAME), hold(tmp_path / "lock", "the thing"):
        pytest.fail("it was taken")


def test_threads_of_one_process_exclude_each_other(tmp_path: Path) -> None:
    lock = tmp_path / "lock"
    with (
        hold(lock, "the thing"),
        pytest.raises(InfraError, match="another thread of this process"),
        hold(lock, "the thing", timeout=0),
    ):
        pytest.fail("two hold it")


def test_children_do_not_keep_a_lock(tmp_path: Path) -> None:
    """Neither a program that is started nor a worker that is forked, and both outlive it here."""
    lock = tmp_path / "lock"
    read, write = os.pipe()
    with hold(lock, "the thing"):
        started = subprocess.Popen(["sleep", "60"])
        forked = os.fork()
        if forked == 0:
            os.write(write, b".")
            signal.pause()
        os.read(read, 1)
    try:
        with hold(lock, "the thing", timeout=0):
            pass
    finally:
        os.kill(forked, signal.SIGKILL)
        os.waitpid(forked, 0)
        started.kill()
        started.wait()
        os.close(read)
        os.close(write)


LEAVES = """
import subprocess, sys
from pathlib import Path
from zpmaint.core.locks import hold
with hold(Path(sys.argv[1]), "thing") as handle:
    child = subprocess.Popen(["sleep", "60"], pass_fds=[handle], stdout=subprocess.DEVNULL)
    print(child.pid, flush=True)
    sys.stdin.readline()
"""


def test_a_child_that_was_passed_the_lock_keeps_it_and_is_said(tmp_path: Path) -> None:
    """A make whose zpmaint was killed must not meet another one in the same folder."""
    lock = tmp_path / "lock"
    with subprocess.Popen(
        [sys.executable, "-c", LEAVES, str(lock)],
        stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True,
    ) as parent:  # fmt: skip
        assert parent.stdout is not None
        left = int(parent.stdout.readline())
        parent.kill()
    try:
        with (
            pytest.raises(InfraError, match=f"what process {parent.pid} .* has left running"),
            hold(lock, "the thing", timeout=0),
        ):
            pytest.fail("two hold it")
    finally:
        os.kill(left, signal.SIGKILL)
    # Freed as soon as the kernel has buried the child.
    with hold(lock, "the thing", timeout=30):
        pass
