# SPDX-License-Identifier: GPL-2.0-only
"""Which of some names the trees of a history have, and where: one pass over what distinct files
the trees hold, however many trees there are.

A name is a whole word, as the index of names of a kernel has it (zpmaint/sources/name_index.py).
"""

from __future__ import annotations

import os
from array import array
from collections.abc import Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from functools import partial
from itertools import chain

from zpmaint.core.progress import SILENT, Reporter
from zpmaint.evaluate.histories import Change, History

_OF_A_WORD = b"0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ_abcdefghijklmnopqrstuvwxyz"
_BLANKED = bytes(byte if byte in _OF_A_WORD else 32 for byte in range(256))
_CHUNK = 2000
"""Files that a process scans at a time."""

_wanted: dict[bytes, int] = {}  # of a scanning process


class Tree:
    """One tree of the history, as it is walked along."""

    def __init__(self, words: dict[str, array[int]], ids: dict[str, int]) -> None:
        self._words, self._ids = words, ids
        self._counts = [0] * len(ids)
        self.files: dict[str, str] = {}
        """Path to blob."""

    def speaks(self, name: str) -> bool:
        """Whether any file has `name`, which is one of those asked for."""
        return self._counts[self._ids[name]] > 0

    def speaking(self, name: str) -> list[str]:
        """The files that have `name`, by path."""
        wanted = self._ids[name]
        if not self._counts[wanted]:
            return []
        return [path for path, blob in self.files.items() if wanted in self._words[blob]]

    def take(self, changes: Sequence[Change]) -> None:
        """Become the next tree."""
        for change in changes:
            if change.old:
                self._count(change.old, -1)
                self.files.pop(change.path, None)
            if change.new:
                self._count(change.new, 1)
                self.files[change.path] = change.new

    def _count(self, blob: str, by: int) -> None:
        for number in self._words[blob]:
            self._counts[number] += by


def walk(
    history: History,
    trees: Sequence[str],
    names: Sequence[str],
    *,
    jobs: int | None = None,
    reporter: Reporter = SILENT,
) -> Iterator[tuple[str, Tree]]:
    """Each of `trees` (commits of the history), in their order, as a Tree that holds until the
    next is asked for; neighbours are best alike."""
    ids = {name: number for number, name in enumerate(dict.fromkeys(names))}
    steps: list[list[Change]] = []
    for number, tree in enumerate(trees):
        if number:
            steps.append(history.changes(trees[number - 1], tree))
        else:
            files = history.files(tree)
            steps.append([Change(path, "", blob) for path, blob in files.items()])
    blobs = list(dict.fromkeys(change.new for step in steps for change in step if change.new))
    words = _scanned(history, blobs, ids, jobs or os.cpu_count() or 1, reporter)
    now = Tree(words, ids)
    for tree, changes in zip(trees, steps, strict=True):
        now.take(changes)
        yield tree, now


def _scanned(
    history: History,
    blobs: Sequence[str],
    ids: dict[str, int],
    jobs: int,
    reporter: Reporter,
) -> dict[str, array[int]]:
    chunks = [blobs[n : n + _CHUNK] for n in range(0, len(blobs), _CHUNK)]
    wanted = {name.encode(): number for name, number in ids.items()}
    found: list[list[array[int]]] = []
    with (
        reporter.step(f"look for names in {history.name}", "files") as step,
        ProcessPoolExecutor(jobs, initializer=_take, initargs=(wanted,)) as pool,
    ):
        for part in pool.map(partial(_scan, history), chunks):
            found.append(part)
            step.advance(sum(map(len, found)), len(blobs))
    return dict(zip(blobs, chain.from_iterable(found), strict=True))


def _take(wanted: dict[bytes, int]) -> None:
    _wanted.clear()
    _wanted.update(wanted)


def _scan(history: History, blobs: Sequence[str]) -> list[array[int]]:
    known = _wanted.keys()
    return [
        array(
            "I", (_wanted[word] for word in known & set((data or b"").translate(_BLANKED).split()))
        )
        for data in history.read(blobs)
    ]
