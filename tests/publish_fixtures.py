# SPDX-License-Identifier: GPL-2.0-only
"""What the page needs beside the records: the tracked kernels and the story of the patch."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path

from ledger_fixtures import SET

from zpmaint.core.config import Config
from zpmaint.core.eras import Era
from zpmaint.core.versions import KernelVersion
from zpmaint.ledger.rows import State, Tried, to_row
from zpmaint.ledger.stages import PortRecord
from zpmaint.ledger.values import Record
from zpmaint.patchset.panels import Column
from zpmaint.patchset.values import PatchSet, Telling

TRACKED = ("2.6.21", "2.6.23", "2.6.24", "5.10.*", "6.1.*", "6.12.*", "6.18.*", "7.*", "8.*")
NOTES = {
    "2.6.21": "the first release after the patch was posted",
    "2.6.24": "upstream removed the zero page itself",
}


def config(*versions: str) -> Config:
    return Config.model_validate(
        {
            "patch": SET,
            "sources": {"debian": {"kind": "debian"}},
            "kernel": [
                {"version": v, "sources": ["debian"], "note": NOTES.get(v, "")}
                for v in versions or TRACKED
            ],
        }
    )


def patchset(title: str = "No zero page for anonymous reads") -> PatchSet:
    since = KernelVersion.parse("2.6.32")
    return PatchSet(
        name=SET,
        title=title,
        author="The Author, 2007",
        origin="https://example.org/zero-page-or-not",
        intent="A read fault on anonymous memory gets a zeroed page of its own at once, in place "
        "of the shared zero page and a copy at the first write.",
        anchors=(),
        adoptions=(),
        flips=(),
        telling=(
            Telling(
                Era(until=KernelVersion.parse("2.6.24")),
                ("AnonPages", "MemFree"),
                ("VmRSS",),
                "The mapped zero page is counted in file_rss, so VmRSS is the same on both.",
            ),
            Telling(
                Era(since=since),
                ("VmRSS", "RssAnon"),
                (),
                "The zero page is not counted, so VmRSS differs by all that was read.",
            ),
        ),
        leaves=("UFFDIO_ZEROPAGE maps the zero page as before", "KSM with use_zero_pages"),
        folder=Path("patches") / SET,
        columns=(
            Column(
                "Memory, read pass", ("VmRSS", "RssAnon", "AnonPages"), "read", "MiB",
                "difference", True, "VmRSS",
            ),
            Column("Instr./page", ("instructions",), "read", "instructions per page", "both"),
        ),
    )  # fmt: skip


class Held:
    """A ledger that is a list of records, and knows which were read whole."""

    def __init__(self, records: Sequence[Record]) -> None:
        order = sorted(records, key=lambda r: (r.order, r.started, r.key, r.result, r.why))
        self.records = {(r.key, r.turn or r.finished + n / 1e6): r for n, r in enumerate(order)}
        self.read: list[str] = []

    def states(self) -> Iterator[State]:
        found: dict[tuple[str, str, str, str], list[str]] = {}
        for row in self.tried():
            version, arch, patchset, profile = row[1:5]
            found.setdefault((version, arch, patchset, profile), []).append(f"{row[9]}{row[0]}")
        for name, texts in found.items():
            yield *name, " ".join(texts)

    def tried(self, patchset: str | None = None, versions: Sequence[str] = ()) -> Iterator[Tried]:
        for (key, turn), r in reversed(self.records.items()):
            if patchset is not None and (r.patchset != patchset or r.version not in versions):
                continue
            digest = to_row(r).digest
            profile = r.profile
            names = (r.version, r.arch, r.patchset, profile)
            yield (turn, *names, r.result, r.finished, key, r.why, digest)

    def at(self, key: str, turn: float) -> Record | None:
        self.read.append(key)
        return self.records.get((key, turn))

    def port_at(self, key: str, turn: float) -> PortRecord | None:
        found = self.records.get((key, turn))
        return found.port if found else None
