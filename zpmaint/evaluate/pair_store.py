# SPDX-License-Identifier: GPL-2.0-only
"""The data set of stable pairs on the disk: one SQLite file, contents by their hash.

Built from git histories, once; never a part of the project. Pairs land in transactions, so a
killed build leaves those before it whole and the next goes on.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path

from zpmaint.core.errors import InfraError
from zpmaint.evaluate.contents import TABLE, Contents
from zpmaint.evaluate.pair_list import PairRow
from zpmaint.evaluate.values import Blob

FILE = "pairs.sqlite"
_LAYOUT = 1
_SCHEMA = f"""{TABLE}
create table if not exists pair (
  mainline text not null, stable text not null, subject text not null, patch text not null,
  theirs text not null, exact integer not null, named integer not null default 0,
  primary key (mainline, stable)
) without rowid;
create table if not exists file (
  mainline text not null, stable text not null, number integer not null, path text not null,
  offered text not null, base text, after text, target text, truth text,
  primary key (mainline, stable, path)
) without rowid;
create table if not exists name (
  mainline text not null, stable text not null, name text not null, base integer not null,
  target integer not null, primary key (mainline, stable, name)
) without rowid;
"""


@dataclass(frozen=True)
class FileStates:
    """One file of a pair; None for no file."""

    path: str
    base: bytes | None
    after: bytes | None
    """The base with the mainline commit."""
    target: bytes | None
    truth: bytes | None
    """The target with the backport."""
    offered: str = ""
    """Why the target's file may hold what the patch's own held; '' for a file of the patch."""


@dataclass(frozen=True)
class StoredFile:
    """As FileStates, contents read when they are asked for."""

    path: str
    offered: str
    base: Blob | None
    after: Blob | None
    target: Blob | None
    truth: Blob | None


@dataclass(frozen=True)
class StoredPair:
    """A pair as the data set holds it."""

    row: PairRow
    subject: str
    patch: Blob
    """The mainline commit, as git format-patch mails it."""
    theirs: Blob
    """The backport, likewise."""
    exact: bool
    """Whether patch -F0 takes the patch whole: if not, the pair is a hard one."""
    files: tuple[StoredFile, ...]
    names: Mapping[str, tuple[bool, bool]]
    """Whether the base's tree and the target's speak of a name, of those that the patch brings."""


class PairStore:
    """The data set in `folder`; opened by as many readers as like, written by one."""

    def __init__(self, folder: Path, *, create: bool = False) -> None:
        """Raises InfraError where there is none and none is to be created."""
        self.path = folder / FILE
        if create:
            folder.mkdir(parents=True, exist_ok=True)
        elif not self.path.is_file():
            raise InfraError(f"{self.path}: no data set", "build it: zpmaint evaluate --pairs FILE")
        self._db = sqlite3.connect(self.path, timeout=600, check_same_thread=False)
        try:
            (found,) = self._db.execute("pragma user_version").fetchone()
            if found not in (_LAYOUT, 0 if create else _LAYOUT):
                raise InfraError(
                    f"{self.path}: is of layout {found}, not {_LAYOUT}", "delete it and go on"
                )
            if create:
                with self._db:
                    self._db.executescript(_SCHEMA + f"pragma user_version = {_LAYOUT};")
        except sqlite3.DatabaseError as error:
            raise InfraError(f"{self.path}: {error}", "delete it; it is built anew") from error
        self._contents = Contents(self.path, self._db)

    def close(self) -> None:
        self._db.close()

    def lacks(self, rows: Iterable[PairRow], *, names: bool) -> list[PairRow]:
        """The pairs that it does not hold; with `names` those of which it knows no names, too."""
        held = {
            (mainline, stable): named
            for mainline, stable, named in self._db.execute(
                "select mainline, stable, named from pair"
            )
        }
        enough = {key for key, named in held.items() if named or not names}
        return [row for row in rows if (row.mainline, row.stable) not in enough]

    def pair(self, row: PairRow) -> StoredPair:
        """One pair. Raises InfraError where the data set does not hold it."""
        key = [row.mainline, row.stable]
        found = self._db.execute(
            "select subject, patch, theirs, exact from pair where mainline = ? and stable = ?", key
        ).fetchone()
        if found is None:
            raise InfraError(f"{self.path}: no pair {row.mainline}", "build it anew")
        subject, patch, theirs, exact = found
        blob = self._contents.blob
        files = tuple(
            StoredFile(path, offered, *map(blob, states))
            for path, offered, *states in self._db.execute(
                "select path, offered, base, after, target, truth from file"
                " where mainline = ? and stable = ? order by number",
                key,
            )
        )
        names = {
            name: (bool(base), bool(target))
            for name, base, target in self._db.execute(
                "select name, base, target from name where mainline = ? and stable = ?", key
            )
        }
        read = self._contents.read
        return StoredPair(
            row, subject, Blob(patch, read), Blob(theirs, read), bool(exact), files, names
        )

    def add(
        self,
        row: PairRow,
        *,
        subject: str,
        patch: bytes,
        theirs: bytes,
        exact: bool,
        files: Iterable[FileStates],
    ) -> None:
        """Keep a pair."""
        with self._db:
            keep = self._contents.keep
            self._db.execute(
                "insert or replace into pair values (?, ?, ?, ?, ?, ?, 0)",
                [row.mainline, row.stable, subject, keep(patch), keep(theirs), exact],
            )
            self._files(row, files, 0)

    def complete(
        self,
        row: PairRow,
        names: Mapping[str, tuple[bool, bool]],
        offered: Iterable[FileStates],
    ) -> None:
        """Keep what the trees of a pair know of names, and the files that are offered."""
        key = [row.mainline, row.stable]
        with self._db:
            self._db.executemany(
                "insert or replace into name values (?, ?, ?, ?, ?)",
                [(*key, name, *there) for name, there in names.items()],
            )
            (count,) = self._db.execute(
                "select count(*) from file where mainline = ? and stable = ?", key
            ).fetchone()
            self._files(row, offered, count)
            self._db.execute("update pair set named = 1 where mainline = ? and stable = ?", key)

    def _files(self, row: PairRow, files: Iterable[FileStates], first: int) -> None:
        keep = self._contents.keep
        self._db.executemany(
            "insert or replace into file values (?, ?, ?, ?, ?, ?, ?, ?, ?)",
            [
                (
                    *(row.mainline, row.stable, first + n, f.path, f.offered),
                    *map(keep, (f.base, f.after, f.target, f.truth)),
                )
                for n, f in enumerate(files)
            ],
        )
