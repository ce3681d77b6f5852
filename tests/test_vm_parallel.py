# SPDX-License-Identifier: GPL-2.0-only
"""Guests side by side: only where nothing can be seen of it, and none of them left running."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from functools import partial
from pathlib import Path
from threading import Barrier, Event

import pytest
from vm_fixtures import FakeQemu, kernel, running

from zpmaint.core.errors import InfraError
from zpmaint.vm.boot import boot
from zpmaint.vm.parallel import in_parallel
from zpmaint.vm.profiles import Accelerator
from zpmaint.vm.values import Outcome, Run

SPIN = "while :; do :; done\n"


def test_at_the_same_time_where_instructions_are_counted(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(os, "cpu_count", lambda: 2)
    meeting = Barrier(2)

    def start(name: str, stop: Event) -> str:
        meeting.wait(10)
        return name

    found = in_parallel(
        {name: partial(start, name) for name in ("stock", "patched")},
        accelerator=Accelerator.ICOUNT,
    )
    assert list(found.items()) == [("stock", "stock"), ("patched", "patched")]


@pytest.mark.parametrize(
    ("accelerator", "cpus"),
    [(Accelerator.KVM, 8), (Accelerator.TCG, 8), (Accelerator.ICOUNT, 1)],
)
def test_one_after_the_other_where_time_is_measured(
    monkeypatch: pytest.MonkeyPatch, accelerator: Accelerator, cpus: int
) -> None:
    monkeypatch.setattr(os, "cpu_count", lambda: cpus)
    under_way: list[str] = []

    def start(name: str, stop: Event) -> str:
        assert not under_way
        under_way.append(name)
        time.sleep(0.05)
        under_way.remove(name)
        return name

    names = ("stock", "patched")
    found = in_parallel({name: partial(start, name) for name in names}, accelerator=accelerator)
    assert list(found) == list(names)


def eventually(holds: Callable[[], bool]) -> bool:
    end = time.monotonic() + 20
    while time.monotonic() < end:
        if holds():
            return True
        time.sleep(0.05)
    return False


def test_a_guest_ends_with_the_one_that_raised(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(os, "cpu_count", lambda: 2)
    FakeQemu(tmp_path / "bin", monkeypatch).does(SPIN)
    guests = f"{tmp_path}/bin/qemu"
    image = tmp_path / "vmlinux"
    image.write_bytes(b"\x7fELF")
    runs: list[Run] = []

    def guest(stop: Event) -> None:
        console = tmp_path / "console"
        runs.append(boot(kernel(image), b"", console=console, deadline=600, stop=stop))

    def trouble(stop: Event) -> None:
        assert eventually(lambda: bool(running(guests)))
        raise InfraError("no space left on device", "make room")

    with pytest.raises(InfraError, match="no space"):
        in_parallel({"stock": guest, "patched": trouble}, accelerator=Accelerator.ICOUNT)
    assert not running(guests)
    # What the stopped one would have said is nothing about its kernel.
    assert [run.outcome for run in runs] == [Outcome.NOT_STARTED]
    assert "stopped with others" in runs[0].why


@pytest.mark.parametrize("how", [signal.SIGINT, signal.SIGKILL])
def test_no_guest_outlives_us(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, how: signal.Signals
) -> None:
    FakeQemu(tmp_path / "bin", monkeypatch).does(SPIN)
    guests = f"{tmp_path}/bin/qemu"
    (tmp_path / "vmlinux").write_bytes(b"\x7fELF")
    program = f"""
import os, sys
from functools import partial
from pathlib import Path
sys.path.insert(0, {str(Path(__file__).parent)!r})
os.cpu_count = lambda: 2
from vm_fixtures import kernel
from zpmaint.vm.parallel import in_parallel
from zpmaint.vm.boot import boot
from zpmaint.vm.profiles import Accelerator
here = Path({str(tmp_path)!r})
def start(name, stop):
    boot(kernel(here / "vmlinux"), b"", console=here / name, deadline=600, stop=stop)
try:
    in_parallel({{n: partial(start, n) for n in ("a", "b")}}, accelerator=Accelerator.ICOUNT)
except KeyboardInterrupt:
    sys.exit(130)
"""
    us = subprocess.Popen([sys.executable, "-c", program])
    try:
        assert eventually(lambda: len(running(guests)) == 2)
        os.kill(us.pid, how)
        assert us.wait(20) == (130 if how is signal.SIGINT else -signal.SIGKILL)
    finally:
        us.kill()
    assert eventually(lambda: not running(guests))
