# SPDX-License-Identifier: GPL-2.0-only
"""The regressions that the ledger knows of: the same timelines and bounds that the pages stand on,
and which inputs were other ones as well."""

from __future__ import annotations

import time
from collections.abc import Collection
from dataclasses import dataclass
from typing import Any

from zpmaint.app.outlook import outlook_of
from zpmaint.app.session import Session
from zpmaint.core.errors import EXIT_KERNEL, EXIT_OK
from zpmaint.core.series import holds
from zpmaint.patchset.load import all_patchsets
from zpmaint.timeline.cost_changes import CostChange, Watched, cost_changes
from zpmaint.timeline.costs import Costs, costs_of
from zpmaint.timeline.kernels import parsed
from zpmaint.timeline.lines import lines_of
from zpmaint.timeline.regressions import Regression, RegressionKind, TurnedBy, regressions_of
from zpmaint.timeline.values import Attempt, Line

_ASKED = "asked"
"""The part of the inputs that names the kernel itself."""


@dataclass(frozen=True)
class Found:
    """A regression, and what else was not the same."""

    regression: Regression
    also: tuple[str, ...] = ()
    """The parts of the inputs, but for the kernel, that differ between the two verifications; none
    where a record does not know its inputs, and of a cost."""

    @property
    def words(self) -> str:
        """In a line or two."""
        one = self.regression
        over = f"{one.first} to {one.last}" if one.last != one.first else one.first
        said = f"{over}: {one.why}"
        if one.turned_by is TurnedBy.INPUTS and one.good:
            said += f"; {one.last_good} was {one.good.result} before, with other inputs"
        elif one.turned_by is TurnedBy.KERNEL and not one.change:
            said += f"; last good {one.last_good}" + (" of another line" if one.is_across else "")
        if self.also:
            said += f"; other inputs: {', '.join(self.also)}"
        return said + (f"; good again in {one.fixed_in}" if one.fixed_in else "")

    @property
    def next_step(self) -> str:
        """The command that narrows it; '' where there is nothing to narrow."""
        one = self.regression
        if one.turned_by is not TurnedBy.KERNEL or not one.is_current:
            return ""
        line = one.line
        words = ["zpmaint bisect", one.last_good, one.first, f"--patch {line.patchset}"]
        if line.arch != "x86_64":
            words.append(f"--arch {line.arch}")
        if line.profile:
            words.append(f"--profile {line.profile}")
        if self.criterion:
            words.append(f"--run {self.criterion}")
        return " ".join(words)

    @property
    def criterion(self) -> str:
        """What `zpmaint bisect --run` has to look at; '' the result."""
        change = self.regression.change
        if change is None:
            return ""
        side = "" if change.side == "pair" else f":{change.side}"
        return f"figure:{change.counter}:{change.phase}{side}"

    def as_json(self) -> dict[str, Any]:
        """One row of what `zpmaint regressions --json` prints."""
        one = self.regression
        change = one.change
        return {
            "kind": str(one.kind),
            "patchset": one.line.patchset,
            "line": one.line.name,
            "arch": one.line.arch,
            "profile": one.line.profile or None,
            "current": one.is_current,
            "first": one.first,
            "last": one.last,
            "last_good": one.last_good,
            "across_lines": one.is_across,
            "untested_between": one.untested,
            "turned_by": str(one.turned_by),
            "other_inputs": list(self.also),
            "fixed_in": one.fixed_in,
            "when": one.when,
            "why": one.why,
            "result": str(one.found.result) if one.found else None,
            "key": one.found.key if one.found else None,
            "figure": {
                "counter": change.counter,
                "phase": change.phase,
                "side": change.side,
                "unit": change.unit,
                "was": change.before,
                "now": change.after,
            }
            if change
            else None,
            "next_step": self.next_step or None,
        }


def exit_status(found: list[Found]) -> int:
    """That of a kernel's failure where something still is worse than it was."""
    return EXIT_KERNEL if any(one.regression.is_current for one in found) else EXIT_OK


def shown_by(found: list[Found], versions: Collection[str]) -> list[Found]:
    """Those that still are and begin, or were last seen, on one of these kernels: what their
    verifications just showed."""
    return [
        one
        for one in found
        if one.regression.is_current and {one.regression.first, one.regression.last} & {*versions}
    ]


def regressions(session: Session, series: str | None = None) -> list[Found]:
    """Every regression that the ledger shows, or those of one `series` ("6.12", or one kernel):
    what still is so first. Raises InfraError for a ledger that cannot be read."""
    attempts = [Attempt(*row[:9]) for row in session.ledger.tried()]
    changes = _changes(session)

    def of_line(line: Line) -> list[CostChange]:
        mine = {one.version for one in line.standings}
        found = changes.get((line.patchset, line.profile), [])
        return [one for one in found if one.arch == line.arch and one.first in mine]

    lines = lines_of(
        attempts, session.config, outlook_of(session), time.time(), cost_changes=of_line
    )
    return [
        Found(one, _also(session, one))
        for one in regressions_of(lines)
        if series is None or _is_of(one, series)
    ]


def _is_of(one: Regression, series: str) -> bool:
    version = parsed(one.first)
    return version is not None and holds(series, version)


def _changes(session: Session) -> dict[tuple[str, str], list[CostChange]]:
    """By patch set and build profile, where its watched figures changed, oldest kernel first."""
    watched = {
        found.name: [
            Watched(counter, panel.phase, panel.bound, panel.floor)
            for panel in found.panels
            for counter in panel.counters
        ]
        for found in all_patchsets(session.places.project)
    }
    costs: dict[tuple[str, str], list[Costs]] = {}
    for record in session.ledger.measured([name for name, what in watched.items() if what]):
        if (one := costs_of(record)) is not None:
            costs.setdefault((record.patchset, record.profile), []).append(one)
    return {name: cost_changes(mine, watched[name[0]]) for name, mine in costs.items()}


def _also(session: Session, one: Regression) -> tuple[str, ...]:
    if one.kind is RegressionKind.COST or one.found is None or one.good is None:
        return ()
    two = [session.ledger.at(each.key, each.turn) for each in (one.good, one.found)]
    before, now = (record.inputs if record else {} for record in two)
    if not before or not now:
        return ()
    return tuple(
        name
        for name in sorted(before | now)
        if name != _ASKED and before.get(name) != now.get(name)
    )
