# SPDX-License-Identifier: GPL-2.0-only
"""The data set on the disk: one SQLite file of replayed queues, contents by their hash.

Built from source packages, once; never a part of the project. A queue lands in one transaction,
so a killed run leaves the queues before it whole and the next run goes on.
"""

from __future__ import annotations

import sqlite3
import zlib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from zpmaint.core.errors import InfraError
from zpmaint.evaluate.contents import TABLE, Contents
from zpmaint.evaluate.replay import Step
from zpmaint.evaluate.values import Blob, QueuedPatch

FILE = "queues.sqlite"
_SCHEMA = f"""{TABLE}create table if not exists queue (
  name text primary key, version text not null, package text not null, orig text not null
) without rowid;
create table if not exists upstream (
  orig text not null, path text not null, sha256 text, primary key (orig, path)
) without rowid;
create table if not exists listing (orig text primary key, paths blob not null) without rowid;
create table if not exists name (
  orig text not null, name text not null, there integer not null, primary key (orig, name)
) without rowid;
create table if not exists step (
  queue text not null, number integer not null, name text not null, patch text not null,
  failure text not null, primary key (queue, number)
) without rowid;
create table if not exists change (
  queue text not null, number integer not null, path text not null, before text, after text,
  primary key (queue, number, path)
) without rowid;
"""
_LAYOUT = 1


@dataclass(frozen=True)
class Change:
    """What one patch of a queue made of one file."""

    before: Blob | None
    after: Blob | None


@dataclass(frozen=True)
class StoredStep:
    """One patch of a queue, as it was applied."""

    name: str
    patch: Blob
    failure: str
    changes: Mapping[str, Change]


@dataclass(frozen=True)
class StoredQueue:
    """A queue, replayed."""

    name: str
    """The package's version: 6.1.187-1."""
    version: str
    """The upstream version under it: 6.1.187."""
    steps: tuple[StoredStep, ...]
    upstream: Mapping[str, Blob | None]
    """The upstream kernel's files by path: every path that a queue of the data set names."""
    names: Mapping[str, bool]
    """Whether the upstream kernel speaks of a name, for those that a queue's patches bring."""


class Store:
    """The data set in `folder`; opened by as many readers as like, written by one."""

    def __init__(self, folder: Path, *, create: bool = False) -> None:
        """Raises InfraError where there is none and none is to be created."""
        self.path = folder / FILE
        if create:
            folder.mkdir(parents=True, exist_ok=True)
        elif not self.path.is_file():
            raise InfraError(f"{self.path}: no data set", "build it: zpmaint evaluate")
        try:
            self._db = sqlite3.connect(self.path, timeout=600, check_same_thread=False)
            self._layout(create)
        except sqlite3.DatabaseError as error:
            raise InfraError(f"{self.path}: {error}", "delete it; it is built anew") from error
        self._contents = Contents(self.path, self._db)

    def close(self) -> None:
        self._db.close()

    def _layout(self, create: bool) -> None:
        (found,) = self._db.execute("pragma user_version").fetchone()
        if found not in (0, _LAYOUT) or (found == 0 and not create):
            raise InfraError(
                f"{self.path}: is of layout {found}, not {_LAYOUT}", "delete it; it is built anew"
            )
        if create:
            with self._db:
                self._db.executescript(_SCHEMA + f"pragma user_version = {_LAYOUT};")

    # Reading

    def queues(self) -> list[str]:
        """The names of the queues it holds."""
        return [name for (name,) in self._db.execute("select name from queue order by name")]

    def holds(self, old: str, new: str) -> bool:
        """Whether it has both queues, and of the newer's kernel every file that the older names."""
        if not {old, new} <= set(self.queues()):
            return False
        row = self._db.execute(
            "select 1 from change where queue = ? and path not in"
            " (select path from upstream where orig = (select orig from queue where name = ?))",
            [old, new],
        ).fetchone()
        return row is None

    def queue(self, name: str) -> StoredQueue:
        """One queue. Raises InfraError where the data set does not hold it."""
        row = self._db.execute("select version, orig from queue where name = ?", [name]).fetchone()
        if row is None:
            raise InfraError(f"{self.path}: no queue {name}", "build it: zpmaint evaluate")
        version, orig = row
        blob = self._contents.blob
        changes: dict[int, dict[str, Change]] = {}
        for number, path, before, after in self._db.execute(
            "select number, path, before, after from change where queue = ?", [name]
        ):
            changes.setdefault(number, {})[path] = Change(blob(before), blob(after))
        steps = tuple(
            StoredStep(title, Blob(patch, self._contents.read), failure, changes.get(number, {}))
            for number, title, patch, failure in self._db.execute(
                "select number, name, patch, failure from step where queue = ? order by number",
                [name],
            )
        )
        upstream = {
            path: blob(sha)
            for path, sha in self._db.execute(
                "select path, sha256 from upstream where orig = ?", [orig]
            )
        }
        names = {
            word: bool(there)
            for word, there in self._db.execute(
                "select name, there from name where orig = ?", [orig]
            )
        }
        return StoredQueue(name, version, steps, upstream, names)

    # Writing

    def known(self, orig: str) -> set[str]:
        """The paths whose upstream state in an archive is known."""
        rows = self._db.execute("select path from upstream where orig = ?", [orig])
        return {path for (path,) in rows}

    def known_names(self, orig: str) -> set[str]:
        """The names of which it is known whether an archive speaks of them."""
        rows = self._db.execute("select name from name where orig = ?", [orig])
        return {name for (name,) in rows}

    def add_names(self, orig: str, names: Mapping[str, bool]) -> None:
        """Keep which names an archive speaks of."""
        with self._db:
            self._db.executemany(
                "insert or replace into name values (?, ?, ?)",
                [(orig, name, there) for name, there in names.items()],
            )

    def package_of(self, queue: str) -> str | None:
        """The hash of the package that a stored queue was read from."""
        row = self._db.execute("select package from queue where name = ?", [queue]).fetchone()
        return None if row is None else str(row[0])

    def upstream(self, orig: str, paths: Iterable[str]) -> dict[str, bytes | None]:
        """The upstream contents of known paths."""
        found: dict[str, bytes | None] = {}
        for path in paths:
            (sha,) = self._db.execute(
                "select sha256 from upstream where orig = ? and path = ?", [orig, path]
            ).fetchone()
            found[path] = None if sha is None else self._contents.read(sha)
        return found

    def add_upstream(
        self, orig: str, files: Mapping[str, bytes | None], listing: Sequence[str]
    ) -> None:
        """Keep what one pass over an archive found."""
        with self._db:
            self._db.execute(
                "insert or replace into listing values (?, ?)",
                [orig, zlib.compress("\n".join(listing).encode("utf-8", "surrogateescape"))],
            )
            self._db.executemany(
                "insert or replace into upstream values (?, ?, ?)",
                [(orig, path, self._contents.keep(data)) for path, data in files.items()],
            )

    def add_queue(
        self, name: str, version: str, package: str, orig: str, steps: Iterable[Step]
    ) -> None:
        """Keep a replayed queue in place of an earlier one of its name."""
        keep = self._contents.keep
        with self._db:
            for table in ("change", "step"):
                self._db.execute(f"delete from {table} where queue = ?", [name])
            for number, step in enumerate(steps):
                self._db.execute(
                    "insert into step values (?, ?, ?, ?, ?)",
                    [name, number, *self._patch(step.patch), step.failure],
                )
                self._db.executemany(
                    "insert into change values (?, ?, ?, ?, ?)",
                    [
                        (name, number, path, keep(before), keep(after))
                        for path, (before, after) in step.changes.items()
                    ],
                )
            self._db.execute(
                "insert or replace into queue values (?, ?, ?, ?)", [name, version, package, orig]
            )

    def _patch(self, patch: QueuedPatch) -> tuple[str, str | None]:
        return patch.name, self._contents.keep(patch.text)
