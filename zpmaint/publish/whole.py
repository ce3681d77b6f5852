# SPDX-License-Identifier: GPL-2.0-only
"""All that the record of one kernel says, for its own page. Pure."""

from __future__ import annotations

from dataclasses import dataclass

from zpmaint.build.evidence import Evidence, FileEvidence
from zpmaint.build.executed import Executed
from zpmaint.ledger.stages import CaseRecord, DeltaRecord, FileRecord
from zpmaint.ledger.values import Record
from zpmaint.publish.facts import Suite


@dataclass(frozen=True)
class Whole:
    """A record as its kernel's page shows it."""

    record: Record

    @property
    def patch(self) -> str:
        """The patch as it is to be applied to this kernel; '' where there is none to offer."""
        return (self.record.port.patch or "") if self.record.port else ""

    @property
    def suites(self) -> list[tuple[str, Suite, tuple[CaseRecord, ...]]]:
        """By suite: its name, the count, the cases."""
        found = self.record.verdict.suites if self.record.verdict else {}
        return [(name, Suite.of(cases), cases) for name, cases in found.items()]

    @property
    def evidence(self) -> Evidence | None:
        """What was compiled of the change; None where that is not known."""
        return self.record.build.evidence if self.record.build else None

    @property
    def executed(self) -> Executed | None:
        """What of the change ran in the guest; None where nobody looked."""
        return self.record.verdict.executed if self.record.verdict else None

    def compiled(self, file: FileRecord) -> FileEvidence | None:
        """What was compiled of a file of the port."""
        files = self.evidence.files if self.evidence else ()
        names = (file.path, file.patch)
        return next((found for found in files if (found.path, found.patch) == names), None)

    @property
    def deltas(self) -> tuple[DeltaRecord, ...]:
        return self.record.verdict.deltas if self.record.verdict else ()

    @property
    def main_deltas(self) -> list[DeltaRecord]:
        """What is to be read first: what tells, what misleads, and what it costs."""
        return [d for d in self.deltas if _is_main(d)]

    @property
    def other_deltas(self) -> list[DeltaRecord]:
        return [d for d in self.deltas if not _is_main(d)]


def _is_main(delta: DeltaRecord) -> bool:
    misleads = delta.counter == "VmRSS" and delta.phase == "read"
    return delta.telling or misleads or delta.unit.endswith("/page")
