# SPDX-License-Identifier: GPL-2.0-only
"""The matrix on this machine: plan and run with the session's sources, ledger and verify."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace
from functools import partial

from zpmaint.app.inputs import inputs_of, key_of
from zpmaint.app.once import Recorder
from zpmaint.app.outlook import look
from zpmaint.app.session import Session
from zpmaint.app.verify import verify
from zpmaint.build.options import BuildOptions
from zpmaint.core.tools import need_for
from zpmaint.core.versions import KernelVersion
from zpmaint.ledger.values import Record
from zpmaint.matrix import outlook
from zpmaint.matrix.plan import Due, Plan, plan
from zpmaint.matrix.run import MatrixRun, run_matrix
from zpmaint.matrix.track import Listing, News, whats_new
from zpmaint.sources.source import HasHeads, Source, SourceFailedError


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
    jobs: int | None,
    on_record: Callable[[Due, Record], None],
) -> MatrixRun:
    """Verify what is due and not known. Raises InfraError at once where a program is missing or
    nothing could be recorded: it would fail every one of them. NotRecordedError ends the run."""
    dues = list(dues)
    need_for("verify")
    if any(due.known is None for due in dues):
        session.ledger.ready()

    def one(due: Due) -> Record:
        return verify(
            session,
            session.patchset(due.patchset),
            due.version,
            session.chain(names=due.sources),
            build=replace(_options(due), jobs=jobs),
        )

    return run_matrix(
        dues,
        one,
        Recorder(session),
        lambda due: key_of(_inputs(session, due)),
        session.reporter,
        on_record,
        session.leases,
    )


def _inputs(session: Session, due: Due) -> dict[str, str]:
    return inputs_of(session, due.version, session.patchset(due.patchset), _options(due))


def _options(due: Due) -> BuildOptions:
    return BuildOptions(due.arch, due.profile or None)


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
