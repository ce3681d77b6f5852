# SPDX-License-Identifier: GPL-2.0-only
from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import threading
import time
from pathlib import Path

import pytest
from build_fixtures import Kept

from zpmaint.core.errors import InfraError
from zpmaint.ledger import leases
from zpmaint.ledger.leases import Leases

ROOT = Path(__file__).parent.parent

_HOLDER = """
import os, sys, time
from pathlib import Path
from zpmaint.ledger.leases import Leases
with Leases(Path(sys.argv[1])).take("k", "it") as lease:
    if "fork" in sys.argv and os.fork() == 0:
        time.sleep(60)
    print("held", flush=True)
    sys.stdin.readline()
"""


def holder(folder: Path, *words: str) -> subprocess.Popen[str]:
    process = subprocess.Popen(
        [sys.executable, "-c", _HOLDER, str(folder), *words],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        start_new_session=True,
    )
    assert process.stdout
    assert process.stdout.readline() == "held\n"
    return process


def test_one_holds_it_and_the_others_know_who(tmp_path: Path) -> None:
    mine = Leases(tmp_path)
    other = holder(tmp_path)
    with mine.take("k", "6.1", waits=False) as lease:
        assert lease is None
    with mine.take("other", "6.2", waits=False) as lease:
        assert lease is not None
        assert lease.waited_for == ""
        assert set(mine.holders()) == {"k", "other"}
    assert mine.holders()["k"].pid == other.pid
    assert f"process {other.pid} (" in str(mine.holders()["k"])
    other.communicate("\n")
    assert mine.holders() == {}
    assert list(tmp_path.iterdir()) == [], "nothing is left to gather over the years"


@pytest.mark.parametrize("words", [(), ("fork",)])
def test_it_ends_with_its_holder_however_that_ends(tmp_path: Path, words: tuple[str, ...]) -> None:
    other = holder(tmp_path, *words)
    try:
        assert set(Leases(tmp_path).holders()) == {"k"}
        other.send_signal(signal.SIGKILL)
        other.wait()
        began = time.monotonic()
        # A child that was forked lets go as soon as it has a processor.
        with Leases(tmp_path).take("k", "6.1") as lease:
            assert lease is not None
        assert time.monotonic() - began < 30, "no expiry is waited for"
    finally:
        os.killpg(other.pid, signal.SIGKILL) if words else None
        other.communicate()


def test_who_waits_says_for_whom_and_gets_it_when_that_ends(tmp_path: Path) -> None:
    other = holder(tmp_path)
    told = Kept()
    ends = threading.Timer(0.6, other.communicate, ["\n"])
    ends.start()
    with Leases(tmp_path, told).take("k", "6.1 x86_64 toy") as lease:
        assert lease is not None
        assert f"process {other.pid}" in lease.waited_for
    (title,) = told.titles
    assert title.startswith(f"wait for 6.1 x86_64 toy: process {other.pid} (")
    assert title.endswith("is at it")
    ends.join()


def test_the_environment_bounds_the_wait(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    other = holder(tmp_path)
    monkeypatch.setenv("ZPMAINT_LOCK_TIMEOUT", "0.3")
    with (
        pytest.raises(InfraError, match=rf"6\.1: process {other.pid} .* after 0\.3 s"),
        Leases(tmp_path).take("k", "6.1"),
    ):
        pass
    other.communicate("\n")


def test_threads_are_told_apart_and_many_take_turns(tmp_path: Path) -> None:
    inside, most, turns = [0], [0], [0]

    def work() -> None:
        for _ in range(5):
            with Leases(tmp_path).take("k", "it"):
                inside[0] += 1
                most[0] = max(most[0], inside[0])
                turns[0] += 1
                time.sleep(0.005)
                inside[0] -= 1

    threads = [threading.Thread(target=work) for _ in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert (most[0], turns[0]) == (1, 30)
    assert list(tmp_path.iterdir()) == []


def _of_another_machine(path: Path, age: float) -> None:
    document = {"host": "far", "boot": "b", "pid": 7, "command": "zpmaint verify", "since": 0.0}
    path.write_text(json.dumps(document))
    then = time.time() - age
    os.utime(path, (then, then))


def test_another_machines_lease_holds_while_it_is_renewed(tmp_path: Path) -> None:
    path = tmp_path / "k"
    _of_another_machine(path, age=leases.EXPIRES / 2)
    mine = Leases(tmp_path)
    with mine.take("k", "6.1", waits=False) as lease:
        assert lease is None, "its lock is not seen here"
    assert "process 7 on far (zpmaint verify)" in str(mine.holders()["k"])
    for age in (leases.EXPIRES + 1, -3 * 86_400):
        _of_another_machine(path, age=age)
        assert mine.holders() == {}
        with mine.take("k", "6.1", waits=False) as lease:
            assert lease is not None


def test_a_holder_renews_its_lease(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(leases, "RENEWED", 0.01)
    path = tmp_path / "k"
    with Leases(tmp_path).take("k", "6.1"):
        os.utime(path, (0, 0))
        until = time.monotonic() + 20
        while path.stat().st_mtime < 1e9:
            assert time.monotonic() < until
            time.sleep(0.01)


@pytest.mark.parametrize("text", ["", "{", "[1]", '{"pid": "x"}', "9" * 5000])
def test_what_a_lease_says_may_be_anything(tmp_path: Path, text: str) -> None:
    (tmp_path / "k").write_text(text)
    assert Leases(tmp_path).holders() == {}
    with Leases(tmp_path).take("k", "6.1", waits=False) as lease:
        assert lease is not None


def test_a_folder_that_cannot_be_written_is_infrastructure(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(InfraError, match="file"), Leases(tmp_path / "file").take("k", "6.1"):
        pass
