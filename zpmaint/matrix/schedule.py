# SPDX-License-Identifier: GPL-2.0-only
"""What to start now: steps that are ready, what they need, and what the machine has left. Pure.

What has come furthest is first, so that kernels end and their room is free; among equals the order
of the plan decides. Nothing waits for what is not there yet: a step that fits begins. A step that
the limits would never let begin does so when nothing else runs.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

from zpmaint.matrix.plan import Due
from zpmaint.matrix.steps import ORDER, Step, Table


@dataclass(frozen=True)
class Limits:
    """What a run may use of the machine."""

    cores: int
    memory: int
    """Bytes."""


@dataclass(frozen=True)
class Task:
    """A step of one due that is ready to begin, or runs."""

    rank: int
    """The due's place in the run: its name, and smaller comes first."""
    due: Due
    step: Step


@dataclass
class _Use:
    """What runs, added up."""

    table: Table
    limits: Limits
    load: float = 0.0
    memory: int = 0
    kinds: Counter[Step] = field(default_factory=Counter)
    places: set[tuple[str, ...]] = field(default_factory=set)

    def add(self, task: Task) -> None:
        needs = self.table.needs[task.step]
        self.load += needs.load(self.limits.cores)
        self.memory += needs.bytes_of_memory(self.limits.cores)
        self.kinds[task.step] += 1
        if place := needs.place(task.due):
            self.places.add(place)

    def lets(self, task: Task) -> bool:
        needs = self.table.needs[task.step]
        if needs.at_once and self.kinds[task.step] >= needs.at_once:
            return False
        if needs.place(task.due) in self.places:
            return False
        if not self.kinds.total():
            return True
        if needs.waits and self.load >= self.limits.cores:
            return False
        return self.memory + needs.bytes_of_memory(self.limits.cores) <= self.limits.memory


def startable(
    waiting: Iterable[Task], running: Iterable[Task], table: Table, limits: Limits
) -> list[Task]:
    """Those of `waiting` that begin now beside `running`, in the order in which they do."""
    use = _Use(table, limits)
    for task in running:
        use.add(task)
    found = []
    for task in sorted(waiting, key=_urgency):
        if use.lets(task):
            use.add(task)
            found.append(task)
    return found


_PLACE = {step: place for place, step in enumerate(ORDER)}


def _urgency(task: Task) -> tuple[int, int]:
    return -_PLACE[task.step], task.rank


Chain = Sequence[tuple[Step, float]]
"""The steps that a due has left, each with the seconds that it takes."""


def seconds_left(chains: Sequence[Chain], table: Table, limits: Limits) -> float:
    """How long all of `chains` take from now on: what keeps the cores busy spread over them, or the
    longest of them where that is more."""
    together = sum(
        seconds * min(1.0, table.needs[step].load(limits.cores) / limits.cores)
        for chain in chains
        for step, seconds in chain
    )
    longest = max((sum(seconds for _, seconds in chain) for chain in chains), default=0.0)
    return max(together, longest)
