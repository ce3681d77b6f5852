# SPDX-License-Identifier: GPL-2.0-only
"""The cases of a data set: patches that stand in an older and in a newer queue.

for case in load(folder):                    # a data set built by `zpmaint evaluate`
    case.patch                               # the older queue's patch, whole, as bytes
    for file in case.files:                  # one per file that it touches
        file.path, file.kind, file.drifted
        file.diff                            # its part of the patch
        file.base, file.target, file.truth   # bytes, or None for no file
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import replace
from pathlib import Path, PurePosixPath

from zpmaint.core.errors import InfraError
from zpmaint.evaluate.diffs import brought, changed, split
from zpmaint.evaluate.pairs import Pair, declared
from zpmaint.evaluate.store import Change, Store, StoredQueue, StoredStep
from zpmaint.evaluate.values import Blob, Case, FileCase, FileDiff, Kind

_NUMBER = re.compile(r"^\d{4}-")


def load(folder: Path, pairs: Iterable[Pair] | None = None) -> Iterator[Case]:
    """The cases of some pairs of queues, by name (("6.1.187-1", "6.12.8-1"), ...); without
    `pairs` of those of pairs.toml that the data set holds.

    Contents are read when they are asked for. Raises InfraError where there is no data set.
    """
    store = Store(folder)
    chosen = [p for p in declared() if store.holds(*p)] if pairs is None else list(pairs)
    if missing := [pair for pair in chosen if not store.holds(*pair)]:
        raise InfraError(
            f"{store.path}: not built for {'..'.join(missing[0])}", "build it: zpmaint evaluate"
        )
    queues: dict[str, StoredQueue] = {}
    for pair in chosen:
        for name in pair:
            if name not in queues:
                queues[name] = store.queue(name)
        yield from cases(queues[pair[0]], queues[pair[1]])


def cases(old: StoredQueue, new: StoredQueue) -> Iterator[Case]:
    """The cases of two queues, in the order of the older one."""
    matched = match([step.name for step in old.steps], [step.name for step in new.steps])
    places = {step.name: n for n, step in enumerate(new.steps)}
    for step in old.steps:
        if step.name not in matched or step.failure:
            continue
        at = places[matched[step.name]]
        if new.steps[at].failure:
            continue
        yield _case(old, new, step, at)


def match(old: Iterable[str], new: Iterable[str]) -> dict[str, str]:
    """Which patch of the newer queue has the name of which of the older.

    The whole name first; then the file's name without folder and git's number, where that is
    unique on both sides: maintainers move patches between folders, and numbers shift.
    """
    olds, news = list(old), list(new)
    there = set(news)
    found = {name: name for name in olds if name in there}
    taken = set(found.values())
    left_old = _unique((n for n in olds if n not in found), _plain)
    left_new = _unique((n for n in news if n not in taken), _plain)
    found |= {name: left_new[key] for key, name in left_old.items() if key in left_new}
    return found


def _plain(name: str) -> str:
    return _NUMBER.sub("", PurePosixPath(name).name)


def _unique(names: Iterable[str], key: Callable[[str], str]) -> dict[str, str]:
    groups: dict[str, list[str]] = {}
    for name in names:
        groups.setdefault(key(name), []).append(name)
    return {plain: group[0] for plain, group in groups.items() if len(group) == 1}


def _case(old: StoredQueue, new: StoredQueue, step: StoredStep, at: int) -> Case:
    theirs = new.steps[at]
    parts = _by_path(split(step.patch.data))
    before = _states(new, at)
    newer = _by_path(split(theirs.patch.data))
    files = tuple(
        replace(
            _file(part, step.changes, theirs.changes, before(part.path)),
            same_lines=path in newer and changed(newer[path]) == changed(part),
        )
        for path, part in parts.items()
    )
    named = {path for part in parts.values() for path in part.paths}
    return Case(
        pair=f"{old.name}..{new.name}",
        old=old.version,
        new=new.version,
        name=step.name,
        new_name=theirs.name,
        patch=step.patch.data,
        new_patch=theirs.patch.data,
        files=files,
        extra=tuple(sorted(set(theirs.changes) - named)),
        exists=_names(old, old.steps.index(step), new, at),
    )


def _by_path(parts: Iterable[FileDiff]) -> Mapping[str, FileDiff]:
    """One diff a file: a patch that holds a file twice has both parts under one name."""
    found: dict[str, FileDiff] = {}
    for part in parts:
        first = found.get(part.path)
        found[part.path] = part if first is None else _both(first, part)
    return found


def _both(first: FileDiff, second: FileDiff) -> FileDiff:
    return FileDiff(
        first.old,
        second.new,
        first.text + second.text,
        first.renames or second.renames,
        first.mode or second.mode,
        first.binary or second.binary,
    )


def _states(queue: StoredQueue, at: int) -> Callable[[str], Blob | None]:
    """What a file is before the patch at place `at`."""

    def state(path: str) -> Blob | None:
        for step in reversed(queue.steps[:at]):
            if path in step.changes:
                return step.changes[path].after
        return queue.upstream[path]

    return state


def _names(
    old: StoredQueue, old_at: int, new: StoredQueue, new_at: int
) -> Callable[[str], bool] | None:
    """Which names the new kernel has before the patch. What the old one did not have either, the
    patch itself brings along."""

    if not (old.names and new.names):
        return None

    def exists(name: str) -> bool:
        return _speaks(new, new_at, name) or not _speaks(old, old_at, name)

    return exists


def _speaks(queue: StoredQueue, at: int, name: str) -> bool:
    """Whether a kernel with its queue up to place `at` speaks of a name."""
    if queue.names.get(name, True):
        return True
    word = name.encode()
    patches = (step.patch.data for step in queue.steps[:at] if not step.failure)
    return any(word in text and name in brought(text) for text in patches)


def _file(
    part: FileDiff,
    ours: Mapping[str, Change],
    theirs: Mapping[str, Change],
    before: Blob | None,
) -> FileCase:
    path = part.path
    change = theirs.get(path)
    return FileCase(
        path=path,
        kind=_kind(part, before),
        diff=part.text,
        base_blob=ours[path].before,
        after_blob=ours[path].after,
        target_blob=before,
        truth_blob=before if change is None else change.after,
        touched=change is not None,
    )


def _kind(part: FileDiff, target: Blob | None) -> Kind:
    if part.binary:
        return Kind.BINARY
    if part.renames:
        return Kind.RENAMED
    if part.old is None:
        return Kind.CREATED
    if part.new is None:
        return Kind.DELETED
    if part.mode:
        return Kind.MODE
    if target is None:
        return Kind.GONE
    return Kind.MODIFIED
