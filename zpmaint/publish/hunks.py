# SPDX-License-Identifier: GPL-2.0-only
"""What became of each hunk: how it was placed, how sure that is, what it was compiled into; and
what the port changed of the anchor. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from unidiff.errors import UnidiffParseError

from zpmaint.build.evidence import Evidence, FileEvidence, HunkEvidence
from zpmaint.build.executed import Executed, FileExecuted, HunkExecuted
from zpmaint.core.errors import UserError
from zpmaint.core.versions import KernelVersion
from zpmaint.ledger.stages import FileRecord, HunkRecord, PortRecord
from zpmaint.patchset.values import Adoption, PatchSet
from zpmaint.port.interdiff import interdiff


@dataclass(frozen=True)
class ShownHunk:
    """One hunk, and what is known of it in the objects."""

    hunk: HunkRecord
    compiled: HunkEvidence | None
    executed: HunkExecuted | None = None
    """What of it ran in the guest; None where nobody looked."""


@dataclass(frozen=True)
class ShownFile:
    """One file of the port."""

    file: FileRecord
    compiled: FileEvidence | None
    hunks: Sequence[ShownHunk]


@dataclass(frozen=True)
class DiffLine:
    """One line of an interdiff; see port.interdiff.Line."""

    side: str
    text: str
    """With the patch's own mark."""


@dataclass(frozen=True)
class Against:
    """What a patch changed of another one."""

    files: Sequence[tuple[str, Sequence[DiffLine]]]
    changed: int
    """Lines of the change itself that differ."""
    context: int
    """Lines around it that differ."""


def shown_files(
    port: PortRecord, evidence: Evidence | None, executed: Executed | None = None
) -> list[ShownFile]:
    """The files of a port with their evidence and what of them ran; then those that evidence alone
    names, so that nothing that was not compiled goes unsaid."""
    found = {(file.path, file.patch): file for file in evidence.files} if evidence else {}
    ran = {(file.path, file.patch): file for file in executed.files} if executed else {}
    shown = [
        _shown(file, found.pop((file.path, file.patch), None), ran.get((file.path, file.patch)))
        for file in port.files
    ]
    return [
        *shown,
        *(
            _shown(FileRecord(one.path, patch=one.patch), one, ran.get((one.path, one.patch)))
            for one in found.values()
        ),
    ]


def _shown(
    file: FileRecord, compiled: FileEvidence | None, executed: FileExecuted | None
) -> ShownFile:
    hunks = compiled.hunks if compiled else ()
    known = {hunk.header: hunk for hunk in hunks}
    by_place = len(hunks) == len(file.hunks)
    ran = {hunk.header: hunk for hunk in executed.hunks} if executed else {}

    def row(hunk: HunkRecord, evidence: HunkEvidence | None) -> ShownHunk:
        return ShownHunk(hunk, evidence, ran.get(evidence.header if evidence else hunk.header))

    rows = [
        row(hunk, known.get(hunk.header) or (hunks[n] if by_place else None))
        for n, hunk in enumerate(file.hunks)
    ]
    joined = {id(one.compiled) for one in rows}
    left = [one for one in hunks if id(one) not in joined]
    return ShownFile(file, compiled, [*rows, *(row(HunkRecord(h.header), h) for h in left)])


def against_anchor(port: PortRecord | None, info: PatchSet | None) -> Against | None:
    """What the port changed of the anchor that it started from, as that is now; None where either
    is not at hand."""
    anchors = info.anchors if info else ()
    if port is None or not port.patch:
        return None
    anchor = next((one for one in anchors if one.name == port.anchor), None)
    return against(anchor.patch, port.patch) if anchor else None


def against(older: str, newer: str) -> Against | None:
    """The difference of two patches but for line numbers; None where one cannot be read."""
    try:
        found = interdiff(older, newer)
    except (UnidiffParseError, ValueError):
        return None
    changed, context = found.differing
    files = [
        (path, [DiffLine(line.side, f"{line.mark}{line.text}") for line in lines])
        for path, lines in found.files
    ]
    return Against(files, changed, context)


def adopted(port: PortRecord | None, info: PatchSet | None, version: str) -> list[Adoption]:
    """What is declared of upstream's own commits that do on this kernel as the patch wants."""
    if port is None or info is None or port.state != "upstream":
        return []
    try:
        parsed = KernelVersion.parse(version)
    except UserError:
        return []
    return [one for one in info.adoptions if parsed in one.era]
