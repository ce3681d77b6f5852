# SPDX-License-Identifier: GPL-2.0-only
"""The names of one kernel's tree, from an index in the cache that is made when first asked for."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TypeVar

from zpmaint.core.errors import InfraError
from zpmaint.core.files import landing_file, locked
from zpmaint.core.progress import Reporter, Step
from zpmaint.sources.download import disk_error
from zpmaint.sources.name_index import DamagedError, NameIndex, Words

Files = Callable[[Step], Iterator[tuple[str, bytes]]]
"""Reads all files of the tree, path and contents, telling the step how far it is."""
Got = TypeVar("Got")


class TreeNames:
    """Which names the files of a tree have. Asking takes a fraction of a millisecond; the first
    question to a tree reads all of it, which takes a minute of processor time for a kernel of
    today, and is kept."""

    def __init__(self, place: Path, of: str, files: Files, reporter: Reporter) -> None:
        """`place` has to be named after the tree's contents; `of` names the kernel to people."""
        self._place = place
        self._of = of
        self._files = files
        self._reporter = reporter
        self._lock = threading.Lock()
        self._index: NameIndex | None = None

    @property
    def is_made(self) -> bool:
        """Whether the index is there already."""
        return self._index is not None or self._place.is_file()

    def speaks_of(self, name: str) -> bool:
        """Whether any file has `name` as a whole word."""
        return self._asked(lambda index: index.has(name))

    def speaking_of(self, name: str) -> list[str] | None:
        """The text files that have `name` as a whole word; None where it is everybody's."""
        return self._asked(lambda index: index.files(name))

    def files_called(self, name: str) -> list[str]:
        """The text files whose last part of the path is `name`."""
        return self._asked(lambda index: index.files_called(name))

    def _asked(self, ask: Callable[[NameIndex], Got]) -> Got:
        with self._lock:
            try:
                return ask(self._opened())
            except DamagedError as error:
                self._drop(error)
            try:
                return ask(self._opened())
            except DamagedError as error:
                raise InfraError(
                    f"{self._place}: damaged right after it was written: {error}",
                    "check the disk, and delete the file",
                ) from None

    def _opened(self) -> NameIndex:
        if self._index is None:
            with locked(self._place):
                try:
                    self._index = NameIndex(self._place)
                except FileNotFoundError:
                    self._make()
                    self._index = NameIndex(self._place)
        return self._index

    def _drop(self, error: DamagedError) -> None:
        if self._index is not None:
            self._index.close()
            self._index = None
        with self._reporter.step(f"names of {self._of}") as step:
            step.note(f"{self._place}: damaged ({error}); it is made anew")
        self._place.unlink(missing_ok=True)

    def _make(self) -> None:
        with self._reporter.step(f"index the names of {self._of}", "B") as step:
            words = Words()
            for path, data in self._files(step):
                words.add(path, data)
            try:
                with landing_file(self._place) as out:
                    words.write(out)
            except OSError as error:
                raise disk_error(self._place, error) from None
