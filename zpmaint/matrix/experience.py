# SPDX-License-Identifier: GPL-2.0-only
"""How long steps take, by what the ledger knows of kernels near by; and how long a run still takes.
Pure."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from statistics import median

from zpmaint.core.errors import UserError
from zpmaint.core.versions import KernelVersion
from zpmaint.matrix.plan import Due
from zpmaint.matrix.schedule import Limits, seconds_left
from zpmaint.matrix.steps import ORDER, Step, Table

Row = tuple[str, str, Mapping[str, float]]
"""A verification's kernel, architecture and seconds by step, as its record has them."""


@dataclass(frozen=True)
class Remaining:
    """What one due has left."""

    due: Due
    step: Step | None = None
    """The first step that is left; None: all."""
    spent: float = 0.0
    """Seconds that it has run."""


class Experience:
    """Seconds by step; of the nearest that are known: the kernel, its series, its architecture,
    any."""

    def __init__(self, rows: Iterable[Row] = ()) -> None:
        self._known: dict[tuple[str, ...], dict[Step, list[float]]] = defaultdict(dict)
        for row in rows:
            self.add(row)

    def add(self, row: Row) -> None:
        """Learn of one more; what was skipped, as it was there, teaches nothing: a step counts from
        a tenth of a second on."""
        version, arch, seconds = row
        try:
            series = KernelVersion.parse(version).series
        except UserError:
            return
        for step in ORDER:
            took = seconds.get(str(step), 0.0)
            if took >= 0.1:
                for key in ((version, arch), (series, arch), (arch,), ()):
                    self._known[key].setdefault(step, []).append(took)

    def expected(self, due: Due) -> dict[Step, float]:
        """Seconds by step, as far as anything is known."""
        keys = ((str(due.version), due.arch), (due.version.series, due.arch), (due.arch,), ())
        found = {}
        for step in ORDER:
            near = next((k[step] for key in keys if step in (k := self._known.get(key, {}))), None)
            if near:
                found[step] = median(near)
        return found

    def left(self, remaining: Iterable[Remaining], table: Table, limits: Limits) -> float | None:
        """Seconds until all of `remaining` has ended; None where nothing is known of builds or
        boots, which is what takes time."""
        chains = []
        for one in remaining:
            known = self.expected(one.due)
            if not {Step.BUILD, Step.BOOT} & known.keys():
                return None
            steps = ORDER[ORDER.index(one.step) if one.step else 0 :]
            chain = [(step, known[step]) for step in steps if step in known]
            if chain and one.step == chain[0][0]:
                chain[0] = one.step, max(chain[0][1] - one.spent, 0.0)
            chains.append(chain)
        return seconds_left(chains, table, limits)
