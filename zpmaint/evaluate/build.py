# SPDX-License-Identifier: GPL-2.0-only
"""Building the data set: queues read, tarballs passed over once, queues replayed."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from zpmaint.core.errors import InfraError
from zpmaint.core.files import locked
from zpmaint.core.progress import SILENT, Reporter
from zpmaint.evaluate.archive import names_in, read_files
from zpmaint.evaluate.diffs import brought, split, words
from zpmaint.evaluate.queues import read_queue
from zpmaint.evaluate.replay import replay
from zpmaint.evaluate.store import FILE, Store
from zpmaint.evaluate.values import QueuedPatch
from zpmaint.sources.source import NotServedError

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


class Shop(Protocol):
    """Where packages come from."""

    def package(self, name: str) -> Package:
        """Raises NotServedError where it is not to be had."""


def prepare(
    folder: Path,
    pairs: Sequence[tuple[str, str]],
    session: Shop,
    reporter: Reporter = SILENT,
) -> list[tuple[str, str]]:
    """Have the data set in `folder` hold what these pairs need; returns those it can be used for.

    Nothing is asked of the session where all is there. A package that is no longer served is noted,
    and its pairs are left out unless its queue was kept. Raises InfraError where nothing is left.
    """
    if (folder / FILE).is_file() and set(ready(folder, pairs)) == set(pairs):
        return list(pairs)
    packages: list[Package] = []
    with reporter.step("find the source packages") as step:
        for name in dict.fromkeys(name for pair in pairs for name in pair):
            try:
                packages.append(session.package(name))
            except NotServedError as error:
                step.note(error.what)
    build(folder, packages, reporter)
    usable = ready(folder, pairs)
    if not usable:
        raise InfraError(
            "no pair of source packages can be had", "name others with --pair OLD..NEW"
        )
    return usable


def ready(folder: Path, pairs: Sequence[tuple[str, str]]) -> list[tuple[str, str]]:
    """The pairs that a data set holds all of."""
    store = Store(folder)
    try:
        return [pair for pair in pairs if store.holds(*pair)]
    finally:
        store.close()


def build(folder: Path, packages: Sequence[Package], reporter: Reporter = SILENT) -> None:
    """Make the data set in `folder` hold these packages' queues.

    What it holds already is not made again: a tarball is read once for a set of paths, a queue is
    replayed once. Raises InfraError for an archive that cannot be read.
    """
    with locked(folder, reporter):
        store = Store(folder, create=True)
        try:
            _fill(store, packages, folder / "replay", reporter)
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
    names = {name for queue in queues.values() for patch in queue for name in brought(patch.text)}
    for package in packages:
        if unknown := names - store.known_names(package.orig_sha256):
            with reporter.step(f"look for names in {package.orig.name}") as step:
                # What stands in the files that are kept need not be looked for in the rest.
                files = store.upstream(package.orig_sha256, paths)
                seen = {n for data in files.values() if data for n in words(data)} & unknown
                seen |= names_in(package.orig, unknown - seen)
                step.note(f"{package.version}: speaks of {len(seen)} of {len(unknown)} names")
            store.add_names(package.orig_sha256, {name: name in seen for name in unknown})
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
