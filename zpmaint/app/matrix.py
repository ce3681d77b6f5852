# SPDX-License-Identifier: GPL-2.0-only
"""The matrix on this machine: plan and run with the session's sources, ledger and verify."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from functools import partial
from typing import Any

from zpmaint.app.inputs import inputs_of, key_of
from zpmaint.app.local import LocalExecutor, MakeRoom, limits_of
from zpmaint.app.look import Freshness, Looked, remembered, ruled, ruled_now, survey
from zpmaint.app.once import Recorder
from zpmaint.app.outlook import look
from zpmaint.app.room import Room
from zpmaint.app.session import Session
from zpmaint.app.worker import options_of
from zpmaint.core.cpu_time import cpu
from zpmaint.core.durations import rfc3339
from zpmaint.core.tools import need_for
from zpmaint.core.versions import KernelVersion
from zpmaint.ledger.values import Record
from zpmaint.matrix import outlook
from zpmaint.matrix.experience import Experience, Remaining
from zpmaint.matrix.options import RunOptions
from zpmaint.matrix.plan import Due, Plan, plan
from zpmaint.matrix.policy import Missing
from zpmaint.matrix.run import Executor, MatrixRun, run_matrix
from zpmaint.matrix.snapshot import OnChange
from zpmaint.matrix.steps import declared
from zpmaint.matrix.stop import Stop
from zpmaint.matrix.track import News, Novelty, whats_new

DEFAULT = RunOptions()


def plan_matrix(session: Session) -> Plan:
    """What kernels.toml asks for now, each with what the ledger knows of it: what it names, and
    what its rules come to by what the sources list now. What is seen of new kernels on the way is
    remembered."""
    resolved: list[KernelVersion] = []

    def newest(series: str, sources: tuple[str, ...]) -> KernelVersion:
        resolved.append(session.chain(names=sources).newest(series))
        return resolved[-1]

    def releases(series: str, sources: tuple[str, ...]) -> list[KernelVersion]:
        found = session.chain(names=sources).releases_of(series)
        resolved.extend(found[:1])
        return found

    with session.reporter.step("plan the matrix"):
        asked, now = ruled_now(session), time.time()
        made = plan(
            asked.config,
            newest,
            session.ledger,
            partial(_inputs, session),
            key_of,
            releases=releases,
            missing=asked.missing,
            now=now,
        )
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

    `make_room(wanted, in_use, whole)` is called in this thread before a step that wants so many
    bytes of the cache begins (what ended for a full disk is tried again, and wants them), and
    behind each record: where there are less it frees what it can without touching what the dues
    `in_use` need, and gives the bytes that may be written then. Where that is too little the step
    waits for those that run (`whole`: nothing is freed that would not be enough), and ends as the
    infrastructure's trouble where none does. Without it app/room.py's Room is asked, which knows
    the budget of kernels.toml.

    No signal is handled here; workers are in sessions of their own, so that ^C of a terminal comes
    to the caller alone, and a KeyboardInterrupt raised in this thread ends them and is passed on.

    Raises InfraError at once where a program is missing or nothing could be recorded: it would
    fail every one of them. NotRecordedError ends the run."""
    dues = list(dues)
    need_for("verify")
    if options.again or any(due.known is None for due in dues):
        session.ledger.ready()
    room = make_room or Room(session, tuple(dues))
    executor = _executor(session, options, room)
    experience = Experience(session.ledger.durations()) if on_change else Experience()
    limits, table = limits_of(options), declared()
    began, before = time.monotonic(), cpu()

    def recorded(due: Due, record: Record) -> None:
        experience.add((record.version, record.arch, record.seconds))
        if not options.scheduler:
            room(0, (), False)  # what has grown beyond the budget; what runs is marked as used
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
    return replace(made, seconds=time.monotonic() - began, cpu=cpu() - before)


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


def _inputs(session: Session, due: Due) -> dict[str, str]:
    return inputs_of(session, due.version, session.patchset(due.patchset), options_of(due))


@dataclass(frozen=True)
class Tracked:
    """What there is of new kernels, and how far that can be told."""

    news: tuple[News, ...]
    looked: tuple[Looked, ...]
    """What each source said, in the order asked."""
    missing: tuple[Missing, ...] = ()
    """What the rules of kernels.toml ask for and nobody can give now."""

    @property
    def has_news(self) -> bool:
        """Whether a kernel is out that is tracked and not verified."""
        return any(one.novelty is Novelty.NEW for one in self.news)

    @property
    def is_fresh(self) -> bool:
        """Whether every source told what it has now."""
        return all(one.freshness is Freshness.FRESH for one in self.looked)

    def as_json(self) -> list[dict[str, Any]]:
        """What `zpmaint track --json` prints: a row for each of `news`, each with how far it can be
        believed. Times are ISO 8601, UTC."""
        given = {one.source: one.given for one in self.looked}
        stale = [
            {
                "source": one.source,
                "freshness": str(one.freshness),
                "given": _iso(one.given),
                "why": one.why,
            }
            for one in self.looked
            if one.freshness is not Freshness.FRESH
        ]
        return [
            {
                **row.as_json(),
                "given": _iso(min((t for s in row.sources if (t := given.get(s))), default=None)),
                "stale": stale,
            }
            for row in self.news
        ]


def track(session: Session, specs: Sequence[str] = (), *, within: float | None = None) -> Tracked:
    """What the sources list beside what is tracked and known. A source that fails is noted and
    passed over, unless all do. What the project's own sources list is remembered as out there, and
    `within` how many seconds whoever asks looks again."""
    found = survey(session.chain(specs), session.config)
    if not specs:
        remembered(session, found, within)
    listings = [listing for one in found for listing in one.listings]
    asked = ruled(session)
    news = whats_new(listings, asked.config, session.ledger.summaries())
    return Tracked(tuple(news), tuple(found), asked.missing)


def _iso(seconds: float | None) -> str | None:
    """A time as programs read it (ISO 8601, UTC); None where there is none."""
    return None if seconds is None else rfc3339(seconds)
