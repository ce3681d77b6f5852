# SPDX-License-Identifier: GPL-2.0-only
"""How a guest's life ended: one row per way to die."""

from __future__ import annotations

import pytest

from zpmaint.vm.outcome import Ending, Ends, classify
from zpmaint.vm.values import Outcome

BOOTED = "Linux version 6.12.107 (u@h)\r\n[    0.012345] Run /init as init process\r\n"
RESULTS = "TAP version 13\nok 1 - alive\n# done\n"
HALF = "TAP version 13\nok 1 - alive\n"
PANIC = BOOTED + "[    0.1] Kernel panic - not syncing: Attempted to kill init!\r\n"
LATE = "no end within 60 s (QEMU had 59.0 s of CPU)"


@pytest.mark.parametrize(
    ("ending", "outcome", "telling"),
    [
        # --- the only good end -----------------------------------------------------------
        (Ending(33, BOOTED, RESULTS, ""), Outcome.FINISHED, "# done"),
        (Ending(33, "", "# done\n", ""), Outcome.FINISHED, "# done"),
        # --- a status of success, without the results that belong to it -------------------
        (Ending(33, BOOTED, "", ""), Outcome.UNFINISHED, "no results"),
        (Ending(33, BOOTED, HALF, ""), Outcome.UNFINISHED, "ok 1 - alive"),
        (Ending(33, BOOTED, RESULTS + "ok 2\n", ""), Outcome.UNFINISHED, "without `# done`"),
        (Ending(33, BOOTED, HALF + "# done", ""), Outcome.UNFINISHED, "without `# done`"),
        (Ending(33, BOOTED, HALF + "not # done\n", ""), Outcome.UNFINISHED, "without"),
        # --- results of success, without the status --------------------------------------
        (Ending(0, BOOTED, RESULTS, ""), Outcome.TRIPLE_FAULT, "Run /init as init process"),
        (Ending(35, BOOTED, RESULTS, ""), Outcome.UNFINISHED, "0x11, not 0x10"),
        (Ending(1, BOOTED, RESULTS, ""), Outcome.UNFINISHED, "0x0, not 0x10"),
        (Ending(-1, BOOTED, RESULTS, "", LATE), Outcome.HANG, LATE),
        # --- panic: with a reset, with a hang, whatever init claimed -----------------------
        (Ending(0, PANIC, HALF, ""), Outcome.PANIC, "not syncing: Attempted to kill init!"),
        (Ending(-9, PANIC, HALF, "", LATE), Outcome.PANIC, "Attempted to kill init!"),
        (Ending(33, PANIC, RESULTS, ""), Outcome.PANIC, "Attempted to kill init!"),
        (
            Ending(-9, "PANIC: early exception 0x0e IP 10:ffffffff81", "", "", LATE),
            Outcome.PANIC,
            "early exception 0x0e",
        ),
        (
            Ending(-9, "\ncrc error\n\n -- System halted", "", "", LATE),
            Outcome.PANIC,
            "System halted",
        ),
        # --- reset without a word ---------------------------------------------------------
        (Ending(0, "", "", ""), Outcome.TRIPLE_FAULT, "nothing on the console; no results"),
        (Ending(0, BOOTED, HALF, ""), Outcome.TRIPLE_FAULT, "Run /init as init process"),
        # --- reset with a word ------------------------------------------------------------
        (
            Ending(0, BOOTED + "[ 1.0] reboot: Restarting system\r\n", HALF, ""),
            Outcome.UNFINISHED,
            "reboot: Restarting system",
        ),
        (Ending(0, BOOTED + "machine restart\n", RESULTS, ""), Outcome.UNFINISHED, "restart"),
        # --- hang -------------------------------------------------------------------------
        (Ending(-9, BOOTED, HALF, "", LATE), Outcome.HANG, "Run /init as init process"),
        (Ending(-9, "", "", "", LATE), Outcome.HANG, "nothing on the console; no results"),
        (Ending(0, BOOTED, RESULTS, "", LATE), Outcome.HANG, LATE),
        # --- QEMU itself ------------------------------------------------------------------
        (Ending(-9, BOOTED, HALF, ""), Outcome.DIED, "SIGKILL"),
        (Ending(-9, BOOTED, RESULTS, ""), Outcome.DIED, "SIGKILL"),
        (Ending(-11, BOOTED, "", "assertion failed\n"), Outcome.DIED, "assertion failed"),
        (
            Ending(0, BOOTED, HALF, "qemu: terminating on signal 15 from pid 7 (kill)\n"),
            Outcome.DIED,
            "terminating on signal 15 from pid 7",
        ),
        (
            Ending(0, "", "", "qemu: terminating on signal 1 from pid 7 (<unknown process>)\n"),
            Outcome.NOT_STARTED,
            "terminating on signal 1",
        ),
        (Ending(1, BOOTED, HALF, "qemu: KVM internal error\n"), Outcome.DIED, "KVM internal"),
        (Ending(-6, "", "", "Assertion `ret' failed.\n"), Outcome.NOT_STARTED, "SIGABRT"),
        (Ending(1, "", "", "qemu: invalid option\n"), Outcome.NOT_STARTED, "invalid option"),
        (
            Ending(1, "", "", "qemu: could not open kernel file\n\n"),
            Outcome.NOT_STARTED,
            "could not open kernel file",
        ),
        (Ending(127, "", "", "setpriv: no such file\n"), Outcome.NOT_STARTED, "status 127"),
        (Ending(2, "", "", ""), Outcome.NOT_STARTED, "status 2"),
    ],
)
def test_how_it_ended(ending: Ending, outcome: Outcome, telling: str) -> None:
    told, why = classify(ending)
    assert told is outcome, why
    assert telling in why
    assert "\n" not in why and "\r" not in why


OFF = BOOTED + "[    9.0] reboot: Power down\r\n"


@pytest.mark.parametrize(
    ("status", "console", "results", "outcome"),
    [
        (0, OFF, RESULTS, Outcome.FINISHED),
        (0, OFF, HALF, Outcome.UNFINISHED),
        (0, OFF, "", Outcome.UNFINISHED),
        # A reset ends QEMU with the same status; only the console tells them apart.
        (0, BOOTED, RESULTS, Outcome.TRIPLE_FAULT),
        (0, BOOTED + "reboot: Restarting system\n", RESULTS, Outcome.UNFINISHED),
        (0, PANIC + "reboot: Power down\n", RESULTS, Outcome.PANIC),
        # No device gives a status there: 33 is QEMU's own.
        (33, OFF, RESULTS, Outcome.DIED),
        (-9, OFF, RESULTS, Outcome.DIED),
    ],
)
def test_where_the_kernel_switches_the_machine_off(
    status: int, console: str, results: str, outcome: Outcome
) -> None:
    ending = Ending(status, console, results, "", ends=Ends.POWER_OFF)
    assert classify(ending)[0] is outcome, classify(ending)


def test_nothing_but_status_and_done_together_is_finished() -> None:
    """Every combination of the parts: FINISHED has exactly one way to come about."""
    finished = [
        (status, console, results, stopped)
        for status in (-11, -9, 0, 1, 2, 33, 35, 127)
        for console in ("", BOOTED, PANIC)
        for results in ("", HALF, RESULTS)
        for stopped in ("", LATE)
        if classify(Ending(status, console, results, "", stopped))[0] is Outcome.FINISHED
    ]
    assert finished == [(33, "", RESULTS, ""), (33, BOOTED, RESULTS, "")]
