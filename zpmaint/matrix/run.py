# SPDX-License-Identifier: GPL-2.0-only
"""Running what is due, one kernel after another, each recorded as it ends.

One at a time: a kernel build takes all processors. To spread the matrix over machines, give each
a part of the plan and merge the ledgers.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Protocol

from zpmaint.core.crash import as_failure
from zpmaint.core.errors import EXIT_KERNEL, EXIT_OK, IndeterminateError, InfraError, ZpmaintError
from zpmaint.core.progress import SILENT, Reporter
from zpmaint.core.result import Result, worst
from zpmaint.ledger.leases import Leases
from zpmaint.ledger.values import Record
from zpmaint.matrix.plan import Due
from zpmaint.matrix.stop import Stop


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

    @property
    def exit_status(self) -> int:
        """The worst of all: a kernel's failure, then the user's, then the infrastructure's."""
        return worst(one.exit_status for one in self.done)


class Recorder(Protocol):
    """What running asks of the ledger."""

    def known(self, key: str) -> Record | None: ...

    def record(self, record: Record) -> None: ...


def run_matrix(  # noqa: PLR0917  the call reads well in this order
    dues: Iterable[Due],
    verify: Callable[[Due], Record],
    ledger: Recorder,
    key_of: Callable[[Due], str],
    reporter: Reporter = SILENT,
    on_record: Callable[[Due, Record], None] | None = None,
    leases: Leases | None = None,
    *,
    fail_fast: bool = False,
    stop: Stop | None = None,
) -> MatrixRun:
    """Verify each of `dues` that the ledger does not know, and record it at once.

    The record that `verify` gives has to carry `key_of` that due as its key.

    A verification that settles nothing (an INFRA or INDETERMINATE record, or an InfraError, which
    becomes one) is tried again once, after all others: by then the network may be back. Both
    tries are recorded. No error of one of them stops the rest, a bug of ours neither: it is
    recorded as INDETERMINATE, its traceback kept.
    With `leases` one that another process is at is left to it, and looked for in the ledger after
    all others.
    Once `stop` is asked for, and with `fail_fast` once one has failed, no other is begun.
    What the ledger itself raises and ^C end the run; all that had ended is recorded."""
    dues = list(dues)
    done: dict[int, Done] = {}

    def attempt(place: int, *, retried: bool = False, waits: bool = True) -> bool:
        """False: another process is at it."""
        due = dues[place]
        try:
            key = key_of(due)
        except Exception as error:
            known_error = error if isinstance(error, ZpmaintError) else as_failure(error)
            done[place] = Done(due, None, fresh=True, error=known_error, retried=retried)
            return True
        if leases is None or ledger.known(key) is not None:
            verified(place, due, key, retried)
            return True
        with leases.take(key, due.name, waits=waits) as lease:
            if lease is not None:
                verified(place, due, key, retried)
            return lease is not None

    def verified(place: int, due: Due, key: str, retried: bool) -> None:
        if (known := ledger.known(key)) is not None:
            done[place] = Done(due, known, fresh=False, retried=retried)
            return
        with reporter.step(due.name) as step:
            try:
                record = _verified(due, key, verify)
            except ZpmaintError as error:
                step.note(f"{due.version}: {error}")
                done[place] = Done(due, None, fresh=True, error=error, retried=retried)
                return
            ledger.record(record)
            if not record.result.settles:
                step.note(
                    f"{due.version}: no result: {record.why}"
                    + ("" if retried else "; tried again at the end")
                )
            done[place] = Done(due, record, fresh=True, retried=retried)
        if on_record is not None:
            on_record(due, record)

    def goes_on() -> bool:
        if stop is not None and stop.haste:
            return False
        return not (fail_fast and any(one.exit_status == EXIT_KERNEL for one in done.values()))

    others: list[int] = []
    for place in range(len(dues)):
        if goes_on() and not attempt(place, waits=False):
            others.append(place)
    for place in others:
        if goes_on():
            attempt(place)
    for place, one in list(done.items()):
        if one.record is not None and not one.record.result.settles and goes_on():
            attempt(place, retried=True)
    left = tuple(due for place, due in enumerate(dues) if place not in done)
    return MatrixRun(tuple(done[place] for place in sorted(done)), left)


def _verified(due: Due, key: str, verify: Callable[[Due], Record]) -> Record:
    started = time.time()
    try:
        return verify(due)
    except InfraError as error:
        failure = error
    except ZpmaintError:
        raise
    except Exception as error:
        failure = as_failure(error)
    is_open = isinstance(failure, IndeterminateError)
    return Record(
        key=key,
        version=str(due.version),
        arch=due.arch,
        patchset=due.patchset,
        profile=due.profile,
        result=Result.INDETERMINATE if is_open else Result.INFRA,
        why=str(failure),
        started=started,
        finished=time.time(),
    )
