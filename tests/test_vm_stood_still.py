# SPDX-License-Identifier: GPL-2.0-only
"""A host that stood still is no hang of the guest's."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
import time
from contextlib import suppress
from pathlib import Path

import pytest
from test_vm_boot import FINISH, fake, image
from vm_fixtures import FakeQemu

from zpmaint.build.values import Kernel
from zpmaint.core import awake
from zpmaint.core.awake import AwakeClock
from zpmaint.vm import boot as boot_module
from zpmaint.vm import qemu
from zpmaint.vm.accelerator import Accelerator
from zpmaint.vm.boot import boot
from zpmaint.vm.outcome import EXIT_DONE, Ending, classify
from zpmaint.vm.values import Outcome

__all__ = ["fake", "image"]
DEADLINE = 0.5
LONG = 2 * qemu.PATIENCE * DEADLINE
"""Seconds: more than the guest gets on the wall's clock."""


def stopped(word: str, state: str = "T") -> list[int]:
    """The processes in a state that have a word in their command line."""
    found = []
    for place in Path("/proc").glob("[0-9]*"):
        with suppress(OSError):
            line = (place / "cmdline").read_bytes().decode(errors="replace")
            now = (place / "stat").read_text().rpartition(")")[2][1]
            if word in line and now in state:
                found.append(int(place.name))
    return found


def test_a_guest_that_is_stopped_and_goes_on_has_not_hung(
    fake: FakeQemu, image: Kernel, tmp_path: Path
) -> None:
    fake.does(f"kill -STOP $$\n{FINISH}")

    def go_on() -> None:
        while not (found := stopped(f"{fake.folder}/qemu")):
            time.sleep(0.05)
        time.sleep(LONG)
        for pid in found:
            os.kill(pid, signal.SIGCONT)

    threading.Thread(target=go_on, daemon=True).start()
    run = boot(image, b"rd", console=tmp_path / "console", deadline=DEADLINE)
    assert run.outcome is Outcome.FINISHED, run.why
    assert run.seconds > LONG


def test_zpmaint_and_its_guest_stopped_together(tmp_path: Path) -> None:
    """As in a container that was paused."""
    guest = tmp_path / "qemu-system-x86_64"
    guest.write_text(
        "#!/bin/sh\nfor n in 1 2 3 4 5 6 7 8; do sleep 0.2; done\necho over\nexit 33\n"
    )
    guest.chmod(0o755)
    program = (
        "from zpmaint.vm.qemu import run\n"
        f"ended = run([{guest.name!r}], fds=(), watched=(), deadline={DEADLINE}, memory=64)\n"
        "print(ended.status, repr(ended.stopped), ended.stood_still > 3)\n"
    )
    process = subprocess.Popen(
        [sys.executable, "-c", program],
        stdout=subprocess.PIPE,
        text=True,
        env={**os.environ, "PATH": f"{tmp_path}:{os.environ['PATH']}"},
    )
    held: list[int] = []
    while not held:
        held = stopped(str(guest), "SRD")
        time.sleep(0.05)
    time.sleep(0.5)
    for pid in (process.pid, *held):
        os.kill(pid, signal.SIGSTOP)
    time.sleep(LONG)
    for pid in (*held, process.pid):
        with suppress(ProcessLookupError):
            os.kill(pid, signal.SIGCONT)
    said, _ = process.communicate(timeout=60)
    assert said.split("\n")[0] == "33 '' True"


def test_a_guest_that_hangs_on_a_host_that_goes_is_a_hang(
    fake: FakeQemu, image: Kernel, tmp_path: Path
) -> None:
    fake.does("sleep 60 & wait")
    run = boot(image, b"rd", console=tmp_path / "console", deadline=0.2)
    assert run.outcome is Outcome.HANG


def test_a_guest_that_nobody_lets_go_on_is_the_hosts(
    fake: FakeQemu, image: Kernel, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(qemu, "STILL_MOST", 1.0)
    fake.does("kill -STOP $$")
    run = boot(image, b"rd", console=tmp_path / "console", deadline=DEADLINE)
    assert run.outcome.is_infrastructure
    assert "kept from running" in run.why


@pytest.mark.parametrize(
    ("looks", "held", "took", "still"),
    [
        ([0.25, 0.5, 0.75], False, 0.75, 0.0),
        ([0.25, 300.25, 300.5], False, 0.75, 299.75),  # suspended, or we were stopped
        ([0.25, 2.0, 3.0], False, 3.0, 0.0),  # a busy host
        ([0.25, 0.5, 0.75], True, 0.0, 0.75),  # it was stopped, we were not
    ],
)
def test_the_time_of_standing_still_does_not_count(
    monkeypatch: pytest.MonkeyPatch, looks: list[float], held: bool, took: float, still: float
) -> None:
    at = [100.0]
    monkeypatch.setattr(awake, "now", lambda: at[0])
    clock = AwakeClock(0.25)
    for look in looks:
        at[0] = 100.0 + look
        seen = clock.look(is_held=held)
    assert (seen, clock.stood_still) == (pytest.approx(took), pytest.approx(still))


BOOTED = "Linux version 6.12.107\n"
LOCKUP = BOOTED + "watchdog: BUG: soft lockup - CPU#0 stuck for 300s!\n"


@pytest.mark.parametrize(
    ("ending", "outcome"),
    [
        (Ending(EXIT_DONE, BOOTED, "# done\n", "", stood_still=300.0), Outcome.FINISHED),
        (Ending(EXIT_DONE, LOCKUP, "# done\n", "", stood_still=300.0), Outcome.STOOD_STILL),
        (Ending(EXIT_DONE, LOCKUP, "# done\n", "", stood_still=0.0), Outcome.FINISHED),
        (
            Ending(0, LOCKUP + "Kernel panic - not syncing: softlockup\n", "", "", stood_still=9.0),
            Outcome.STOOD_STILL,
        ),
        (Ending(-9, BOOTED, "", "", "no end", stood_still=9.0), Outcome.STOOD_STILL),
        (Ending(EXIT_DONE, BOOTED, "# done\n", "", disk="/s: full"), Outcome.HOST_DISK),
        (Ending(0, BOOTED, "", "", disk="/s: full"), Outcome.HOST_DISK),
        (
            Ending(
                1, "", "",
                "qemu-system-x86_64: cannot set up guest memory 'pc.ram': Cannot allocate memory\n",
            ),
            Outcome.NOT_STARTED,
        ),
        (
            Ending(1, "", "", "qemu: could not load PC BIOS 'bios-256k.bin'\n"),
            Outcome.NOT_STARTED,
        ),
        (Ending(-7, BOOTED, "", ""), Outcome.DIED),
        # What the guest says of such things is the guest's.
        (
            Ending(0, "cannot set up guest memory\nKernel panic - not syncing: x\n", "", ""),
            Outcome.PANIC,
        ),
    ],
)  # fmt: skip
def test_what_the_host_did_and_what_the_guest_did(ending: Ending, outcome: Outcome) -> None:
    assert classify(ending)[0] is outcome
    assert outcome.is_infrastructure == (outcome not in (Outcome.FINISHED, Outcome.PANIC))


def test_a_console_on_a_full_disk_tells_nothing(
    fake: FakeQemu, image: Kernel, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    fake.does(FINISH)
    full = "/state: No space left on device"
    monkeypatch.setattr(boot_module, "disk_troubles", lambda folders: [full])
    run = boot(image, b"rd", console=tmp_path / "console", accelerator=Accelerator.ICOUNT)
    assert run.outcome is Outcome.HOST_DISK
    assert full in run.why
