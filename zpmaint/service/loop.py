# SPDX-License-Identifier: GPL-2.0-only
"""The loop of the service: starts what is due, hears what runs, ends what is overdue, follows
kernels.toml, and ends with SIGTERM.

It alone changes what is known of the jobs; the threads that answer requests read it."""

from __future__ import annotations

import math
import os
import random
import selectors
import signal
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass
from types import FrameType

from zpmaint.core.errors import InfraError
from zpmaint.service import supervisor
from zpmaint.service.child import Child
from zpmaint.service.ends import end_of
from zpmaint.service.health import Pulse, Run, lines, troubles
from zpmaint.service.jobs import Job, Stop
from zpmaint.service.memory import Memory
from zpmaint.service.published import Count
from zpmaint.service.schedule import (
    NEW,
    JobState,
    Outcome,
    asked_for,
    ended,
    next_time,
    set_right,
    started,
    taken_up,
    to_start,
)
from zpmaint.service.settings import Settings

_LOOK = 2.0
"""Seconds between two looks, if nothing happens."""
_SHORTEST = 0.02


@dataclass(frozen=True)
class Means:
    """What the loop does things with."""

    start: Callable[[Job], Child]
    """Raises InfraError."""
    jobs: Callable[[], tuple[Job, ...]]
    """As kernels.toml has them now."""
    say: Callable[[str], None]
    """A line of the service's log."""
    patience: float = 30.0
    """Seconds that a run has after it was asked to end at its deadline."""
    clock: Callable[[], float] = time.time
    chance: Callable[[], float] = random.random


class Loop:
    """The service's heart; `run` is for the main thread, `pulse` for any."""

    def __init__(self, settings: Settings, memory: Memory, means: Means) -> None:
        self._settings, self._memory, self._means = settings, memory, means
        self._jobs = means.jobs()
        self._states: dict[str, JobState] = taken_up(memory.recall())
        self._running: dict[str, Child] = {}
        self._started = means.clock()
        self._looked = time.monotonic()
        self._undelivered = 0
        self._kernels: tuple[Count, ...] = ()
        self._signals: list[int] = []
        self._stop_by: float | None = None
        self._told: tuple[str, ...] = ()
        self._unkept = ""
        self._selector = selectors.DefaultSelector()
        self._set_right()

    def pulse(self) -> Pulse:
        """How it goes just now."""
        running = dict(self._running)
        return Pulse(
            jobs=self._jobs,
            states=dict(self._states),
            running={
                name: Run(name, child.pid, child.since, child.last)
                for name, child in running.items()
            },
            started=self._started,
            still=time.monotonic() - self._looked,
            config_error=self._settings.error,
            undelivered=self._undelivered,
            kernels=self._kernels,
            stopping=self._stop_by is not None,
        )

    def run(self) -> None:
        """Go on until SIGTERM or SIGINT; a second one ends it at once. SIGHUP reads kernels.toml
        again."""
        wake, awake = os.pipe()
        for one in (wake, awake):
            os.set_blocking(one, False)
        self._selector.register(wake, selectors.EVENT_READ)
        before = signal.set_wakeup_fd(awake, warn_on_full_buffer=False)
        numbers = (signal.SIGTERM, signal.SIGINT, signal.SIGHUP)
        handlers = {number: signal.signal(number, self._on_signal) for number in numbers}
        supervisor.tell("READY=1", "STATUS=running")
        try:
            self.look()
            while not self._is_over:
                self._wait(wake)
                self.look()
        finally:
            for child in self._running.values():
                child.close()
            for number, handler in handlers.items():
                signal.signal(number, handler)
            signal.set_wakeup_fd(before)
            self._keep()
            self._selector.close()
            os.close(wake)
            os.close(awake)

    def look(self) -> None:
        """One look at all: signals, runs, kernels.toml, and what is to be started."""
        self._looked = time.monotonic()
        supervisor.tell("WATCHDOG=1")
        for number in self._take_signals():
            self._obey(number)
        for child in list(self._running.values()):
            self._hear(child)
        if self._stop_by is None:
            self._follow(anyway=False)
            self._set_right()
            for job in to_start(self._jobs, self._states, self._running, self._now):
                self._start(job)
        self._tell_health()
        self._keep()

    @property
    def _now(self) -> float:
        return self._means.clock()

    @property
    def _is_over(self) -> bool:
        return self._stop_by is not None and not self._running

    def _wait(self, wake: int) -> None:
        due = next_time(self._jobs, self._states, self._running)
        times = [_LOOK, *([] if due is None or self._stop_by else [due - self._now])]
        times += (at - time.monotonic() for at in self._ends())
        for key, _ in self._selector.select(max(_SHORTEST, min(times))):
            if key.fd == wake:
                with suppress(BlockingIOError):
                    os.read(wake, 64)

    def _ends(self) -> Iterator[float]:
        """When a run under way is to be minded, by the monotonic clock."""
        for child in self._running.values():
            end = self._end_of(child)
            yield _half(child, end) if child.asked == 1 else end

    def _on_signal(self, number: int, _: FrameType | None) -> None:
        self._signals.append(number)

    def _take_signals(self) -> list[int]:
        taken, self._signals = self._signals, []
        return taken

    def _obey(self, number: int) -> None:
        name = signal.Signals(number).name
        if number == signal.SIGHUP:
            supervisor.tell("RELOADING=1", f"MONOTONIC_USEC={time.monotonic_ns() // 1000}")
            self._follow(anyway=True)
            supervisor.tell("READY=1")
            return
        if self._stop_by is not None:
            self._means.say(f"{name} again: what runs is killed")
            for child in self._running.values():
                child.kill()
            return
        within = self._settings.config.service.stop_within
        self._stop_by = time.monotonic() + within
        supervisor.tell("STOPPING=1")
        self._means.say(
            f"{name}: stopping; what runs has {within:g} s to end" if self._running else
            f"{name}: stopping"
        )  # fmt: skip
        stops = {job.name: job.stop for job in self._jobs}
        for child in self._running.values():
            if stops.get(child.name) is Stop.INTERRUPT:
                child.interrupt()

    def _follow(self, *, anyway: bool) -> None:
        try:
            is_told = self._settings.look(anyway=anyway)
        except InfraError as error:
            self._means.say(f"kernels.toml: {error}")
            return
        if not is_told:
            return
        if self._settings.error:
            self._means.say(f"kernels.toml: {self._settings.error}; the former one is followed")
        else:
            self._jobs = self._means.jobs()
            self._means.say("kernels.toml: read again, and followed")

    def _start(self, job: Job) -> None:
        state = started(self._states.get(job.name, NEW), self._now)
        try:
            child = self._means.start(job)
        except InfraError as error:
            self._means.say(f"{job.name}: {error}")
            self._states[job.name] = ended(
                job, state, Outcome.FAILED, self._now, chance=self._jitter(), said=str(error)
            )
            return
        self._states[job.name] = state
        self._running[job.name] = child
        for one in (child.end, *child.streams):
            self._selector.register(one, selectors.EVENT_READ)
        self._means.say(f"{job.name}: started ({' '.join(job.command)})")

    def _hear(self, child: Child) -> None:
        # Before it is heard: what it says until its end is heard then, too.
        status = child.ended()
        before = child.streams
        for line in child.hear():
            self._means.say(f"{child.name}: {line}")
        for one in set(before) - set(child.streams):
            self._selector.unregister(one)
        job = next((one for one in self._jobs if one.name == child.name), None)
        if status is None:
            self._mind(child, job)
            return
        for one in (child.end, *child.streams):
            self._selector.unregister(one)
        child.close()
        del self._running[child.name]
        asked = child.asked_to_end is not None
        end = end_of(
            status,
            child.result,
            child.last,
            cut_off=self._stop_by is not None,
            overdue=asked and self._stop_by is None,
        )
        took = time.monotonic() - child.began
        told = f": {end.said}" if end.said else ""
        self._means.say(f"{child.name}: {end.outcome} after {took:.1f} s{told}")
        if end.undelivered is not None:
            self._undelivered = end.undelivered
        if end.kernels is not None:
            self._kernels = end.kernels
        if job is None:
            return
        state = self._states.get(job.name, NEW)
        self._states[job.name] = ended(
            job, state, end.outcome, self._now, chance=self._jitter(), said=end.said
        )
        self._states = asked_for(
            self._jobs, self._states, job.name, end.outcome, has_news=end.has_news
        )

    def _mind(self, child: Child, job: Job | None) -> None:
        """End a run that is overdue, or that the end of the service does not wait for any more."""
        now = time.monotonic()
        end = self._end_of(child)
        if child.asked_to_end is not None and child.asked < 2 and now >= _half(child, end):
            child.interrupt()
        if now < end:
            return
        if self._stop_by is not None or child.asked_to_end is not None:
            self._means.say(f"{child.name}: killed, as it did not end in time")
            child.kill()
        elif job is not None:
            self._means.say(f"{child.name}: has reached its deadline of {job.deadline:g} s")
            child.interrupt()

    def _end_of(self, child: Child) -> float:
        """When a run is to be minded next, by the monotonic clock."""
        if self._stop_by is not None:
            return self._stop_by
        if child.asked_to_end is not None:
            return child.asked_to_end + self._means.patience
        deadlines = (job.deadline for job in self._jobs if job.name == child.name)
        return child.began + next(deadlines, math.inf)

    def _set_right(self) -> None:
        jitter = self._settings.config.service.jitter
        self._states = set_right(self._jobs, self._states, self._now, jitter=jitter)

    def _jitter(self) -> float:
        return self._means.chance() * self._settings.config.service.jitter

    def _keep(self) -> None:
        error = self._memory.keep(self._states)
        if error and error != self._unkept:
            self._means.say(f"what the service did cannot be kept: {error}")
        self._unkept = error

    def _tell_health(self) -> None:
        found: Sequence[str] = troubles(self.pulse(), self._now)
        kinds = tuple(one.partition(" for ")[0] for one in found)
        if kinds != self._told:
            self._means.say(f"not well: {lines(found)}" if found else "well again")
            self._told = kinds


def _half(child: Child, end: float) -> float:
    """When one that was asked to end is asked again, the half of its time later."""
    return end if child.asked_to_end is None else (child.asked_to_end + end) / 2
