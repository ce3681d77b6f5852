# SPDX-License-Identifier: GPL-2.0-only
"""What a verification measured, in the form in which kernels are compared: each figure with all
that it was taken on. Pure.

Figures tell something of two kernels only where all else was alike: the machine, the compiler, the
program that measured. `Conditions` is that all else, as far as the record knows it.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, fields
from functools import cached_property

from zpmaint.judge.breakeven import break_even
from zpmaint.ledger.stages import DeltaRecord, KernelRecord, RunRecord
from zpmaint.ledger.told import CircumstancesRecord
from zpmaint.ledger.values import Record

BREAK_EVEN = "break-even"
"""The derived counter: the share of later-written pages, in percent, from which on the patch costs
no more (judge.breakeven). Its phase is 'faults'; it is a figure of the pair."""
INSTRUCTIONS = "instructions/page"
_PROGRAM = "suites/guest/c"
"""The part of a verification's inputs that is the guest's program. Cases do not count: that there
is one more says nothing of the benchmark, and which count differs from kernel to kernel."""
_WORDS = {
    "arch": "architecture",
    "profile": "build profile",
    "toolchain": "compiler",
    "accelerator": "accelerator",
    "cpu": "CPU model",
    "memory": "memory",
    "cpus": "number of CPUs",
    "emulator": "emulator",
    "host": "host",
    "tools": "versions of compiler, linker or QEMU",
    "suite": "program that measures",
}


@dataclass(frozen=True)
class Conditions:
    """What a figure was taken on, in words; '' is what the record does not know."""

    arch: str = ""
    profile: str = ""
    """The build profile that the kernel was configured with."""
    toolchain: str = ""
    """What it was compiled with."""
    accelerator: str = ""
    """'tcg,icount', 'tcg', 'kvm'."""
    cpu: str = ""
    """The CPU model that QEMU showed."""
    memory: str = ""
    """In MiB, as QEMU was told."""
    cpus: str = ""
    emulator: str = ""
    """QEMU with its version."""
    host: str = ""
    """The machine, where figures depend on it."""
    tools: str = ""
    """A hash over the version lines of compiler, linker and QEMU."""
    suite: str = ""
    """A hash over the guest's program, which the benchmark is a part of."""

    def unlike(self, other: Conditions) -> tuple[str, ...]:
        """In what two differ, in words; () for figures that may be compared. What only one of the
        records knows is a difference: it cannot be known to be none."""
        return tuple(
            words for name, words in _WORDS.items() if getattr(self, name) != getattr(other, name)
        )

    @property
    def known(self) -> tuple[tuple[str, str], ...]:
        """Name and value of what a person can read."""
        return tuple(
            (_WORDS[one.name], value + (" MiB" if one.name == "memory" else ""))
            for one in fields(self)
            if (value := getattr(self, one.name)) and one.name not in ("tools", "suite")
        )


@dataclass(frozen=True)
class CostFigure:
    """One figure of a kernel, stock and patched. A figure of the pair as a whole (BREAK_EVEN)
    stands as the patched kernel's."""

    counter: str
    phase: str
    unit: str
    stock: float | None
    patched: float | None
    exact: bool
    """Whether the same kernels give the same figure every time."""
    telling: bool = False
    """Whether the patch shows in it on this kernel."""
    word: str = ""
    """Where there is no number, what is known instead: 'never', 'the same'."""

    @property
    def name(self) -> tuple[str, str]:
        return (self.counter, self.phase)


@dataclass(frozen=True)
class Costs:
    """All figures of one verification."""

    version: str
    arch: str
    patchset: str
    finished: float
    """Seconds since the epoch."""
    on: Conditions
    figures: tuple[CostFigure, ...]

    def figure(self, counter: str, phase: str) -> CostFigure | None:
        return self._by_name.get((counter, phase))

    @cached_property
    def _by_name(self) -> dict[tuple[str, str], CostFigure]:
        return {(one.counter, one.phase): one for one in reversed(self.figures)}


def costs_of(record: Record) -> Costs | None:
    """What a verification measured; None where it measured nothing."""
    deltas = record.verdict.deltas if record.verdict else ()
    if not deltas:
        return None
    return Costs(
        version=record.version,
        arch=record.arch,
        patchset=record.patchset,
        finished=record.finished,
        on=conditions_of(record),
        figures=(*(_figure(delta) for delta in deltas), *_derived(deltas)),
    )


def conditions_of(record: Record) -> Conditions:
    """What the figures of a record were taken on, as far as it says."""
    kernel = record.build.stock if record.build else None
    run = record.runs.stock if record.runs else None
    kernel, run = kernel or KernelRecord(), run or RunRecord()
    made = record.circumstances or CircumstancesRecord()
    return Conditions(
        arch=record.arch,
        profile=kernel.profile,
        toolchain=kernel.toolchain,
        accelerator=run.accelerator,
        cpu=_option(run.command, "-cpu"),
        memory=_option(run.command, "-m"),
        cpus=_option(run.command, "-smp").partition(",")[0],
        emulator=made.tools.get(run.command[0], "") if run.command else "",
        # Counted instructions are the same on any host.
        host="" if run.deterministic else made.host,
        tools=record.inputs.get("tools", ""),
        suite=record.inputs.get(_PROGRAM, ""),
    )


def _figure(delta: DeltaRecord) -> CostFigure:
    return CostFigure(
        delta.counter,
        delta.phase,
        delta.unit,
        delta.stock,
        delta.patched,
        delta.exact,
        delta.telling,
    )


def _derived(deltas: Sequence[DeltaRecord]) -> tuple[CostFigure, ...]:
    """The break-even that the passes' costs make."""
    found = {delta.phase: delta for delta in deltas if delta.counter == INSTRUCTIONS}
    read, write = found.get("read"), found.get("write")
    if read is None or write is None or read.patched is None or write.patched is None:
        return ()
    crossing = break_even(
        {0: read.stock, 100: read.stock + write.stock},
        {0: read.patched, 100: read.patched + write.patched},
    )
    word = (
        "the same" if crossing.by == "same" else "" if crossing.pays_from is not None else "never"
    )
    value = None if word else crossing.pays_from
    exact = read.exact and write.exact
    return (CostFigure(BREAK_EVEN, "faults", "%", None, value, exact, word=word),)


def _option(command: Sequence[str], name: str) -> str:
    """What follows an option of a command line."""
    places = [at for at, word in enumerate(command[:-1]) if word == name]
    return command[places[-1] + 1] if places else ""
