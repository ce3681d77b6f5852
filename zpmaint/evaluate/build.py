"""Building the data set: queues read, tarballs passed over once, queues replayed."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from zpmaint.errors import InfraError
from zpmaint.evaluate.archive import read_files
from zpmaint.evaluate.diffs import split
from zpmaint.evaluate.queues import read_queue
from zpmaint.evaluate.replay import replay
from zpmaint.evaluate.store import Store
from zpmaint.evaluate.values import QueuedPatch
from zpmaint.files import locked
from zpmaint.progress import SILENT, Reporter

REVISION = "1"
"""Goes up when the same packages would give another data set."""


@dataclass(frozen=True)
class Package:
    """A source package of the kernel, on the disk."""

    name: str
    """Its version: 6.1.187-1."""
    version: str
    """The upstream version under it."""
    queue: Path
    """The .debian.tar.xz."""
    queue_sha256: str
    orig: Path
    """The upstream tarball."""
    orig_sha256: str


def build(
    folder: Path,
    packages: Sequence[Package],
    pairs: Sequence[tuple[str, str]],
    reporter: Reporter = SILENT,
) -> None:
    """Make the data set in `folder` hold these packages' queues and be for these pairs.

    What it holds already is not made again: a tarball is read once for a set of paths, a queue is
    replayed once. Raises InfraError for an archive that cannot be read.
    """
    with locked(folder):
        store = Store(folder, create=True)
        try:
            _fill(store, packages, folder / "replay", reporter)
            store.set_pairs(pairs)
        finally:
            store.close()


def _fill(store: Store, packages: Sequence[Package], scratch: Path, reporter: Reporter) -> None:
    queues = {package.name: read_queue(package.queue) for package in packages}
    paths = {path for queue in queues.values() for path in touched(queue)}
    for package in packages:
        if lacking := paths - store.known(package.orig_sha256):
            with reporter.step(f"read {package.orig.name}") as step:
                files, listing = read_files(package.orig, lacking)
                there = sum(data is not None for data in files.values())
                step.note(f"{package.version}: {there} of {len(files)} files are there")
            store.add_upstream(package.orig_sha256, files, listing)
    for package in packages:
        key = _key(package)
        if store.package_of(package.name) == key:
            continue
        queue = queues[package.name]
        with reporter.step(f"replay {package.name}", "patches") as step:
            upstream = store.upstream(package.orig_sha256, touched(queue))
            steps = []
            for done in replay(queue, upstream, scratch):
                steps.append(done)
                step.advance(len(steps), len(queue))
                if done.failure:
                    step.note(f"{package.name}: {done.patch.name}: {done.failure.splitlines()[0]}")
            store.add_queue(package.name, package.version, key, package.orig_sha256, steps)


def touched(queue: Sequence[QueuedPatch]) -> list[str]:
    """Every path that a queue's patches name. Raises InfraError for one that leads elsewhere."""
    named = dict.fromkeys(p for patch in queue for part in split(patch.text) for p in part.paths)
    for path in named:
        if path.startswith("/") or ".." in Path(path).parts:
            raise InfraError(f"a patch names {path!r}, outside of the tree")
    return list(named)


def _key(package: Package) -> str:
    words = [REVISION, package.queue_sha256, package.orig_sha256]
    return hashlib.sha256("\n".join(words).encode()).hexdigest()
