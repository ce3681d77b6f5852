# SPDX-License-Identifier: GPL-2.0-only
"""The executor of many machines: each due is a task of a dask scheduler, and each machine has a
worker (`zpmaint matrix worker`) that does tasks as a run of this machine does: in processes of its
own, step by step. dask says who does what and gives a lost worker's tasks to others; records and
logs come back here, to the one writer.

Only here and in app/far_worker.py is dask known; both are imported when somebody asks for them.
"""

from __future__ import annotations

import time
import uuid
from collections.abc import Callable
from contextlib import suppress
from dataclasses import replace
from queue import Empty, SimpleQueue
from typing import Any

from zpmaint.app.far_worker import CAPACITY, ability, do
from zpmaint.app.inputs import inputs_of, key_of
from zpmaint.app.parcels import Answer, Parcel, packed
from zpmaint.app.session import Session
from zpmaint.app.worker import options_of
from zpmaint.core.errors import InfraError, UserError
from zpmaint.matrix.options import LOCAL, RunOptions
from zpmaint.matrix.plan import Due
from zpmaint.matrix.run import Ended, Tell
from zpmaint.matrix.snapshot import UnderWay
from zpmaint.matrix.stop import Haste

_LOOK = 0.5
_ABLE = 30.0
"""Seconds between two looks at whether any worker could do what waits."""
_PATIENCE = 120.0
"""Seconds without any worker that could, after which what waits ends."""


class FarExecutor:
    """See matrix/run.py's Executor."""

    def __init__(self, session: Session, options: RunOptions) -> None:
        """Raises UserError where dask is not installed, InfraError where its scheduler is not
        reached."""
        try:
            from distributed import Client  # noqa: PLC0415  wanted by this executor alone
        except ImportError:
            raise UserError(
                f"--executor {options.executor}: dask.distributed is not installed",
                "pip install 'zpmaint[dask]'",
            ) from None
        try:
            self._client: Any = Client(
                f"tcp://{options.scheduler}", timeout="15s", set_as_default=False
            )
        except (OSError, TimeoutError) as error:
            raise InfraError(
                f"{options.executor}: no scheduler answers: {error}",
                "start one with: dask scheduler",
            ) from None
        self._session, self._options = session, replace(options, executor=LOCAL)
        self._ability = ability()
        self._run = uuid.uuid4().hex[:12]
        self._files: dict[str, bytes] = {}
        self._tasks: dict[int, _Task] = {}
        self._ended: SimpleQueue[int] = SimpleQueue()
        self._able_at = time.monotonic()
        self._looked_at = -_ABLE

    @property
    def room(self) -> int:
        """Twice what all workers take at once: the scheduler always has something to give."""
        workers = self._client.scheduler_info(n_workers=-1)["workers"].values()
        taken = sum(int(one["resources"].get(CAPACITY, 0)) for one in workers)
        return max(2, 2 * taken) - len(self._tasks)

    def begin(self, place: int, due: Due) -> None:
        session = self._session
        if due.patchset not in self._files:
            self._files[due.patchset] = packed(session, due.patchset)
        inputs = inputs_of(session, due.version, session.patchset(due.patchset), options_of(due))
        parcel = Parcel(
            due,
            key_of(inputs),
            session.project,
            session.config,
            self._files[due.patchset],
            self._options,
        )
        future = self._client.submit(
            do,
            parcel,
            key=f"zpmaint {due.name} {self._run} {uuid.uuid4().hex[:8]}",
            resources={CAPACITY: 1, self._ability: 1},
            priority=-place,
            pure=False,
        )
        self._tasks[place] = _Task(due, future, time.time())
        future.add_done_callback(lambda _: self._ended.put(place))

    def wait(self, haste: Callable[[], Haste], tell: Tell) -> Ended | None:
        while self._tasks:
            if haste():
                # What runs goes to the end of its step there, and is where the next run goes on.
                self._cancel()
                return None
            tell(self._under_way())
            with suppress(Empty):
                place = self._ended.get(timeout=_LOOK)
                if (task := self._tasks.pop(place, None)) is not None:
                    return self._came(place, task)
            if (lost := self._given_up()) is not None:
                return lost
        return None

    def close(self) -> None:
        self._cancel()
        self._client.close(timeout=10)

    def _cancel(self) -> None:
        futures = [task.future for task in self._tasks.values()]
        self._tasks.clear()
        if futures:
            with suppress(OSError, TimeoutError):
                self._client.cancel(futures, force=True)

    def _came(self, place: int, task: _Task) -> Ended:
        """What a task gave; its logs are kept before anything is said of it."""
        try:
            answer: Answer = task.future.result(timeout=60)
        except Exception as error:  # the scheduler's, the network's, or what dask makes of a loss
            why = f"{task.due.name}: its task failed: {type(error).__name__}: {error}"
            return Ended(place, error=InfraError(why.partition("\n")[0], "see the workers' logs"))
        for digest, data in answer.logs.items():
            if not self._session.logs.has(digest):
                self._session.logs.adopt(digest, data)
        trouble = answer.trouble.error() if answer.trouble else None
        return Ended(place, answer.record, trouble)

    def _given_up(self) -> Ended | None:
        """One of what waits, where nobody can do it."""
        now = time.monotonic()
        if now - self._looked_at < _ABLE:
            return None
        self._looked_at = now
        workers = self._client.scheduler_info(n_workers=-1)["workers"].values()
        if any(self._ability in one["resources"] for one in workers):
            self._able_at = now
        if now - self._able_at < _PATIENCE:
            return None
        self._looked_at -= _ABLE  # the next one at once
        place, task = self._tasks.popitem()
        self._client.cancel([task.future], force=True)
        return Ended(
            place,
            error=InfraError(
                f"{task.due.name}: none of {len(workers)} workers has this zpmaint with these "
                f"tools ({self._ability})",
                f"start some: zpmaint matrix worker {self._options.executor}, with the same "
                "versions of zpmaint, compiler, linker and QEMU",
            ),
        )

    def _under_way(self) -> tuple[UnderWay, ...]:
        return tuple(
            UnderWay(one.due, "", True, one.since, "dask") for _, one in sorted(self._tasks.items())
        )


class _Task:
    def __init__(self, due: Due, future: Any, since: float) -> None:
        self.due, self.future, self.since = due, future, since
