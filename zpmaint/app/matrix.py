# SPDX-License-Identifier: GPL-2.0-only
"""The matrix on this machine: plan and run with the session's sources, ledger and verify."""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace
from functools import partial

from zpmaint.app.inputs import inputs_of, key_of
from zpmaint.app.local import LocalExecutor, MakeRoom, limits_of
from zpmaint.app.once import Recorder
from zpmaint.app.outlook import look
from zpmaint.app.session import Session
from zpmaint.app.worker import options_of
from zpmaint.core.tools import need_for
from zpmaint.core.versions import KernelVersion
from zpmaint.ledger.values import Record
from zpmaint.matrix import outlook
from zpmaint.matrix.experience import Experience, Remaining
from zpmaint.matrix.options import RunOptions
from zpmaint.matrix.plan import Due, Plan, plan
from zpmaint.matrix.run import Executor, MatrixRun, run_matrix
from zpmaint.matrix.snapshot import OnChange
from zpmaint.matrix.steps import declared
from zpmaint.matrix.stop import Stop
from zpmaint.matrix.track import Listing, News, whats_new
from zpmaint.sources.source import HasHeads, Source, SourceFailedError

DEFAULT = RunOptions()


def plan_matrix(session: Session) -> Plan:
    """What kernels.toml asks for now, each with what the ledger knows of it. What is seen of new
    kernels on the way is remembered."""
    resolved: list[KernelVersion] = []

    def newest(series: str, sources: tuple[str, ...]) -> KernelVersion:
        resolved.append(session.chain(names=sources).newest(series))
        return resolved[-1]

    with session.reporter.step("plan the matrix"):
        inputs, now = partial(_inputs, session), time.time()
        made = plan(session.config, newest, session.ledger, inputs, key_of, now=now)
    look(session, lambda before: outlook.planned(before, made, resolved, now))
    return made


def run_dues(
    session: Session,
    dues: Iterable[Due],
    *,
    options: RunOptions = DEFAULT,
    on_record: Callable[[Due, Record], None] | None = None,
    on_change: OnChange | None = None,
    stop: Stop | None = None,
    make_room: MakeRoom | None = None,
) -> MatrixRun:
    """Verify what is due and not known (all of it where `options.again`), in the order of `dues`;
    the one entry to a run, whoever asks for it: the command line, a service, a pipeline.

    To be called in the thread that opened the session: its ledger is written here alone, one record
    after another as each ends. `on_record` hears of each record behind its landing, `on_change` of
    how the run stands; both in this thread, both are to return soon, and what they raise ends the
    run. `stop` is any thread's or signal's: asked once, no step is begun any more and the run
    returns when those that run have ended; asked twice, they are ended at once. Either way it
    returns, and what was not reached is in `MatrixRun.left`. The same call goes on from there.

    `make_room(wanted, in_use)` is called in this thread where a step wants more bytes of the
    cache's disk than are free (what ended for a full disk is tried again, and wants them): it frees
    what it can without touching what the dues `in_use` need, and gives the bytes that are free
    then. Without it, or where that is too little, the step ends as the infrastructure's trouble.

    No signal is handled here; workers are in sessions of their own, so that ^C of a terminal comes
    to the caller alone, and a KeyboardInterrupt raised in this thread ends them and is passed on.

    Raises InfraError at once where a program is missing or nothing could be recorded: it would
    fail every one of them. NotRecordedError ends the run."""
    dues = list(dues)
    need_for("verify")
    if options.again or any(due.known is None for due in dues):
        session.ledger.ready()
    executor = _executor(session, options, make_room)
    experience = Experience(session.ledger.durations()) if on_change else Experience()
    limits, table = limits_of(options), declared()
    began, before = time.monotonic(), _cpu()

    def recorded(due: Due, record: Record) -> None:
        experience.add((record.version, record.arch, record.seconds))
        if on_record is not None:
            on_record(due, record)

    made = run_matrix(
        dues,
        executor,
        Recorder(session, since=session.ledger.newest_turn if options.again else None),
        lambda due: key_of(_inputs(session, due)),
        session.reporter,
        recorded,
        session.leases,
        on_change=on_change,
        forecast=lambda left: experience.left(left, table, limits),
        patient=options.patient,
        fail_fast=options.fail_fast,
        stop=stop,
    )
    return replace(made, seconds=time.monotonic() - began, cpu=_cpu() - before)


def forecast(session: Session, dues: Iterable[Due], options: RunOptions) -> float | None:
    """Seconds that a run of `dues` would take by the ledger's experience; None without any."""
    left = [Remaining(due) for due in dues]
    experience = Experience(session.ledger.durations())
    return experience.left(left, declared(), limits_of(options))


def _executor(session: Session, options: RunOptions, make_room: MakeRoom | None) -> Executor:
    if not options.scheduler:
        return LocalExecutor(session, options, make_room)
    from zpmaint.app.far import FarExecutor  # noqa: PLC0415  a local run knows no dask

    return FarExecutor(session, options)


def _cpu() -> float:
    """Seconds of processors that this process has used, and all that it has waited for."""
    return sum(os.times()[:4])


def _inputs(session: Session, due: Due) -> dict[str, str]:
    return inputs_of(session, due.version, session.patchset(due.patchset), options_of(due))


def track(session: Session, specs: Sequence[str] = ()) -> list[News]:
    """What the sources list beside what is tracked and known. A source that fails is noted and
    passed over, unless all do. What the project's own sources list is remembered as out there."""
    listings: list[Listing] = []
    failures: list[SourceFailedError] = []
    chain = session.chain(specs)
    for source in chain.sources:
        with session.reporter.step(f"read what {source.name} lists") as step:
            try:
                listings += _listed(source)
            except SourceFailedError as error:
                step.note(str(error))
                failures.append(error)
    if failures and len(failures) == len(chain.sources):
        raise failures[0]
    if not specs:
        look(session, lambda before: outlook.listed(before, listings, session.config, time.time()))
    return whats_new(listings, session.config, session.ledger.summaries())


def _listed(source: Source) -> list[Listing]:
    """What a source lists, in the cheapest way it has."""
    if isinstance(source, HasHeads):
        return [
            Listing(source.name, head.version, head.moniker, head.eol, head.released)
            for head in source.heads()
        ]
    return [Listing(source.name, version) for version in source.versions()]
