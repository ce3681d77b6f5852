# SPDX-License-Identifier: GPL-2.0-only
"""Building the data set: queues read, tarballs passed over once, queues replayed."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from zpmaint.core.errors import InfraError, UserError
from zpmaint.core.files import locked
from zpmaint.core.progress import SILENT, Reporter
from zpmaint.evaluate.archive import names_in, read_files
from zpmaint.evaluate.diffs import brought, split, words
from zpmaint.evaluate.histories import History
from zpmaint.evaluate.other_queues import Others, read_other
from zpmaint.evaluate.queues import read_queue
from zpmaint.evaluate.replay import replay
from zpmaint.evaluate.store import FILE, Store
from zpmaint.evaluate.values import QueuedPatch
from zpmaint.sources.source import NotServedError

REVISION = "1"
"""Goes up when the same packages would give another data set."""


@dataclass(frozen=True)
class Queue:
    """A queue, and the upstream tarball that it goes onto."""

    name: str
    """As pairs name it."""
    version: str
    """The upstream version under it."""
    patches: Sequence[QueuedPatch]
    key: str
    """Names all that went in."""
    orig: Path
    orig_sha256: str


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


@dataclass(frozen=True)
class Upstream:
    """A source package's upstream tarball, on the disk."""

    version: str
    orig: Path
    orig_sha256: str


class Shop(Protocol):
    """Where packages come from. Each raises NotServedError where it is not to be had."""

    def package(self, name: str) -> Package:
        """A package, whole."""

    def upstream(self, name: str) -> Upstream:
        """Its upstream tarball alone, which mirrors may have when the rest is gone."""


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
    """Make the data set in `folder` hold these packages' queues; see `build_queues`."""
    build_queues(folder, [_queue(package) for package in packages], reporter)


def build_queues(folder: Path, queues: Sequence[Queue], reporter: Reporter = SILENT) -> None:
    """Make the data set in `folder` hold these queues.

    What it holds already is not made again: a tarball is read once for a set of paths, a queue is
    replayed once. Raises InfraError for an archive that cannot be read.
    """
    with locked(folder, reporter):
        store = Store(folder, create=True)
        try:
            _fill(store, queues, folder / "replay", reporter)
        finally:
            store.close()


def _fill(store: Store, queues: Sequence[Queue], scratch: Path, reporter: Reporter) -> None:
    origs = {queue.orig_sha256: queue for queue in queues}
    paths = {path for queue in queues for path in touched(queue.patches)}
    for sha, one in origs.items():
        if lacking := paths - store.known(sha):
            with reporter.step(f"read {one.orig.name}") as step:
                files, listing = read_files(one.orig, lacking)
                there = sum(data is not None for data in files.values())
                step.note(f"{one.version}: {there} of {len(files)} files are there")
            store.add_upstream(sha, files, listing)
    names = {name for queue in queues for patch in queue.patches for name in brought(patch.text)}
    for sha, one in origs.items():
        if unknown := names - store.known_names(sha):
            with reporter.step(f"look for names in {one.orig.name}") as step:
                # What stands in the files that are kept need not be looked for in the rest.
                kept = store.upstream(sha, paths)
                seen = {n for data in kept.values() if data for n in words(data)} & unknown
                seen |= names_in(one.orig, unknown - seen)
                step.note(f"{one.version}: speaks of {len(seen)} of {len(unknown)} names")
            store.add_names(sha, {name: name in seen for name in unknown})
    for queue in queues:
        if store.package_of(queue.name) == queue.key:
            continue
        with reporter.step(f"replay {queue.name}", "patches") as step:
            upstream = store.upstream(queue.orig_sha256, touched(queue.patches))
            steps = []
            for done in replay(queue.patches, upstream, scratch):
                steps.append(done)
                step.advance(len(steps), len(queue.patches))
                if done.failure:
                    step.note(f"{queue.name}: {done.patch.name}: {done.failure.splitlines()[0]}")
            store.add_queue(queue.name, queue.version, queue.key, queue.orig_sha256, steps)


def touched(queue: Sequence[QueuedPatch]) -> list[str]:
    """Every path that a queue's patches name. Raises InfraError for one that leads elsewhere."""
    named = dict.fromkeys(p for patch in queue for part in split(patch.text) for p in part.paths)
    for path in named:
        if path.startswith("/") or ".." in Path(path).parts:
            raise InfraError(f"a patch names {path!r}, outside of the tree")
    return list(named)


def _queue(package: Package) -> Queue:
    return Queue(
        package.name,
        package.version,
        read_queue(package.queue),
        _hash([REVISION, package.queue_sha256, package.orig_sha256]),
        package.orig,
        package.orig_sha256,
    )


def _hash(words: Sequence[str]) -> str:
    return hashlib.sha256("\n".join(words).encode()).hexdigest()


def prepare_others(
    folder: Path,
    others: Others,
    top: Path | None,
    session: Shop,
    reporter: Reporter = SILENT,
) -> list[tuple[str, str]]:
    """Have the data set in `folder` hold queues of others, as the repositories below `top` have
    them now; returns the pairs that it can be used for. Without `top` what it holds is used.

    A repository, a folder or a package that is not to be had is noted, and its pairs are left out.
    Raises InfraError where nothing is left."""
    if top is not None:
        queues: list[Queue] = []
        with reporter.step("read the queues") as step:
            for row in others.queues.values():
                try:
                    patches, unread = read_other(History(top, row.repository), row)
                    below = session.upstream(row.package)
                except (UserError, NotServedError) as error:
                    step.note(f"{row.name} is left out: {error.what}")
                    continue
                for said in unread:
                    step.note(f"{row.name}: left out: {said}")
                shas = [hashlib.sha256(patch.text).hexdigest() for patch in patches]
                key = _hash(
                    [REVISION, below.orig_sha256, *shas, *(patch.name for patch in patches)]
                )
                queues.append(
                    Queue(
                        row.name,
                        below.version,
                        patches,
                        key,
                        below.orig,
                        below.orig_sha256,
                    )
                )
        build_queues(folder, queues, reporter)
    usable = ready(folder, others.pairs) if (folder / FILE).is_file() else []
    if not usable:
        raise InfraError("no pair of queues can be had", "see the notes above")
    return usable
