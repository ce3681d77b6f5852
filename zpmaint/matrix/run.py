# SPDX-License-Identifier: GPL-2.0-only
"""Running what is due: what is begun when, what is another process's, what is tried again. Each is
recorded as it ends, by this one writer; who does the work is an executor's matter.
"""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Callable, Iterable, Sequence
from contextlib import ExitStack, suppress
from dataclasses import dataclass
from typing import Protocol

from zpmaint.core import progress
from zpmaint.core.crash import as_failure
from zpmaint.core.errors import (
    EXIT_INFRA,
    EXIT_KERNEL,
    EXIT_OK,
    IndeterminateError,
    InfraError,
    ZpmaintError,
)
from zpmaint.core.progress import SILENT, Reporter
from zpmaint.core.result import Result, worst
from zpmaint.ledger.leases import Leases
from zpmaint.ledger.values import Record
from zpmaint.matrix.experience import Remaining
from zpmaint.matrix.plan import Due
from zpmaint.matrix.snapshot import OnChange, Snapshot, UnderWay
from zpmaint.matrix.steps import ORDER, Step
from zpmaint.matrix.stop import Haste, Stop


@dataclass(frozen=True)
class Done:
    """What came of one due verification."""

    due: Due
    record: Record | None
    """What the ledger holds of it; None where it could not be recorded: see `error`."""
    fresh: bool
    """False: it was known and not run."""
    error: ZpmaintError | None = None
    """Why there is no record: the user's mistake, mostly."""
    retried: bool = False

    @property
    def exit_status(self) -> int:
        if self.error is not None:
            return self.error.exit_status
        return self.record.result.exit_status if self.record else EXIT_OK


@dataclass(frozen=True)
class MatrixRun:
    """What came of all, in the order of the plan."""

    done: tuple[Done, ...]
    left: tuple[Due, ...] = ()
    """What was not reached, as the run was told to stop."""
    later: tuple[Due, ...] = ()
    """What is tried again, but not yet (`Due.not_before`)."""
    seconds: float = 0.0
    """Wall time."""
    cpu: float = 0.0
    """Seconds of processors that all of it took on this machine, programs included."""

    @property
    def exit_status(self) -> int:
        """The worst of all: a kernel's failure, then the user's, then the infrastructure's."""
        return worst([*(one.exit_status for one in self.done), *(EXIT_INFRA for _ in self.later)])


@dataclass(frozen=True)
class Ended:
    """What an executor has of a due that it was given."""

    place: int
    record: Record | None = None
    error: ZpmaintError | None = None
    """Why there is no record."""


Tell = Callable[[tuple[UnderWay, ...]], None]
Forecast = Callable[[Sequence[Remaining]], float | None]
"""Seconds until all of it has ended."""


class Executor(Protocol):
    """Who verifies; see app/local.py."""

    @property
    def room(self) -> int:
        """How many more it would take now."""

    def begin(self, place: int, due: Due) -> None:
        """Take one, known by its place from now on."""

    def wait(self, haste: Callable[[], Haste], tell: Tell) -> Ended | None:
        """The next that ends; `tell` hears of what is under way whenever that changes. None where
        nothing is under way, and where `haste` said to stop and no step runs any more."""

    def close(self) -> None:
        """End all that is under way."""


class Recorder(Protocol):
    """What running asks of the ledger."""

    def known(self, key: str) -> Record | None: ...

    def record(self, record: Record) -> None: ...


def run_matrix(  # noqa: PLR0917  the call reads well in this order
    dues: Iterable[Due],
    executor: Executor,
    ledger: Recorder,
    key_of: Callable[[Due], str],
    reporter: Reporter = SILENT,
    on_record: Callable[[Due, Record], None] | None = None,
    leases: Leases | None = None,
    *,
    on_change: OnChange | None = None,
    forecast: Forecast | None = None,
    patient: bool = False,
    fail_fast: bool = False,
    stop: Stop | None = None,
) -> MatrixRun:
    """Have `executor` verify each of `dues` that the ledger does not know, in their order as far as
    it has room, and record each as it ends.

    A verification that settles nothing (an INFRA or INDETERMINATE record, or an InfraError, which
    becomes one) is tried again once, after all others: by then the network may be back. Both
    tries are recorded. No error of one of them stops the rest.
    With `leases` one that another process is at is left to it, and looked for in the ledger after
    all others.
    With `patient` one that is not to be tried yet is left for later.
    Once `stop` is asked for, and with `fail_fast` once one has failed, no other is begun.
    What the ledger itself raises and ^C end the run; all that had ended is recorded."""
    run = _Run(tuple(dues), executor, ledger, key_of, reporter, on_record, leases)
    run.on_change, run.forecast, run.fail_fast, run.stop = on_change, forecast, fail_fast, stop
    now = time.time()
    later = {n for n, due in enumerate(run.dues) if patient and due.not_before > now}
    run.waiting = deque(place for place in range(len(run.dues)) if place not in later)
    try:
        run.go()
    except BaseException as error:
        executor.close()
        run.let_go(error)
        raise
    executor.close()
    run.let_go(KeyboardInterrupt())
    reached = run.done.keys() | later
    return MatrixRun(
        tuple(run.done[place] for place in sorted(run.done)),
        tuple(due for place, due in enumerate(run.dues) if place not in reached),
        tuple(run.dues[place] for place in sorted(later)),
    )


class _Run:
    """One run's state."""

    on_change: OnChange | None = None
    forecast: Forecast | None = None
    fail_fast = False
    stop: Stop | None = None

    def __init__(  # noqa: PLR0917
        self,
        dues: tuple[Due, ...],
        executor: Executor,
        ledger: Recorder,
        key_of: Callable[[Due], str],
        reporter: Reporter,
        on_record: Callable[[Due, Record], None] | None,
        leases: Leases | None,
    ) -> None:
        self.dues = dues
        self.executor, self.ledger, self.key_of = executor, ledger, key_of
        self.reporter, self.on_record, self.leases = reporter, on_record, leases
        self.done: dict[int, Done] = {}
        self.waiting = deque(range(len(dues)))
        self.begun: dict[int, _Begun] = {}
        self.others: deque[int] = deque()
        self.retried: set[int] = set()

    def go(self) -> None:
        while True:
            self.begin()
            ended = self.executor.wait(self.haste, self.tell)
            if ended is not None:
                self.end(ended)
            elif self.begun or not self.goes_on() or not self.more():
                return

    def begin(self) -> None:
        """What there is room for."""
        while self.waiting and self.goes_on() and self.executor.room > 0:
            place = self.waiting.popleft()
            if not self.attempt(place, waits=False):
                self.others.append(place)

    def more(self) -> bool:
        """Once nothing is under way: what others were at, then what settled nothing."""
        if self.others:
            self.attempt(self.others.popleft(), waits=True)
            return True
        again = [
            place
            for place, one in sorted(self.done.items())
            if one.record is not None and not one.record.result.settles
        ]
        self.waiting.extend(place for place in again if place not in self.retried)
        self.retried.update(again)
        return bool(self.waiting)

    def attempt(self, place: int, *, waits: bool) -> bool:
        """Begin it, unless it is known. False: another process is at it."""
        due, retried = self.dues[place], place in self.retried
        try:
            key = self.key_of(due)
        except Exception as error:
            known_error = error if isinstance(error, ZpmaintError) else as_failure(error)
            self.done[place] = Done(due, None, fresh=True, error=known_error, retried=retried)
            return True
        if self.is_known(place, key):
            return True
        held = ExitStack()
        if self.leases is not None:
            lease = held.enter_context(
                self.leases.take(key, due.name, waits=waits, unless=lambda: not self.goes_on())
            )
            if lease is None:
                held.close()
                return False
            if self.is_known(place, key):
                held.close()
                return True
        step = held.enter_context(self.reporter.step(due.name))
        self.begun[place] = _Begun(key, time.time(), held, step)
        self.executor.begin(place, due)
        return True

    def is_known(self, place: int, key: str) -> bool:
        due, known = self.dues[place], self.ledger.known(key)
        if known is None or (due.known is None and known.turn <= due.turn):
            return False  # never settled, or this way at one time and that way at another
        self.done[place] = Done(due, known, fresh=False, retried=place in self.retried)
        return True

    def end(self, ended: Ended) -> None:
        place, due = ended.place, self.dues[ended.place]
        begun, retried = self.begun.pop(place), ended.place in self.retried
        with begun.held:
            record, error = ended.record, ended.error
            if record is None and isinstance(error, InfraError):
                record = _unsettled(due, begun, error)
            if record is None:
                begun.step.note(f"{due.version}: {error}")
                self.done[place] = Done(due, None, fresh=True, error=error, retried=retried)
                return
            self.ledger.record(record)
            if not record.result.settles:
                begun.step.note(
                    f"{due.version}: no result: {record.why}"
                    + ("" if retried else "; tried again at the end")
                )
            self.done[place] = Done(due, record, fresh=True, retried=retried)
        if self.on_record is not None:
            self.on_record(due, record)

    def goes_on(self) -> bool:
        """Whether more is begun."""
        if self.haste():
            return False
        failed = (one.exit_status == EXIT_KERNEL for one in self.done.values())
        return not (self.fail_fast and any(failed))

    def haste(self) -> Haste:
        return Haste.NONE if self.stop is None else self.stop.haste

    def tell(self, under_way: tuple[UnderWay, ...]) -> None:
        if self.on_change is None:
            return
        now = time.time()
        following = [self.dues[place] for place in (*self.waiting, *self.others)]
        left = [Remaining(one.due, _step(one), now - one.since) for one in under_way]
        left += [Remaining(due) for due in following]
        self.on_change(
            Snapshot(
                now,
                under_way,
                tuple(following),
                len(self.done),
                len(self.dues),
                self.forecast(left) if self.forecast else None,
            )
        )

    def let_go(self, why: BaseException) -> None:
        """Of what has not ended."""
        for one in self.begun.values():
            with suppress(type(why)):
                one.held.__exit__(type(why), why, None)
        self.begun.clear()


def _step(one: UnderWay) -> Step | None:
    return Step(one.step) if one.step in ORDER else None


@dataclass(frozen=True)
class _Begun:
    key: str
    started: float
    held: ExitStack
    """Its lease, and its step."""
    step: progress.Step


def _unsettled(due: Due, begun: _Begun, error: InfraError) -> Record:
    is_open = isinstance(error, IndeterminateError)
    return Record(
        key=begun.key,
        version=str(due.version),
        arch=due.arch,
        patchset=due.patchset,
        profile=due.profile,
        result=Result.INDETERMINATE if is_open else Result.INFRA,
        why=str(error),
        started=begun.started,
        finished=time.time(),
    )
