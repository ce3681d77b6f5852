# SPDX-License-Identifier: GPL-2.0-only
"""What there is to take away of one kernel: its patches by content, and of the newest good one the
archive and the statement, with their digests. Pure, but for the records that are read for it.

The digests are worked out when a kernel's records change and are kept with its facts, so that the
list of all of them asks for no file.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from hashlib import sha256
from typing import Any

from zpmaint.ledger.stages import PortRecord
from zpmaint.ledger.values import Record
from zpmaint.publish.archive import archive
from zpmaint.publish.mails import bundle, mails_of
from zpmaint.publish.names import file_name, stem_of
from zpmaint.publish.shipping import ReadPort, Shipped, shipped_of
from zpmaint.publish.statement import statement
from zpmaint.timeline.values import Attempt

PATCH, ARCHIVE, STATEMENT = ".patch", ".tar.xz", ".intoto.json"
"""How the files of a kernel end."""


@dataclass(frozen=True)
class Offer:
    """Of one kernel."""

    patches: tuple[Shipped, ...] = ()
    """Every patch that a good verdict ever had; the newest first."""
    sums: Mapping[str, str] = field(default_factory=dict)
    """By ending the SHA-256 of each file of the newest one."""

    @property
    def newest(self) -> Shipped | None:
        """The newest good one, whether or not it is offered still."""
        return self.patches[0] if self.patches else None

    def as_json(self) -> list[Any]:
        return [[one.as_json() for one in self.patches], dict(self.sums)]

    @classmethod
    def kept(cls, told: Sequence[Any]) -> Offer:
        """What `as_json` gave; of a kernel without one ()."""
        return cls(tuple(map(Shipped.kept, told[0])), told[1]) if told else cls()


NO_OFFER = Offer()


def offer_of(
    attempts: Sequence[Attempt], port: ReadPort, record: Callable[[Attempt], Record]
) -> Offer:
    """Of a kernel's attempts, newest first. `record` is read of one of them at most."""
    patches = shipped_of(attempts, port)
    if not patches:
        return NO_OFFER
    tried = attempt_of(attempts, patches[0])
    whole = record(tried)
    if whole.port is None:
        raise ValueError(f"{whole.version}: a record without a port has no files")
    packed = archive_file(whole.port, tried)
    sums = {PATCH: patches[0].sha256, ARCHIVE: sha256(packed).hexdigest()}
    said = statement_file(whole, tried, sums)
    return Offer(patches, sums | {STATEMENT: sha256(said).hexdigest()})


def attempt_of(attempts: Sequence[Attempt], one: Shipped) -> Attempt:
    """The attempt that a patch is read from."""
    return next(tried for tried in attempts if (tried.key, tried.turn) == (one.key, one.turn))


def patch_file(port: PortRecord) -> bytes:
    """The patch of a port as a file."""
    return bundle(mails_of(port))


def archive_file(port: PortRecord, tried: Attempt) -> bytes:
    """The archive with it."""
    stem = stem_of(tried.version, tried.arch, tried.profile)
    return archive(f"{file_name(tried.patchset)}-{stem}", mails_of(port))


def statement_file(record: Record, tried: Attempt, sums: Mapping[str, str]) -> bytes:
    """The statement on both, whose digests are `sums`, by ending."""
    stem = stem_of(tried.version, tried.arch, tried.profile)
    return statement(record, {f"{stem}{ending}": sums[ending] for ending in (PATCH, ARCHIVE)})
