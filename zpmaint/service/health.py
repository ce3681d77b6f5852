# SPDX-License-Identifier: GPL-2.0-only
"""Whether the service does what it is there for, as /health says it. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from zpmaint.core.durations import rfc3339, said
from zpmaint.service.jobs import Job
from zpmaint.service.published import Count
from zpmaint.service.schedule import NEW, JobState, Outcome, States

STALLED_AFTER = 60.0
"""The scheduler looks at its jobs each few seconds."""
_MISSED = 2
"""So many runs may be missed before a job is overdue: one may fail."""


@dataclass(frozen=True)
class Run:
    """A run under way."""

    job: str
    pid: int
    since: float
    """Seconds since the epoch."""
    line: str = ""
    """What it said last."""


@dataclass(frozen=True)
class Pulse:
    """The service as it is now; times in seconds since the epoch, but `still`."""

    jobs: tuple[Job, ...]
    states: States
    running: Mapping[str, Run]
    started: float
    still: float
    """Seconds since the scheduler last looked at its jobs."""
    config_error: str = ""
    """Why kernels.toml, as it is now, is not followed; '' it is."""
    undelivered: int = 0
    """Notices that wait for their receivers."""
    kernels: tuple[Count, ...] = ()
    """Tracked kernels on the published pages, by what is known of them."""
    stopping: bool = False


def troubles(pulse: Pulse, now: float) -> list[str]:
    """Why the service is not well: what it is there for has not come about. Empty: it is well."""
    found: list[str] = []
    if pulse.still > STALLED_AFTER:
        found.append(f"the scheduler has not looked at its jobs for {said(pulse.still)}")
    for job in pulse.jobs:
        state = pulse.states.get(job.name, NEW)
        since = max(state.well or 0.0, min(pulse.started, now))
        allowed = _MISSED * job.every + job.deadline
        if job.name in pulse.running and now - pulse.running[job.name].since <= job.deadline:
            continue
        if job.vital and now - since > allowed:
            found.append(f"{job.name} has not ended well for {said(now - since)}{_why(state)}")
    return found


def warnings(pulse: Pulse) -> list[str]:
    """What somebody should look at, while the service goes on."""
    found: list[str] = []
    if pulse.config_error:
        found.append(f"kernels.toml is not followed, an earlier one is: {pulse.config_error}")
    for job in pulse.jobs:
        state = pulse.states.get(job.name, NEW)
        if state.failures:
            found.append(f"{job.name}: {state.failures} failures in a row{_why(state)}")
        elif state.said and state.outcome is Outcome.WELL:
            found.append(f"{job.name}: {state.said}")
    if pulse.undelivered:
        found.append(f"{pulse.undelivered} notices wait for their receivers")
    return found


def as_json(pulse: Pulse, now: float) -> dict[str, Any]:
    """The document of /health."""
    found, warned = troubles(pulse, now), warnings(pulse)
    return {
        "schema": 1,
        "status": "stopping" if pulse.stopping else "ill" if found else "warn" if warned else "ok",
        "now": _time(now),
        "started": _time(pulse.started),
        "troubles": found,
        "warnings": warned,
        "jobs": [_job(job, pulse, now) for job in pulse.jobs],
        "undelivered": pulse.undelivered,
    }


def _job(job: Job, pulse: Pulse, now: float) -> dict[str, Any]:
    state = pulse.states.get(job.name, NEW)
    run = pulse.running.get(job.name)
    due = None if run else now if state.asked else max(state.due, state.not_before)
    return {
        "name": job.name,
        "every": job.every,
        "running": run and {"pid": run.pid, "since": _time(run.since), "says": run.line},
        "next": _time(due),
        "last": _time(state.ended),
        "last_well": _time(state.well),
        "outcome": state.outcome and str(state.outcome),
        "failures_in_a_row": state.failures,
        "says": state.said,
    }


def _why(state: JobState) -> str:
    return f": {state.said}" if state.said else ""


def _time(seconds: float | None) -> str | None:
    return None if seconds is None else rfc3339(max(seconds, 0.0))


def lines(found: Iterable[str]) -> str:
    """For people, one after the other."""
    return "; ".join(found)
