# SPDX-License-Identifier: GPL-2.0-only
"""Building the data set of stable pairs from git histories: contents first, then what the trees
know of names, and the files that a port may be offered."""

from __future__ import annotations

import re
import tempfile
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path

from zpmaint.core.files import locked
from zpmaint.core.progress import SILENT, Reporter
from zpmaint.core.text import to_text
from zpmaint.evaluate.diffs import brought
from zpmaint.evaluate.histories import Commit, History
from zpmaint.evaluate.offers import Definers, definers, namesakes, offered
from zpmaint.evaluate.pair_list import PairRow
from zpmaint.evaluate.pair_store import FILE, FileStates, PairStore, StoredPair
from zpmaint.evaluate.pair_tools import patched
from zpmaint.evaluate.tree_words import Tree, walk
from zpmaint.port.file_moves import away

Walk = Callable[..., Iterator[tuple[str, Tree]]]
"""`walk` with its processes and its listener chosen."""
_SUBJECT = re.compile(rb"^Subject: (?:\[PATCH\] )?(.*)$", re.MULTILINE)


def prepare_pairs(
    folder: Path,
    rows: Sequence[PairRow],
    top: Path | None,
    *,
    jobs: int | None = None,
    reporter: Reporter = SILENT,
) -> None:
    """Have the data set in `folder` hold these pairs; `top` holds the histories.

    What it holds is not made again. Raises UserError where a history or a commit is not there."""
    with locked(folder, reporter):
        store = PairStore(folder, create=True)
        try:
            lacking = store.lacks(rows, names=True)
            if not lacking:
                return
            assert top is not None
            used = {r for row in lacking for r in (row.mainline_repository, row.stable_repository)}
            histories = {name: History(top, name) for name in sorted(used)}
            for name, history in histories.items():
                history.insist(_commits_of(name, lacking))
            _fill(store, store.lacks(rows, names=False), histories, folder, reporter)
            _complete(store, lacking, histories, partial(walk, jobs=jobs), reporter)
        finally:
            store.close()


def is_whole(folder: Path, rows: Sequence[PairRow]) -> bool:
    """Whether the data set holds all that these pairs need."""
    if not (folder / FILE).is_file():
        return False
    store = PairStore(folder)
    try:
        return not store.lacks(rows, names=True)
    finally:
        store.close()


def _commits_of(repository: str, rows: Iterable[PairRow]) -> list[str]:
    return [
        sha
        for row in rows
        for name, sha in (
            (row.mainline_repository, row.mainline),
            (row.stable_repository, row.stable),
        )
        if name == repository
    ]


def _fill(
    store: PairStore,
    rows: Sequence[PairRow],
    histories: Mapping[str, History],
    scratch: Path,
    reporter: Reporter,
) -> None:
    with reporter.step("read the pairs", "pairs") as step:
        for number, row in enumerate(rows):
            ours, theirs = histories[row.mainline_repository], histories[row.stable_repository]
            patch = ours.patch(row.mainline)
            paths = ours.touched(row.mainline)
            files = list(_states(row, paths, ours, theirs))
            subject = _SUBJECT.search(patch)
            with tempfile.TemporaryDirectory(dir=scratch) as place:
                target = {file.path: file.target for file in files}
                exact = patched(patch, target, Path(place), fuzz=0) is not None
            store.add(
                row,
                subject=to_text(subject[1]) if subject else "",
                patch=patch,
                theirs=theirs.patch(row.stable),
                exact=exact,
                files=files,
            )
            step.advance(number + 1, len(rows))


def _states(
    row: PairRow, paths: Sequence[str], ours: History, theirs: History
) -> Iterator[FileStates]:
    sides = [
        history.read([f"{commit}:{path}" for path in paths])
        for history, commit in (
            (ours, f"{row.mainline}^"),
            (ours, row.mainline),
            (theirs, f"{row.stable}^"),
            (theirs, row.stable),
        )
    ]
    for path, states in zip(paths, zip(*sides, strict=True), strict=True):
        yield FileStates(path, *states)


@dataclass
class _Asked:
    """What is to be found out of a pair, and what was."""

    row: PairRow
    words: frozenset[str]
    away: Mapping[str, tuple[str, ...]]
    """By path of the patch the functions that the target's file has not."""
    lost: tuple[str, ...]
    """The files of the patch that the target has not."""
    base: dict[str, bool] = field(default_factory=dict)
    before: dict[str, Definers] = field(default_factory=dict)
    names_before: dict[str, list[str]] = field(default_factory=dict)
    """By lost file the files of its name in the base."""

    @property
    def names(self) -> set[str]:
        return {*self.words, *(name for names in self.away.values() for name in names)}


def _complete(
    store: PairStore,
    rows: Sequence[PairRow],
    histories: Mapping[str, History],
    walked: Walk,
    reporter: Reporter,
) -> None:
    walked = partial(walked, reporter=reporter)
    with reporter.step("read what the patches speak of", "pairs") as step:
        asked = []
        for row in rows:
            asked.append(_asked(store.pair(row)))
            step.advance(len(asked), len(rows))
    for name in sorted({row.mainline_repository for row in rows}):
        own = [one for one in asked if one.row.mainline_repository == name]
        _look_at_bases(own, histories[name], walked)
    for name in sorted({row.stable_repository for row in rows}):
        own = [one for one in asked if one.row.stable_repository == name]
        _look_at_targets(store, own, histories[name], histories, walked)


def _asked(pair: StoredPair) -> _Asked:
    base = {file.path: file.base.data if file.base else None for file in pair.files}
    target = {file.path: file.target.data if file.target else None for file in pair.files}
    patch = pair.patch.data
    gone = {} if pair.exact else away(to_text(patch), base, target)
    lost = tuple(p for p, data in base.items() if data is not None and target[p] is None)
    return _Asked(pair.row, frozenset(brought(patch)), gone, lost)


def _look_at_bases(asked: Sequence[_Asked], history: History, walked: Walk) -> None:
    """What the release before each pair's base knows: a base stands among thousands of commits
    between two releases, whose trees are not walked one by one."""
    commits = history.commits([one.row.mainline for one in asked])
    before = release_before(commits)
    by_release: dict[str, list[_Asked]] = {}
    for one in asked:
        by_release.setdefault(before[one.row.mainline], []).append(one)
    names = sorted({name for one in asked for name in one.names})
    trees = [commit.sha for commit in commits if commit.sha in by_release]
    for sha, tree in walked(history, trees, names):
        for one in by_release[sha]:
            one.base.update((word, tree.speaks(word)) for word in one.words)
            for path, functions in one.away.items():
                one.before[path] = definers(history, tree, path, functions)
            for path in one.lost:
                one.names_before[path] = _called(tree, path)


def _look_at_targets(
    store: PairStore,
    asked: Sequence[_Asked],
    history: History,
    histories: Mapping[str, History],
    walked: Walk,
) -> None:
    """What each target itself knows: the commits of a stable series differ little."""
    of = {one.row.stable: one for one in asked}
    commits = history.commits(list(of))
    parents = {c.sha: c.parents[0] for c in commits if c.sha in of and c.parents}
    several: dict[str, list[_Asked]] = {}
    for one in asked:
        several.setdefault(parents[one.row.stable], []).append(one)
    names = sorted({name for one in asked for name in one.names})
    trees = [commit.sha for commit in commits if commit.sha in several]
    for sha, tree in walked(history, trees, names):
        for one in several[sha]:
            there = {w: (one.base.get(w, False), tree.speaks(w)) for w in one.words}
            files = _offers(one, history, tree, histories[one.row.mainline_repository])
            store.complete(one.row, there, files)


def _offers(one: _Asked, theirs: History, tree: Tree, ours: History) -> list[FileStates]:
    found: dict[str, str] = {}
    for path in one.lost:
        found |= namesakes(path, one.names_before.get(path, ()), _called(tree, path))
    for path, functions in one.away.items():
        now = definers(theirs, tree, path, functions)
        found = offered(path, one.before.get(path, {}), now) | found
    files = _states(one.row, list(found), ours, theirs) if found else ()
    return [
        FileStates(f.path, f.base, f.after, f.target, f.truth, found[f.path])
        for f in files
        if f.target is not None
    ]


def _called(tree: Tree, path: str) -> list[str]:
    """The files of a tree that are called as `path` is."""
    end = "/" + path.rpartition("/")[2]
    return [one for one in tree.files if f"/{one}".endswith(end)]


def release_before(commits: Iterable[Commit]) -> dict[str, str]:
    """For every commit the newest release among its ancestors, or the first commit there is."""
    found: dict[str, str] = {}
    order: dict[str, int] = {}
    for number, commit in enumerate(commits):
        order[commit.sha] = number
        known = [found[parent] for parent in commit.parents if parent in found]
        best = max(known, key=order.__getitem__, default=commit.sha)
        found[commit.sha] = commit.sha if commit.release else best
    return found
