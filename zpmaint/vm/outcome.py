# SPDX-License-Identifier: GPL-2.0-only
"""How a guest's life ended, told from what is left of it. Pure.

The guest's side of the bargain: init writes its results to the channel of its board, the last line
of them is `# done`. Where there are I/O ports it then writes 0x10 to the isa-debug-exit device,
which makes QEMU exit with status 33; elsewhere it has the kernel switch the machine off, which says
so on its console and makes QEMU exit with status 0. Whatever else happens is something else, and is
called by its name.
"""

from __future__ import annotations

import re
import signal
from dataclasses import dataclass
from enum import StrEnum

from zpmaint.vm import console
from zpmaint.vm.values import Outcome

DONE = "# done"
"""The last line of complete results."""
STILL_LEAST = 5.0
"""Seconds after which a guest may take the host's standing still for a lockup of its own."""
EXIT_VALUE = 0x10
EXIT_DONE = EXIT_VALUE << 1 | 1
"""isa-debug-exit turns the value v into QEMU's exit status 2v + 1."""

# QEMU ends with status 0 on SIGTERM, SIGINT and SIGHUP, as on a guest's reset; only this line,
# printed by qemu_kill_report(), tells them apart.
_OFF = re.compile(r"(?i)\bpower down\b")
_TERMINATED = re.compile(r"terminating on signal \d+.*")


class Ends(StrEnum):
    """How a guest ends that has done its work."""

    STATUS = "status"
    """By a device that gives QEMU a status of its own."""
    POWER_OFF = "power-off"
    """By the kernel, which switches the machine off."""


@dataclass(frozen=True)
class Ending:
    """What is left when QEMU is gone."""

    status: int
    """As Python has it: negative for a signal."""
    console: str
    results: str
    stderr: str
    stopped: str = ""
    """Why QEMU was stopped from outside by us (the deadline), "" where it ended by itself."""
    limits_met: tuple[str, ...] = ()
    """Limits that the host held QEMU to: what ends it then is the host."""
    stood_still: float = 0.0
    """Seconds that the guest's clock counted while it was kept from running."""
    ends: Ends = Ends.STATUS
    """How one ends that has done its work."""
    disk: str = ""
    """What hindered writing the console at the end; "" where nothing did."""


def classify(ending: Ending) -> tuple[Outcome, str]:
    """The outcome and its reason in one line."""
    lines = console.lines(ending.console)
    panic = console.panic(lines)
    if ending.disk:
        return Outcome.HOST_DISK, f"the console could not be kept whole: {ending.disk}"
    sound = _is_in_order(ending, lines) and not panic and not console.complaints(lines)
    if ending.stood_still >= STILL_LEAST and not sound:
        what = f"the host stood still for {ending.stood_still:.0f} s under a guest whose clock ran"
        return Outcome.STOOD_STILL, f"{what}; {panic or _last_words(ending, lines)}"
    if panic:
        return Outcome.PANIC, panic
    if ending.stopped:
        return Outcome.HANG, f"{ending.stopped}; {_last_words(ending, lines)}"
    terminated = _TERMINATED.search(ending.stderr)
    if ending.status < 0:
        met = f" ({'; '.join(ending.limits_met)})" if ending.limits_met else ""
        return _broke(f"QEMU was killed by {_signal(-ending.status)}{met}", ending, lines)
    if terminated:
        return _broke(f"QEMU was stopped: {terminated[0]}", ending, lines)
    return _ended(ending, lines)


def _is_in_order(ending: Ending, lines: tuple[str, ...]) -> bool:
    """Whether the machine ended as one does that has done its work."""
    if ending.ends is Ends.POWER_OFF:
        return ending.status == 0 and bool(_OFF.search(console.farewell(lines)))
    return ending.status == EXIT_DONE


def _ended(ending: Ending, lines: tuple[str, ...]) -> tuple[Outcome, str]:
    """QEMU ended by itself: the status is isa-debug-exit's, a reset's, or QEMU's own."""
    in_order = _is_in_order(ending, lines)
    if in_order and _is_done(ending.results):
        return Outcome.FINISHED, f"init said `{DONE}`"
    if in_order:
        what = f"init ended the machine without `{DONE}`"
        return Outcome.UNFINISHED, f"{what}; {_last_words(ending, lines)}"
    if ending.status == 0:
        return _reset(ending, lines)
    if ending.ends is Ends.STATUS and ending.status % 2 and not ending.stderr.strip():
        # An odd status and no complaint of QEMU's: isa-debug-exit again, with another value.
        what = f"the guest ended the machine with {ending.status >> 1:#x}, not {EXIT_VALUE:#x}"
        return Outcome.UNFINISHED, f"{what}; {_last_words(ending, lines)}"
    return _broke(f"QEMU exited with status {ending.status}", ending, lines)


def _reset(ending: Ending, lines: tuple[str, ...]) -> tuple[Outcome, str]:
    """Status 0: the guest reset or powered off its machine. With or without a word?"""
    asked = console.farewell(lines)
    if asked:
        return Outcome.UNFINISHED, f"init or the kernel ended the machine: {asked}"
    return Outcome.TRIPLE_FAULT, f"reset without a word; {_last_words(ending, lines)}"


def _broke(what: str, ending: Ending, lines: tuple[str, ...]) -> tuple[Outcome, str]:
    """QEMU failed: before or after the guest had said a word?"""
    said = next((line for line in reversed(ending.stderr.splitlines()) if line.strip()), "")
    if said and not _TERMINATED.search(said):
        what += f": {said.strip()}"
    if lines or ending.results:
        return Outcome.DIED, f"{what}; {_last_words(ending, lines)}"
    return Outcome.NOT_STARTED, f"{what}, before the kernel's first word"


def _is_done(results: str) -> bool:
    return results.endswith(f"\n{DONE}\n") or results == f"{DONE}\n"


def _last_words(ending: Ending, lines: tuple[str, ...]) -> str:
    results = ending.results.splitlines()
    words = f"the console ends: {lines[-1]}" if lines else "nothing on the console"
    return f"{words}; the results end: {results[-1]}" if results else f"{words}; no results"


def _signal(number: int) -> str:
    try:
        return signal.Signals(number).name
    except ValueError:
        return f"signal {number}"
