# SPDX-License-Identifier: GPL-2.0-only
"""The steps of a verification, and what each needs of the machine (steps.toml)."""

from __future__ import annotations

import functools
import math
import tomllib
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import Any

from zpmaint.core.errors import UserError
from zpmaint.matrix.plan import Due

_UNITS = {"K": 1 << 10, "M": 1 << 20, "G": 1 << 30, "T": 1 << 40}


class Step(StrEnum):
    """In the order in which they are done; each waits for those before it."""

    FETCH = "fetch"
    """The archive, verified."""
    UNPACK = "unpack"
    """The tree on the disk."""
    PORT = "port"
    """The patch, onto this kernel."""
    BUILD = "build"
    """The stock kernel and the patched one."""
    BOOT = "boot"
    """Every suite on both; after a failure once more."""
    JUDGE = "judge"
    """What both kernels reported, compared with what they have to."""


ORDER = tuple(Step)


@dataclass(frozen=True)
class Needs:
    """What one step needs; see steps.toml for the words."""

    step: Step
    share: float
    cores: float
    waits: bool
    memory: int
    """Bytes."""
    memory_per_job: int
    disk: int
    at_once: int
    alone: tuple[str, ...]
    deadline: float
    """Seconds."""

    def load(self, cores: int) -> float:
        """How many of `cores` it keeps busy in the mean."""
        return min(self.share * cores, self.cores) if self.share else min(self.cores, cores)

    def jobs(self, cores: int) -> int:
        """How many programs it may run side by side, so that it keeps `load` busy."""
        return max(1, round(self.load(cores) / self.share)) if self.share else 1

    def bytes_of_memory(self, cores: int) -> int:
        """With so many cores given to the run."""
        return self.memory + self.memory_per_job * self.jobs(cores)

    def place(self, due: Due) -> tuple[str, ...]:
        """What no other step of this kind may be at meanwhile; () where there is no such."""
        if not self.alone:
            return ()
        return (str(self.step), *(str(getattr(due, name)) for name in self.alone))


@dataclass(frozen=True)
class Table:
    """All of steps.toml."""

    needs: dict[Step, Needs]
    ahead: int

    def begun(self, cores: int) -> int:
        """How many kernels are begun at once: those that fill the cores, and some ahead."""
        return math.ceil(cores / max(self.needs[Step.BUILD].load(cores), 0.5)) + self.ahead


@functools.cache
def declared() -> Table:
    """The package's steps.toml."""
    return read(tomllib.loads(Path(__file__).with_name("steps.toml").read_text()))


def read(table: dict[str, Any]) -> Table:
    """The table that TOML gave."""
    needs = {}
    for row in table["step"]:
        values = {name: value for name, value in row.items() if name not in ("name", "why")}
        for name in ("memory", "memory_per_job", "disk"):
            values[name] = size(values[name])
        values["alone"] = tuple(values["alone"])
        step = Step(row["name"])
        needs[step] = Needs(step=step, **values)
    return Table(needs, table["ahead"]["begun"])


def size(text: str) -> int:
    """Bytes of "900M", "6G", "1.5G", "4096". Raises UserError for what is no size."""
    unit = _UNITS.get(text[-1:].upper(), 1)
    try:
        number = float(text[:-1] if unit > 1 else text)
        if not 0 <= number < 1e15:
            raise ValueError
    except ValueError:
        raise UserError(f"{text!r} is no size", "a number with K, M, G or T, as 6G") from None
    return int(number * unit)
