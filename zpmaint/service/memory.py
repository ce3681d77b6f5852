# SPDX-License-Identifier: GPL-2.0-only
"""The states of the jobs over a restart: a small file, whole and with a digest. Where it is damaged
all jobs are due, which costs one look at what is known already."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, fields
from pathlib import Path
from typing import Any

from zpmaint.core.errors import InfraError
from zpmaint.core.progress import SILENT, Reporter
from zpmaint.core.remembered import recall, remember
from zpmaint.service.schedule import JobState, Outcome, States

_NUMBERS = frozenset({"due", "not_before", "begun", "ended", "well", "failures", "runs", "failed"})


class Memory:
    """Where states are kept."""

    def __init__(self, path: Path, reporter: Reporter = SILENT) -> None:
        self._path, self._reporter = path, reporter
        self._kept: States = {}

    def recall(self) -> dict[str, JobState]:
        """What was kept last; nothing where nothing was, and where it cannot be read."""
        found = recall(self._path, self._reporter)
        try:
            return {str(name): _state(row) for name, row in found.items()} if found else {}
        except (AttributeError, KeyError, TypeError, ValueError):
            with self._reporter.step("read what the service did last") as step:
                step.note(f"{self._path}: not of this zpmaint; all jobs are due")
            return {}

    def keep(self, states: States) -> str:
        """Keep them, where they changed. What went wrong, in words: the service goes on without."""
        if states == self._kept:
            return ""
        try:
            remember(self._path, {name: asdict(state) for name, state in states.items()})
        except (InfraError, OSError) as error:
            return str(error)
        self._kept = dict(states)
        return ""


def _state(row: Mapping[str, Any]) -> JobState:
    known = {one.name for one in fields(JobState)}
    given = {name: value for name, value in row.items() if name in known}
    for name in _NUMBERS & given.keys():
        if given[name] is not None and not isinstance(given[name], int | float):
            raise ValueError(name)
    if given.get("outcome") is not None:
        given["outcome"] = Outcome(given["outcome"])
    return JobState(**given)
