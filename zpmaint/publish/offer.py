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
    files = files_of(record(tried), tried.profile)
    return Offer(patches, {ending: sha256(data).hexdigest() for ending, data in files.items()})


def attempt_of(attempts: Sequence[Attempt], one: Shipped) -> Attempt:
    """The attempt that a patch is read from."""
    return next(tried for tried in attempts if (tried.key, tried.turn) == (one.key, one.turn))


def files_of(record: Record, profile: str) -> dict[str, bytes]:
    """By ending the files of a record that has a patch."""
    if record.port is None or not record.port.patch:
        raise ValueError(f"{record.version}: a record without a patch has no files")
    mails = mails_of(record.port)
    stem = stem_of(record.version, record.arch, profile)
    files = {PATCH: bundle(mails), ARCHIVE: archive(f"{file_name(record.patchset)}-{stem}", mails)}
    sums = {f"{stem}{ending}": sha256(data).hexdigest() for ending, data in files.items()}
    return files | {STATEMENT: statement(record, sums)}
