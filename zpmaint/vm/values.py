# SPDX-License-Identifier: GPL-2.0-only
"""What a boot hands on: how the guest ended, what it said, and where its console is."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import Any


class Outcome(StrEnum):
    """How a guest's life ended; no two of these are ever mixed up."""

    FINISHED = "finished"
    """init ran to its end and said so."""
    PANIC = "panic"
    """The kernel said that it cannot go on."""
    TRIPLE_FAULT = "triple-fault"
    """The CPU reset itself without a word from the kernel or from init."""
    UNFINISHED = "unfinished"
    """The guest ended its machine by itself, in order, but before it said that it was done."""
    HANG = "hang"
    """The deadline passed."""
    DIED = "died"
    """QEMU itself was killed or crashed after the guest had started: infrastructure."""
    STOOD_STILL = "stood-still"
    """The host stood still while the guest's clock went on, so that what it then says of lockups
    and stalls is not the kernel's: infrastructure."""
    HOST_DISK = "host-disk"
    """The console could not be written: what it would have told is not known: infrastructure."""
    NOT_STARTED = "not-started"
    """QEMU could not start the guest: infrastructure, not the kernel's fault."""

    @property
    def is_infrastructure(self) -> bool:
        return self in (
            Outcome.DIED,
            Outcome.STOOD_STILL,
            Outcome.HOST_DISK,
            Outcome.NOT_STARTED,
        )


@dataclass(frozen=True)
class Part:
    """What the console says of one case's time."""

    case: str
    """'' for what belongs to none: the boot, the benchmark."""
    lines: tuple[str, ...]
    complaints: tuple[str, ...]
    """Those of `lines` that tell of a broken kernel."""


@dataclass(frozen=True)
class Run:
    """One boot of one kernel, from QEMU's start to its end."""

    outcome: Outcome
    why: str
    """The outcome's reason in one line, with the console's telling line where there is one."""
    results: str
    """What the guest wrote to the result channel (KTAP and benchmark lines)."""
    console: Path
    """The kept serial console."""
    complaints: tuple[str, ...]
    """Console lines that tell of a broken kernel: Oops, BUG, WARNING, Bad page, stalls."""
    seconds: float
    """Wall time from start to exit."""
    accelerator: str
    """'tcg,icount', 'tcg' or 'kvm'."""
    deterministic: bool
    """Whether instruction counts of this run are repeatable."""
    command: tuple[str, ...]
    """The QEMU command line, ready to paste."""
    parts: tuple[Part, ...] = ()
    """The console, case by case."""
    restarts: tuple[Run, ...] = ()
    """The boots after this one, each for the cases that a guest's death left over."""

    @property
    def boots(self) -> tuple[Run, ...]:
        """This boot and those after it."""
        return (self, *self.restarts)

    def as_json(self) -> dict[str, Any]:
        """JSON's own types, without `results`: the verdict holds what they say."""
        return {
            "outcome": str(self.outcome),
            "why": self.why,
            "console": str(self.console),
            "complaints": list(self.complaints),
            "seconds": round(self.seconds, 3),
            "accelerator": self.accelerator,
            "deterministic": self.deterministic,
            "command": list(self.command),
        } | ({"restarts": [run.as_json() for run in self.restarts]} if self.restarts else {})
