# SPDX-License-Identifier: GPL-2.0-only
"""Verified once, among many processes: under a lease, and recorded whatever the disk says."""

from __future__ import annotations

import time
from dataclasses import dataclass

from zpmaint.app.inputs import inputs_of, key_of
from zpmaint.app.job import Job
from zpmaint.app.session import Session
from zpmaint.app.verify import verify
from zpmaint.build.options import BuildOptions
from zpmaint.ledger.unrecorded import keep
from zpmaint.ledger.values import Record
from zpmaint.matrix.again import Act, decide
from zpmaint.vm.profiles import Accelerator


@dataclass(frozen=True)
class Recorder:
    """The session's ledger, as a verification leaves its record in it."""

    session: Session
    since: float | None = None
    """A turn of the ledger: what was recorded up to it counts as not known; None for no such."""

    def known(self, key: str) -> Record | None:
        """The newest settled record with these inputs; none where they are flaky and due once more
        (see matrix.again)."""
        found = self.session.ledger.known(key)
        if found is None or decide(self.session.ledger.tries(key), time.time()).act is Act.RUN:
            return None
        if self.since is not None and found.turn <= self.since:
            return None
        return found

    def record(self, record: Record) -> None:
        """Keep it; see unrecorded.keep."""
        keep(self.session.ledger, record, self.session.unrecorded)


def verify_once(
    job: Job,
    *,
    build: BuildOptions,
    accelerator: Accelerator,
    since: float,
    with_executed: bool = False,
) -> tuple[Record, bool]:
    """Verify and record; what another process settles meanwhile counts, and is not done again.

    `since` is the ledger's newest turn when it was asked for: what was recorded later answers it.
    The record, and whether it is another's. Raises NotRecordedError where it could not be
    recorded, else as `verify` does, which has `with_executed`, too."""
    session = job.session
    key = key_of(inputs_of(session, job.version, job.patchset, build, accelerator))
    with session.leases.take(key, f"{job.version} {build.arch} {job.patchset.name}"):
        known = session.ledger.known(key)
        if known is not None and known.turn > since:
            return known, True
        record = verify(
            session,
            job.patchset,
            job.version,
            job.chain,
            build=build,
            accelerator=accelerator,
            with_executed=with_executed,
        )
        Recorder(session).record(record)
    return record, False
