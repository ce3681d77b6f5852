# SPDX-License-Identifier: GPL-2.0-only
"""Single anchors carried over all tags of a git repository, beside the common tools.

There is no truth to hold these against; what is shown is where each stops, and zpmaint's own
reasons. A set's later anchors and eras have no part in it.
"""

from __future__ import annotations

import hashlib
import tempfile
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from zpmaint.core.eras import Era
from zpmaint.core.progress import Reporter
from zpmaint.core.text import to_bytes
from zpmaint.core.versions import KernelVersion
from zpmaint.evaluate.diffs import split
from zpmaint.evaluate.replay import replay
from zpmaint.evaluate.tools import TOOLS, attempt
from zpmaint.evaluate.values import Blob, FileCase, Kind, QueuedPatch
from zpmaint.patchset.values import Anchor, PatchSet
from zpmaint.port.engine import Blobs, paths, port
from zpmaint.port.values import Port
from zpmaint.sources.chain import Chain

ANCHORS = 2
"""How many of a set's anchors are looked at, from the oldest on: later ones have no tags to go to
in a repository of old kernels."""


@dataclass(frozen=True)
class TagRow:
    """One anchor on one tag."""

    version: KernelVersion
    port: Port
    tools: Mapping[str, bool]
    """Whether each tool took the patch without conflict."""


def tags(
    patchset: PatchSet,
    chain: Chain,
    base_of: Callable[[Anchor], Blobs],
    names: Sequence[str],
    reporter: Reporter,
) -> dict[str, list[TagRow]]:
    """By anchor, every kernel of `chain`, oldest first; `base_of` has the files that an anchor was
    made for, and `names` of TOOLS go along."""
    versions = chain.versions()
    found: dict[str, list[TagRow]] = {}
    for anchor in patchset.anchors[:ANCHORS]:
        base = base_of(anchor)
        with reporter.step(f"carry {anchor.name} over {len(versions)} tags", "tags") as step:
            found[anchor.name] = []
            alone = replace(patchset, anchors=(replace(anchor, era=Era()),))
            for row in _carried(alone, base, versions, chain, names):
                found[anchor.name].append(row)
                step.advance(len(found[anchor.name]), len(versions))
    return found


def _carried(
    alone: PatchSet,
    base: Blobs,
    versions: Sequence[KernelVersion],
    chain: Chain,
    names: Sequence[str],
) -> Iterator[TagRow]:
    (anchor,) = alone.anchors
    wanted = paths(anchor.patch)
    known: dict[tuple[str | None, ...], dict[str, bool]] = {}
    with tempfile.TemporaryDirectory(prefix="zpmaint-evaluate-") as folder:
        scratch = Path(folder)
        after = _after(anchor, base, scratch)
        for version in versions:
            target = chain.blobs(version, wanted)
            key = tuple(_sha(target[path]) for path in wanted)
            if key not in known:
                files = list(_files(anchor, base, after, target))
                known[key] = {
                    name: all(attempt(name, file, scratch).clean for file in files)
                    for name in names
                    if name in TOOLS
                }
            done = port(alone, version, {anchor.name: base}, target)
            yield TagRow(version, done, known[key])


def _after(anchor: Anchor, base: Blobs, scratch: Path) -> Blobs:
    """The anchor's own files, patched."""
    queue = [QueuedPatch(anchor.name, to_bytes(anchor.patch))]
    (step,) = replay(queue, base, scratch)
    return {path: after for path, (_, after) in step.changes.items()}


def _files(anchor: Anchor, base: Blobs, after: Blobs, target: Blobs) -> Iterator[FileCase]:
    for part in split(to_bytes(anchor.patch)):
        path = part.path
        yield FileCase(
            path=path,
            kind=Kind.MODIFIED,
            diff=part.text,
            base_blob=_blob(base.get(path)),
            after_blob=_blob(after.get(path)),
            target_blob=_blob(target.get(path)),
            truth_blob=None,
            touched=True,
        )


def _blob(data: bytes | None) -> Blob | None:
    return None if data is None else Blob(hashlib.sha256(data).hexdigest(), lambda _: data)


def _sha(data: bytes | None) -> str | None:
    return None if data is None else hashlib.sha256(data).hexdigest()
