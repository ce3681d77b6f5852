# SPDX-License-Identifier: GPL-2.0-only
"""Whose fault a failed make is, by facts before words. Pure; docs/blame.md."""

from __future__ import annotations

import os
import re
import signal
from collections.abc import Sequence
from dataclasses import dataclass, replace

from zpmaint.build.diagnosis import Blame, Fault
from zpmaint.build.recorder import Failed

# What nobody sends but the kernel of the machine, its administrator and its shutdown. A crash
# (SIGSEGV, SIGABRT) may be a program's own fault and is none of these.
_SENT = frozenset({
    signal.SIGKILL, signal.SIGTERM, signal.SIGBUS, signal.SIGXFSZ, signal.SIGXCPU, signal.SIGHUP,
    signal.SIGINT, signal.SIGQUIT, signal.SIGPWR,
})  # fmt: skip
_WHY = {
    signal.SIGKILL: "out of memory, most likely: fewer --jobs, or more memory",
    signal.SIGBUS: "a disk that is full or ill, most likely",
    signal.SIGXFSZ: "a limit of the size of files: see ulimit -f",
    signal.SIGXCPU: "a limit of CPU time: see ulimit -t",
}
_GAVE_UP = re.compile(
    r"^(?:\S*/)?g?make(?:\[\d+\])?: \*\*\* \[(?:[^\]\s]+:\d+: )?([^\]\s]+)\] "
    r"(?:Error (\d+)|\w+.*)$"
)


@dataclass(frozen=True)
class Facts:
    """What is known of a make beside what it said."""

    failed: tuple[Failed, ...] = ()
    """Commands that did not end well: also such as were expected to, a Makefile's probes."""
    disk: tuple[str, ...] = ()
    """What hinders writing where make writes."""
    tools: tuple[str, ...] = ()
    """Programs that are other files than when make began."""


@dataclass(frozen=True)
class Again:
    """The command that failed, run once more by itself."""

    status: int
    """0: it did not fail again."""
    fault: Fault
    """By what it said then, a compiler's diagnostics taken as data."""


def machine_trouble(facts: Facts) -> Fault | None:
    """What the facts show of the machine, whatever make made of it; None where they show none."""
    for one in facts.failed:
        if one.error:
            why = f"a shell could not be started: {os.strerror(one.error)}"
            return Fault(Blame.MACHINE, f"{one.name}: {why}", "fewer --jobs, or higher limits")
        if one.signal in _SENT:
            name = signal.Signals(one.signal).name
            hint = _WHY.get(signal.Signals(one.signal), "it was ended from outside: run again")
            return Fault(Blame.MACHINE, f"{one.name}: killed by {name}", hint)
    if facts.tools:
        named = ", ".join(facts.tools[:3])
        return Fault(Blame.MACHINE, f"programs changed under the build: {named}", "run again")
    if facts.disk:
        return Fault(Blame.MACHINE, facts.disk[0], "see the disk, free some space, and run again")
    return None


def blamed(words: Fault, facts: Facts, again: Again | None) -> Fault:
    """Whose fault a failed make is: by the facts of the machine; else by the command that failed,
    run again; else by the words."""
    if trouble := machine_trouble(facts):
        return trouble
    if again is None:
        return words
    if again.status == 0:
        if words.blame is Blame.MACHINE:
            return words
        return Fault(Blame.UNKNOWN, f"{words.line}: the same command, run again, does not fail")
    if again.fault.blame is Blame.KERNEL and words.blame is Blame.KERNEL:
        return words  # the line of the whole log, with the place that a linker names before it
    if again.fault.blame is Blame.UNKNOWN and words.blame is Blame.MACHINE:
        return words
    if again.fault.blame is Blame.UNKNOWN:
        return replace(again.fault, line=words.line)
    return again.fault


def culprit(lines: Sequence[str], failed: Sequence[Failed]) -> Failed | None:
    """The recorded command for which make gave up: of the first target that it names, with the
    status that it gives; None where no record is like that."""
    for line in lines:
        if not (found := _GAVE_UP.match(line.strip())):
            continue
        target, status = found[1].rpartition("/")[2], found[2]
        same = [one for one in failed if status is None or one.status == int(status)]
        return next((one for one in same if target in one.text), next(iter(same), None))
    return None
