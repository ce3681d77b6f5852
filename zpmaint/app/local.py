# SPDX-License-Identifier: GPL-2.0-only
"""The executor of this machine: worker processes, each with one kernel, and one scheduler that says
which of their steps begin. Objects and trees stay where they are; what comes over the sockets is
leave to go on, progress, and records."""

from __future__ import annotations

import os
import shutil
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Collection, Sequence
from contextlib import ExitStack, suppress
from dataclasses import dataclass, field
from multiprocessing.connection import Connection, wait
from pathlib import Path
from typing import Any

import zpmaint
from zpmaint.app.messages import Came, Go, Job, Opening, Over, Said, Wants
from zpmaint.app.session import Session
from zpmaint.cell.cgroup import memory_at_most
from zpmaint.core import progress
from zpmaint.core.errors import InfraError, ZpmaintError
from zpmaint.matrix.again import Trouble
from zpmaint.matrix.options import RunOptions
from zpmaint.matrix.plan import Due
from zpmaint.matrix.run import Ended, Tell
from zpmaint.matrix.schedule import Limits, Task, startable
from zpmaint.matrix.snapshot import UnderWay
from zpmaint.matrix.steps import Needs, Step, Table, declared
from zpmaint.matrix.stop import Haste

MakeRoom = Callable[[int, Collection[Due], bool], int]
_LOOK = 0.5
"""Seconds between two looks at clocks and wishes to stop."""
_STANDS = 5.0
"""Seconds between two looks, at most, that count against a deadline: more, and we stood still."""
_GRACE = 12.0
"""Seconds that a worker has to end."""
_SHARE = 0.8
"""Of the machine's memory: the rest is the system's and its page cache."""
_ROOT = Path(zpmaint.__file__).resolve().parent.parent


@dataclass
class _Worker:
    """One process, and what it is at."""

    process: subprocess.Popen[bytes]
    line: Connection
    place: int = -1
    due: Due | None = None
    """None: it has nothing to do."""
    step: Step | None = None
    """What it waits for or runs; None between two."""
    is_running: bool = False
    since: float = 0.0
    """Seconds since the epoch."""
    spent: float = 0.0
    """Seconds that the step has run, without those of standing still."""
    shown: dict[int, tuple[ExitStack, progress.Step]] = field(default_factory=dict)
    """Its steps of the reporter that are open."""

    @property
    def task(self) -> Task:
        assert self.due is not None and self.step is not None
        return Task(self.place, self.due, self.step)


def limits_of(options: RunOptions) -> Limits:
    """What a run may use of this machine."""
    return Limits(
        options.jobs or os.cpu_count() or 1,
        options.memory or int(memory_at_most() * _SHARE),
    )


class LocalExecutor:
    """See matrix/run.py's Executor."""

    def __init__(
        self,
        session: Session,
        options: RunOptions,
        make_room: MakeRoom | None = None,
        table: Table | None = None,
    ) -> None:
        self._session = session
        self._table = table or declared()
        self._limits = limits_of(options)
        self._disk = options.disk or 0
        self._again = options.again
        self._make_room = make_room
        self._workers: list[_Worker] = []
        self._ended: list[Ended] = []
        self._looked = time.monotonic()

    @property
    def room(self) -> int:
        return self._table.begun(self._limits.cores) - len(self._busy)

    def begin(self, place: int, due: Due) -> None:
        worker = next((one for one in self._workers if one.due is None), None)
        if worker is None:
            worker = self._start()
            self._workers.append(worker)
        worker.place, worker.due, worker.step = place, due, None
        worker.since, worker.is_running = time.time(), False
        anew = self._again or due.trouble in (Trouble.FLAKY, Trouble.INDETERMINATE)
        self._say(worker, Job(due, self._limits.cores, anew))

    def wait(self, haste: Callable[[], Haste], tell: Tell) -> Ended | None:
        while not self._ended:
            hurry = haste()
            if not self._busy:
                return None
            if hurry is Haste.AT_ONCE or (hurry and not any(map(_goes_on, self._busy))):
                self.close()
                return None
            self._let_begin(self._ready(only_judge=bool(hurry)))
            tell(self._under_way())
            lines = {one.line: one for one in self._busy}
            for line in wait(list(lines), timeout=0.0 if self._ended else _LOOK):
                self._hear(lines[line])  # type: ignore[index]  # what was given comes back
            self._look_at_clocks()
        return self._ended.pop(0)

    def close(self) -> None:
        for worker in self._workers:
            worker.line.close()
        until = time.monotonic() + _GRACE
        for worker in self._workers:
            with suppress(subprocess.TimeoutExpired):
                worker.process.wait(max(0.0, until - time.monotonic()))
            worker.process.kill()
            worker.process.wait()
            _hide(worker)
        self._workers.clear()

    @property
    def _busy(self) -> list[_Worker]:
        return [one for one in self._workers if one.due is not None]

    def _start(self) -> _Worker:
        ours, theirs = socket.socketpair()
        with theirs:
            process = subprocess.Popen(
                [sys.executable, "-m", "zpmaint.app.worker", str(theirs.fileno())],
                pass_fds=[theirs.fileno()],
                stdin=subprocess.DEVNULL,
                env=_environment(),
                # ^C of a terminal comes to the run alone, which ends its workers.
                start_new_session=True,
            )
        worker = _Worker(process, Connection(ours.detach()))
        session = self._session
        self._say(worker, Opening(session.places, session.config, tuple(sys.argv)))
        return worker

    def _say(self, worker: _Worker, message: object) -> None:
        with suppress(OSError):  # it is gone: that is heard where it is listened to
            worker.line.send(message)

    def _ready(self, *, only_judge: bool) -> list[Task]:
        return [
            one.task
            for one in self._busy
            if one.step and not one.is_running and (one.step is Step.JUDGE or not only_judge)
        ]

    def _let_begin(self, ready: Sequence[Task]) -> None:
        running = [one.task for one in self._busy if one.is_running]
        for task in startable(ready, running, self._table, self._limits):
            needs = self._table.needs[task.step]
            worker = next(one for one in self._busy if one.place == task.rank)
            if lacking := self._lacks_disk(needs):
                if not any(one.is_running for one in self._busy):
                    self._stop(worker, lacking)
                return
            worker.is_running, worker.since, worker.spent = True, time.time(), 0.0
            self._say(worker, Go(needs.jobs(self._limits.cores)))

    def _lacks_disk(self, needs: Needs) -> InfraError | None:
        """Why a step cannot begin beside those that run, for the disk's sake; room is made."""
        cache = self._session.places.cache
        running = (self._table.needs[one.task.step].disk for one in self._busy if one.is_running)
        wanted = needs.disk + sum(running) + self._disk
        if self._make_room is None:
            free = _free(cache)
        else:  # what may be written may be less than what the disk has: a budget
            dues = [one.due for one in self._busy if one.due]
            free = self._make_room(wanted, dues, any(one.is_running for one in self._busy))
        if free >= wanted:
            return None
        return InfraError(
            f"{cache}: {free >> 20} MB are free, and {needs.step} wants {needs.disk >> 20} MB"
            + (f" with {self._disk >> 20} MB left over" if self._disk else ""),
            "free some, or move the cache with ZPMAINT_HOME",
        )

    def _hear(self, worker: _Worker) -> None:
        try:
            message: Any = worker.line.recv()
        except (EOFError, OSError):
            status = worker.process.wait()
            how = f"signal {-status}" if status < 0 else f"exit status {status}"
            at = f" in {worker.step}" if worker.step else ""
            self._stop(
                worker, InfraError(f"the worker of {_name(worker)} ended{at}: {how}", "run again")
            )
            return
        match message:
            case Wants(step):
                worker.step, worker.is_running, worker.since = Step(step), False, time.time()
            case Over():
                worker.step, worker.is_running, worker.since = None, False, time.time()
            case Said():
                _show(worker, message, self._session.reporter)
            case Came(record, trouble):
                error = trouble.error() if trouble else None
                self._ended.append(Ended(worker.place, record, error))
                _hide(worker)
                worker.due, worker.step, worker.is_running = None, None, False

    def _look_at_clocks(self) -> None:
        now = time.monotonic()
        passed, self._looked = min(now - self._looked, _STANDS), now
        for worker in self._busy:
            if not worker.is_running or worker.step is None:
                continue
            worker.spent += passed
            deadline = self._table.needs[worker.step].deadline
            if worker.spent > deadline:
                self._stop(
                    worker,
                    InfraError(
                        f"{worker.step} of {_name(worker)} had not ended after {deadline:g} s",
                        "look at the machine: its disk, its network, its load",
                    ),
                )

    def _stop(self, worker: _Worker, error: ZpmaintError) -> None:
        """End a worker, with what it was at."""
        worker.line.close()
        worker.process.kill()  # what runs in its cells dies with it, and leaves nothing half
        worker.process.wait()
        _hide(worker)
        self._workers.remove(worker)
        self._ended.append(Ended(worker.place, error=error))

    def _under_way(self) -> tuple[UnderWay, ...]:
        return tuple(
            UnderWay(one.due, str(one.step or ""), one.is_running, one.since, "here")
            for one in sorted(self._busy, key=lambda one: one.place)
            if one.due
        )


def _goes_on(worker: _Worker) -> bool:
    """Whether there is something to wait for where no step is begun any more: it runs one, or is
    between two and says by itself what is next, or has all but its verdict, which takes a moment.
    """
    return worker.is_running or worker.step in (None, Step.JUDGE)


def _name(worker: _Worker) -> str:
    return worker.due.name if worker.due else "nothing"


def _environment() -> dict[str, str]:
    """Ours, and where this very package is."""
    others = os.environ.get("PYTHONPATH", "")
    return {**os.environ, "PYTHONPATH": f"{_ROOT}{os.pathsep}{others}" if others else str(_ROOT)}


def _free(folder: Path) -> int:
    there = next(place for place in (folder, *folder.parents) if place.exists())
    return shutil.disk_usage(there).free


def _show(worker: _Worker, said: Said, reporter: progress.Reporter) -> None:
    if said.what == "open":
        unit, _, title = said.text.partition("\n")
        stack = ExitStack()
        worker.shown[said.number] = stack, stack.enter_context(reporter.step(title, unit))
        return
    stack, step = worker.shown.get(said.number, (ExitStack(), None))
    if step is None:
        return
    if said.what == "advance":
        step.advance(said.done, said.total)
    elif said.what == "note":
        step.note(said.text)
    else:
        del worker.shown[said.number]
        _close(stack, well=said.text == "done")


def _hide(worker: _Worker) -> None:
    """Close what the worker left open."""
    while worker.shown:
        _, (stack, _) = worker.shown.popitem()
        _close(stack, well=False)


def _close(stack: ExitStack, *, well: bool) -> None:
    if well:
        stack.close()
        return
    stopped = InfraError("stopped")
    with suppress(InfraError):
        stack.__exit__(type(stopped), stopped, None)
