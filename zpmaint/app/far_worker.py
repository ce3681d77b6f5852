# SPDX-License-Identifier: GPL-2.0-only
"""A machine's part in a run of many: what it is able to do, as labels that a dask scheduler goes
by, and one task done."""

from __future__ import annotations

import asyncio
import hashlib
import os
from collections.abc import Callable
from dataclasses import replace
from typing import Any

from zpmaint.app.inputs import inputs_of, key_of, machine_identity
from zpmaint.app.local import LocalExecutor
from zpmaint.app.messages import Trouble
from zpmaint.app.parcels import Answer, Parcel, logs_of, opened
from zpmaint.app.session import Session
from zpmaint.app.worker import options_of
from zpmaint.build.data import packaged
from zpmaint.core.errors import InfraError, UserError, ZpmaintError
from zpmaint.matrix.run import Ended
from zpmaint.matrix.steps import declared
from zpmaint.matrix.stop import Haste

CAPACITY = "zpmaint"
"""The resource that each task takes one of: how many kernels a machine takes at once."""


_PATIENCE = 60.0
"""Seconds without a scheduler after which a worker ends."""


def fitting() -> int:
    """How many kernels at once fill the cores of this machine."""
    table = declared()
    return table.begun(os.cpu_count() or 1) - table.ahead


def ability() -> str:
    """The label of all machines with this very zpmaint, these compilers, this linker and QEMU. What
    a project's own toolchains name is seen when a task compares its key."""
    compilers = [toolchain.compiler for toolchain in packaged().toolchains]
    digest = hashlib.sha256(machine_identity(compilers).encode()).hexdigest()
    return f"zpmaint-{digest[:16]}"


def labels(kernels: int) -> dict[str, float]:
    """The resources of a worker that takes so many kernels at once."""
    return {CAPACITY: kernels, ability(): kernels}


def serve(scheduler: str, kernels: int) -> None:
    """Take tasks of the scheduler at HOST:PORT, so many at once, until it ends. Raises UserError
    where dask is not installed, InfraError where no scheduler answers."""
    try:
        from distributed import Worker  # noqa: PLC0415  wanted by who asks for dask alone
    except ImportError:
        raise UserError(
            "dask.distributed is not installed", "pip install 'zpmaint[dask]'"
        ) from None

    async def until_its_end() -> None:
        worker: Any = Worker(
            f"tcp://{scheduler}",
            nthreads=kernels,
            resources=labels(kernels),
            memory_limit=0,  # what takes memory are programs, which have limits of their own
            death_timeout=_PATIENCE,
        )
        async with worker:
            await worker.finished()

    try:
        asyncio.run(until_its_end())
    except (OSError, TimeoutError) as error:
        raise InfraError(
            f"dask://{scheduler}: no scheduler answers: {error}", "start one with: dask scheduler"
        ) from None
    except RuntimeError as error:  # as dask calls whatever kept a worker from starting
        why = error.__cause__ or error
        raise InfraError(
            f"dask://{scheduler}: this worker did not start: {type(why).__name__}: {why}",
            "look at dask's configuration, and whether both have the same version of it",
        ) from None


def do(parcel: Parcel) -> Answer:
    """One task, in a worker of dask. What it raises is dask's to tell; what came of the kernel, of
    the machine or of the user's mistake is in the answer."""
    try:
        session = opened(parcel)
        return _verified(session, parcel, _haste())
    except ZpmaintError as error:
        return Answer(None, {}, Trouble.of(error))


def _verified(session: Session, parcel: Parcel, haste: Callable[[], Haste]) -> Answer:
    due = parcel.due
    inputs = inputs_of(session, due.version, session.patchset(due.patchset), options_of(due))
    if key_of(inputs) != parcel.key:
        host = os.uname().nodename
        raise InfraError(
            f"{due.name}: {host} has other inputs than the run: another zpmaint, compiler, linker "
            "or QEMU",
            "install the same on all machines",
        )
    executor = LocalExecutor(session, parcel.options)
    try:
        executor.begin(0, due)
        ended = executor.wait(haste, lambda _: None)
    finally:
        executor.close()
    return _answer(session, parcel, ended)


def _answer(session: Session, parcel: Parcel, ended: Ended | None) -> Answer:
    if ended is None:
        raise InfraError(f"{parcel.due.name}: stopped before its end", "run again")
    if ended.record is None:
        return Answer(None, {}, Trouble.of(ended.error) if ended.error else None)
    record = replace(ended.record, project=parcel.project)
    return Answer(record, logs_of(record, session.logs))


def _haste() -> Callable[[], Haste]:
    """To stop once nobody waits for this task any more: the run ended, or it is another's now."""
    from distributed import get_worker  # noqa: PLC0415  is there where a task runs

    worker: Any = get_worker()
    key = worker.get_current_task()

    def haste() -> Haste:
        task = worker.state.tasks.get(key)
        return Haste.NONE if task is not None and task.state == "executing" else Haste.AT_ONCE

    return haste
