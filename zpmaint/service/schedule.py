# SPDX-License-Identifier: GPL-2.0-only
"""When which job runs. Pure: times are handed in, seconds since the epoch by the machine's clock,
which may jump: backwards it delays no job by more than its own interval, forwards it makes each due
once."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, replace
from enum import StrEnum

from zpmaint.core.growing import grown
from zpmaint.service.jobs import Job

_FIRST_WAIT = 30.0
_GROWS = 2.0
_LONGEST_WAIT = 3600.0


class Outcome(StrEnum):
    """How a run ended, as far as the schedule goes by it."""

    WELL = "well"
    """Also with a kernel that failed: that is a result."""
    FAILED = "failed"
    """The user's mistake, the infrastructure's trouble, a bug."""
    OVERDUE = "overdue"
    """It was ended at its deadline."""
    CUT_OFF = "cut off"
    """It was ended with the service: it goes on when that does."""

    @property
    def is_failure(self) -> bool:
        return self in (Outcome.FAILED, Outcome.OVERDUE)


@dataclass(frozen=True)
class JobState:
    """What is known of a job, also over restarts."""

    due: float = 0.0
    """When it runs next."""
    asked: bool = False
    """Whether the end of another job asked for it since it began last."""
    not_before: float = 0.0
    """After failures: no run before that, asked for or not."""
    begun: float | None = None
    ended: float | None = None
    well: float | None = None
    """When it last ended well."""
    outcome: Outcome | None = None
    failures: int = 0
    """In a row, up to now."""
    runs: int = 0
    failed: int = 0
    """Of all `runs`."""
    said: str = ""
    """What it last said for itself, in a line."""


States = Mapping[str, JobState]
NEW = JobState()


def to_start(
    jobs: Iterable[Job], states: States, running: Collection[str], now: float
) -> list[Job]:
    """What is to be started now: of each lane that is free the job that is due and whose last run
    began the longest ago; so on a machine that is too slow for all each has its turn."""
    jobs = sorted(jobs, key=lambda job: states.get(job.name, NEW).begun or 0.0)
    taken = {job.lane for job in jobs if job.name in running}
    found: list[Job] = []
    for job in jobs:
        if job.lane not in taken and is_due(states.get(job.name, NEW), now):
            taken.add(job.lane)
            found.append(job)
    return found


def is_due(state: JobState, now: float) -> bool:
    """Whether the job is to run now."""
    return now >= state.not_before and (state.asked or now >= state.due)


def next_time(jobs: Iterable[Job], states: States, running: Collection[str]) -> float | None:
    """When something may be to start, if nothing happens before; None: only when a run ends."""
    jobs = list(jobs)
    taken = {job.lane for job in jobs if job.name in running}
    free = [states.get(job.name, NEW) for job in jobs if job.lane not in taken]
    times = (max(one.not_before, 0.0 if one.asked else one.due) for one in free)
    return min(times, default=None)


def started(state: JobState, now: float) -> JobState:
    """The state of a job that begins now."""
    return replace(state, begun=now, asked=False, runs=state.runs + 1)


def ended(
    job: Job, state: JobState, outcome: Outcome, now: float, *, chance: float, said: str = ""
) -> JobState:
    """The state of a job whose run ended now; `chance` is the jitter, of its interval."""
    state = replace(state, ended=now, outcome=outcome, said=said)
    if outcome is Outcome.CUT_OFF:
        return replace(state, due=now)
    if not outcome.is_failure:
        due = now + job.every * (1 + chance)
        return replace(state, well=now, failures=0, not_before=0.0, due=due)
    failures = state.failures + 1
    wait = waits_after(failures, job.every) * (1 + chance)
    return replace(
        state,
        failures=failures,
        failed=state.failed + 1,
        not_before=now + wait,
        due=now + wait,
    )


def waits_after(failures: int, every: float) -> float:
    """Seconds until the next try after so many failures in a row: growing, never longer than the
    job's own interval, or an hour."""
    return grown(_FIRST_WAIT, _GROWS, min(max(every, 1.0), _LONGEST_WAIT), failures)


def taken_up(states: States) -> dict[str, JobState]:
    """The states after a restart: a run that was begun and never ended went with the former
    service, and is due."""
    return {
        name: replace(state, asked=True)
        if state.begun is not None and (state.ended is None or state.ended < state.begun)
        else state
        for name, state in states.items()
    }


def asked_for(
    jobs: Iterable[Job], states: States, name: str, outcome: Outcome, *, has_news: bool
) -> dict[str, JobState]:
    """The states of all jobs after that job ended so: those that follow on it are asked for."""
    made = dict(states)
    if outcome is Outcome.CUT_OFF:
        return made
    for job in jobs:
        if name in job.after and (has_news or not job.needs_news):
            made[job.name] = replace(made.get(job.name, NEW), asked=True)
    return made


def set_right(
    jobs: Iterable[Job], states: States, now: float, *, jitter: float
) -> dict[str, JobState]:
    """The states with no time that is further ahead than it can be: then the clock was set back,
    or an interval was made shorter. Jobs that are no more are left out."""
    made: dict[str, JobState] = {}
    for job in jobs:
        state = states.get(job.name, NEW)
        furthest = now + job.every * (1 + jitter)
        wait = now + waits_after(max(state.failures, 1), job.every) * (1 + jitter)
        if state.due > furthest or state.not_before > wait:
            state = replace(
                state, due=min(state.due, furthest), not_before=min(state.not_before, wait)
            )
        made[job.name] = state
    return made
