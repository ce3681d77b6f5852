# SPDX-License-Identifier: GPL-2.0-only
"""The ledger on disk: one SQLite file, written by several processes, read by the status page.

A record is a row that is never changed. Its digest is over its content, so that recording or
merging the same one again changes nothing. A row that a newer zpmaint wrote, in a format that this
one does not know, is left alone: it is not read, `newer` names it, and merging takes it along.
"""

from __future__ import annotations

import os
import sqlite3
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing, suppress
from dataclasses import replace
from pathlib import Path
from types import TracebackType
from typing import TypeVar

from zpmaint.core.errors import InfraError, UserError
from zpmaint.core.progress import SILENT, Reporter
from zpmaint.core.result import Result
from zpmaint.ledger import benchmarks, order, rows
from zpmaint.ledger.benchmarks import BenchRecord
from zpmaint.ledger.contents import Contents
from zpmaint.ledger.database import (
    connected,
    explained,
    has_room,
    is_closed,
    is_sound,
    opened,
    packaged_steps,
    reading,
    transaction,
)
from zpmaint.ledger.merging import take_over
from zpmaint.ledger.scope import Clause, Scope
from zpmaint.ledger.stages import PortRecord
from zpmaint.ledger.upgrades import FORMAT
from zpmaint.ledger.values import Record, Summary

Found = TypeVar("Found")

_SETTLING = tuple(str(result) for result in Result if result.settles)
_IS_SETTLED = f"result IN ({', '.join('?' * len(_SETTLING))})"
_SETTLED = f"key = ? AND {_IS_SETTLED}"
_TRIES = 100
_KERNEL = "version = ? AND arch = ? AND patchset = ?"


class Ledger:
    """What was verified, with which inputs, and what came out. Use it as a context manager.

    Every method may raise InfraError: the file is damaged, the disk is full, or another process
    held it for more than a minute. A record is on the disk when `record` returns. Newest first is
    the order in which records came, not that of a clock; see `record`.
    """

    def __init__(
        self,
        path: Path,
        *,
        scope: Scope | None = None,
        steps: Sequence[str] | None = None,
        reporter: Reporter = SILENT,
        clock: Callable[[], float] = time.time,
    ) -> None:
        """Open the ledger, make it if it is not there, and bring an older one up to date.

        `scope` is the project whose records are seen and written; None sees all. Where the file or
        its folder cannot be written it can be read all the same. For tests: `steps` are the
        schema's scripts, `clock` gives seconds since the epoch. Raises UserError if `path` is not a
        ledger or a newer zpmaint wrote it; it is left as it was."""
        self.path = path
        self._scope = scope
        self._steps = packaged_steps() if steps is None else steps
        self._clock = clock
        self.is_writable = not is_closed(path)
        self._db = opened(path, self._steps, reporter)
        self._contents = Contents(self._db)
        self._port: tuple[tuple[int | None, int], PortRecord | None] | None = None
        self._opened = path.stat()

    def __enter__(self) -> Ledger:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()

    def close(self) -> None:
        """Let go of the file; the last process to do so folds the write-ahead log into it."""
        self._db.close()

    def ready(self) -> None:
        """Raise InfraError unless a record could be kept now: it can be written, the disk has room,
        and the file is whole as far as a second of reading tells. For before work is begun."""
        if not self.is_writable:
            raise InfraError(
                f"ledger {self.path}: can only be read, so nothing could be recorded",
                "let this user write the file and its folder, or set ZPMAINT_HOME elsewhere",
            )
        with explained(self.path):
            is_sound(self._db)
            self._db.execute("BEGIN IMMEDIATE")
            try:
                self._db.execute("UPDATE self SET number = number")
            finally:
                self._db.execute("ROLLBACK")
        has_room(self.path.parent)

    @property
    def newest_turn(self) -> float:
        """Where the order stands: what is recorded from now on has a larger turn."""
        with explained(self.path):
            return order.last_turn(self._db)

    def record(self, record: Record, *, at: float | None = None) -> None:
        """Keep a record, whole or not at all; one that is there already is left as it is.

        It is newer than all that are there, whatever the clock says; see order.py. `at` is for one
        that was found out then and could not be kept: it is placed where it would stand."""
        row = rows.to_row(self._own(record))
        with explained(self.path), transaction(self._db):
            if self._db.execute(rows.IS_THERE, (row.digest,)).fetchone():
                return
            place = order.next_place(self._db, self.path, self._clock(), at)
            row.insert(self._db, self._contents, place)

    def read_back(self, record: Record) -> None:
        """Raise InfraError unless a record that was kept is read from the file by who opens it
        anew: what was damaged or taken away meanwhile is not noticed by who has it open."""
        digest = rows.to_row(self._own(record)).digest
        with explained(self.path), closing(connected(self.path, "mode=rw")) as db:
            # A file that was put in its place is read with the log of the one that was here.
            is_same = os.path.samestat(self.path.stat(), self._opened)
            if not is_same or db.execute(rows.IS_THERE, (digest,)).fetchone() is None:
                raise ValueError(
                    "what was recorded is not in the file: another one is in its place"
                )

    def known(self, key: str) -> Record | None:
        """The newest settled record with these inputs. INFRA and INDETERMINATE settle nothing."""
        return _first(self._records(_SETTLED, key, *_SETTLING, limit=1))

    def latest(self, version: str, arch: str, patchset: str) -> Record | None:
        """The newest record of that kernel, whatever its inputs and result."""
        return _first(self._records(_KERNEL, version, arch, patchset, limit=1))

    def all_latest(self, series: str | None = None) -> list[Record]:
        """The newest record for each kernel, architecture, patch set and profile, newest first.
        `series` ("6.12", or a whole version): its kernels alone."""
        return self._records(*_within(series), latest=True)

    def history(
        self, version: str | None = None, arch: str | None = None, patchset: str | None = None
    ) -> list[Record]:
        """Every record, or those of one kernel, architecture or patch set; newest first."""
        wanted = {"version": version, "arch": arch, "patchset": patchset}
        given = {name: value for name, value in wanted.items() if value is not None}
        return self._records(" AND ".join(f"{name} = ?" for name in given), *given.values())

    def tried(
        self, patchset: str | None = None, versions: Sequence[str] = ()
    ) -> Iterator[rows.Tried]:
        """Every record, newest first, as light as can be: tens of thousands in a moment. With
        `patchset` those of that one, of these versions alone."""
        where = ""
        wanted: tuple[str, ...] = ()
        if patchset is not None:
            where = f"version IN ({', '.join('?' * len(versions))}) AND patchset = ?"
            wanted = (*versions, patchset)
        condition, values = self._condition(where)
        known: dict[str, str] = {}
        with explained(self.path):
            for row in self._db.execute(
                f"{rows.TRIED} WHERE {condition} {rows.NEWEST}", (*values, *wanted)
            ):
                yield rows.tried(row, known)

    def states(self) -> Iterator[rows.State]:
        """Each kernel, and a text that is another one as soon as one of its records comes, goes or
        takes another place."""
        condition, values = self._condition("")
        with explained(self.path):
            for *name, text in self._db.execute(
                f"{rows.STATES} WHERE {condition} {rows.BY_KERNEL}", values
            ):
                version, arch, patchset, profile = name
                # SQLite gives them in any order.
                yield version, arch, patchset, profile, " ".join(sorted(text.split(" ")))

    def at(self, key: str, turn: float) -> Record | None:
        """The record with these inputs at that place in the order; None: it is gone or moved."""
        return _first(self._records("key = ? AND turn = ?", key, turn, limit=1))

    def port_at(self, key: str, turn: float) -> PortRecord | None:
        """The port alone of the record there; None where there is none of either."""
        condition, owner = self._condition("key = ? AND turn = ?")
        with explained(self.path):
            found = self._db.execute(
                f"{rows.PORTS} WHERE {condition} {rows.NEWEST} LIMIT 1", (*owner, key, turn)
            ).fetchone()
            if not found:
                return None
            # Those who ask go through a kernel's attempts, most of which have the same port.
            if self._port is None or self._port[0] != found:
                self._port = (found, rows.port(found, self._contents))
            return self._port[1]

    def tries(self, key: str) -> list[Summary]:
        """Every record with these inputs, newest first, at a glance; the last hundred."""
        return self._summaries("key = ?", key, limit=_TRIES)

    def known_summary(self, key: str) -> Summary | None:
        """As `known`, at a glance, with its inputs."""
        return self._planned(_SETTLED, key, *_SETTLING)

    def latest_summary(
        self, version: str, arch: str, patchset: str, profile: str | None = None
    ) -> Summary | None:
        """As `latest`, at a glance, with its inputs; of one build profile where that is given."""
        if profile is None:
            return self._planned(_KERNEL, version, arch, patchset)
        return self._planned(f"{_KERNEL} AND profile = ?", version, arch, patchset, profile)

    def latest_summaries(self, series: str | None = None) -> list[Summary]:
        """As `all_latest`, at a glance."""
        return self._summaries(*_within(series), latest=True)

    def all_known(self, series: str | None = None) -> list[Record]:
        """Of each kernel what is known: its newest settled record, or its newest where none of them
        settled anything; as `all_latest` otherwise."""
        return self._records(*_within(series), latest=True, settled=True)

    def measured(self, patchsets: Sequence[str]) -> Iterator[Record]:
        """As `all_known`, of these patch sets, with what costs are made of and no more: figures,
        the stock kernel and its machine, circumstances, inputs. One pass over thousands."""
        where = f"patchset IN ({', '.join('?' * len(patchsets))})"
        with explained(self.path):
            found = self._select(
                rows.MEASURED, where, patchsets, latest=True, settled=True, limit=-1
            )
            for row in found:
                yield rows.measured(row, self._contents)

    def known_summaries(self, series: str | None = None) -> list[Summary]:
        """As `all_known`, at a glance."""
        return self._summaries(*_within(series), latest=True, settled=True)

    def summaries(self) -> list[Summary]:
        """As `history`, at a glance."""
        return self._summaries()

    def durations(self, most: int = 400) -> list[tuple[str, str, dict[str, float]]]:
        """Kernel, architecture and `Record.seconds` of the newest `most` records, newest first."""
        condition, owner = self._condition("")
        with explained(self.path):
            found = self._db.execute(
                f"{rows.DURATIONS} WHERE {condition} {rows.NEWEST} LIMIT ?", (*owner, most)
            ).fetchall()
            return [(version, arch, rows.seconds(text)) for version, arch, text in found]

    def newer(self) -> list[str]:
        """The records that a newer zpmaint wrote, which are not read: kernel, architecture, patch
        set and format of each."""
        scope, values = self._scoped("record")
        with explained(self.path):
            found = self._db.execute(
                "SELECT version, arch, patchset, format FROM record "
                f"WHERE format > ? AND {scope} {rows.NEWEST}",
                (FORMAT, *values),
            ).fetchall()
        return [f"{version} {arch} {patchset} (format {n})" for version, arch, patchset, n in found]

    def keep(self, record: BenchRecord) -> None:
        """Keep a full benchmark as `record` keeps a verification."""
        if self._scope and not record.project:
            record = replace(record, project=self._scope.project)
        row = benchmarks.row(record)
        with explained(self.path):
            self._db.execute(benchmarks.INSERT, row)

    def benchmark(self, key: str) -> BenchRecord | None:
        """The newest full benchmark with these inputs."""
        return _first(self._benchmarks("key = ?", key))

    def benchmarks(self) -> list[BenchRecord]:
        """Every full benchmark, newest first."""
        return self._benchmarks("")

    def merge(self, other: Path) -> int:
        """Take over every record of another ledger, in one transaction; says how many were new.

        All projects' are taken, in the order that order.py tells, and those of a newer format as
        they are. Merging again changes nothing. The other one is only read. Raises UserError if it
        is missing or no ledger."""
        if not other.is_file():
            raise UserError(f"{other}: no such ledger", "name the file that a verification wrote")
        with (
            closing(reading(other, self._steps)) as theirs,
            explained(self.path),
            transaction(self._db),
        ):
            new = take_over(self._db, theirs, self._clock())
        with suppress(sqlite3.OperationalError):  # somebody reads: the log is folded in later
            self._db.execute("PRAGMA wal_checkpoint(TRUNCATE)")
        return new

    def _own(self, record: Record) -> Record:
        if self._scope and not record.project:
            return replace(record, project=self._scope.project)
        return record

    def _records(
        self,
        where: str = "",
        *values: str | float,
        latest: bool = False,
        settled: bool = False,
        limit: int = -1,
    ) -> list[Record]:
        with explained(self.path):
            found = self._select(
                rows.RECORDS, where, values, latest=latest, settled=settled, limit=limit
            )
            return [rows.record(row, self._contents) for row in found]

    def _summaries(
        self,
        where: str = "",
        *values: str,
        latest: bool = False,
        settled: bool = False,
        limit: int = -1,
    ) -> list[Summary]:
        with explained(self.path):
            found = self._select(
                rows.SUMMARIES, where, values, latest=latest, settled=settled, limit=limit
            )
            return [rows.summary(row) for row in found]

    def _planned(self, where: str, *values: str) -> Summary | None:
        with explained(self.path):
            found = self._select(rows.PLANNED, where, values, latest=False, limit=1).fetchone()
            return rows.planned(found, self._contents) if found else None

    def _select(
        self,
        select: str,
        where: str,
        values: Sequence[str | float],
        *,
        latest: bool,
        settled: bool = False,
        limit: int,
    ) -> sqlite3.Cursor:
        """Rows of the scope in a format that is known, newest first; `latest`: one a kernel, and
        `settled`: a settled one where there is any."""
        condition, owner = self._condition(where)
        first: tuple[str, ...] = _SETTLING if latest and settled else ()
        if latest:
            by_settled = f"ORDER BY {_IS_SETTLED} DESC,"
            order = rows.NEWEST.replace("ORDER BY", by_settled) if settled else rows.NEWEST
            condition = (
                "id IN (SELECT id FROM (SELECT id, row_number() OVER (PARTITION BY version, arch,"
                f" patchset, profile {order}) AS place FROM record WHERE {condition})"
                " WHERE place = 1)"
            )
        return self._db.execute(
            f"{select} WHERE {condition} {rows.NEWEST} LIMIT {limit}", (*first, *owner, *values)
        )

    def _condition(self, where: str) -> Clause:
        """For the rows of the scope in a format that is known."""
        scope, owner = self._scoped("record")
        parts = (f"format <= {FORMAT}", scope, where)
        return " AND ".join(part for part in parts if part), owner

    def _benchmarks(self, where: str, *values: str) -> list[BenchRecord]:
        scope, owner = self._scoped("benchmark")
        conditions = " AND ".join(part for part in (scope, where) if part)
        with explained(self.path):
            found = self._db.execute(
                f"{benchmarks.SELECT} WHERE {conditions} ORDER BY id DESC",
                (*owner, *values),
            ).fetchall()
            return [benchmarks.read(row) for row in found]

    def _scoped(self, table: str) -> Clause:
        if self._scope is None:
            return "TRUE", ()
        with explained(self.path):
            found = self._db.execute(f"SELECT 1 FROM {table} WHERE project = '' LIMIT 1").fetchone()
        of = self._scope.records if table == "record" else self._scope.benchmarks
        return of(unclaimed=found is not None)


def _within(series: str | None) -> tuple[str, ...]:
    """A condition for the versions of a series, and its values: "6.12" itself, and what goes on
    with a point or a hyphen, which come before a slash as figures do not."""
    return () if series is None else ("version >= ? AND version < ?", series, f"{series}/")


def _first(found: Sequence[Found]) -> Found | None:
    return found[0] if found else None
