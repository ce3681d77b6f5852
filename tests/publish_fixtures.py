# SPDX-License-Identifier: GPL-2.0-only
"""What the page needs beside the records: the tracked kernels and the story of the patch."""

from __future__ import annotations

from pathlib import Path

from ledger_fixtures import SET

from zpmaint.core.config import Config
from zpmaint.core.eras import Era
from zpmaint.core.versions import KernelVersion
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
