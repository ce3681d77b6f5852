"""The ledger on disk: one SQLite file, written by several processes, read by the status page.

A record is a row that is never changed. Its digest is over its content, so that recording or
merging the same one again changes nothing.
"""

from __future__ import annotations

import hashlib
import json
import sqlite3
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import asdict, fields
from pathlib import Path
from types import TracebackType
from typing import Any

from zpmaint.core.errors import InfraError, UserError
from zpmaint.core.files import locked
from zpmaint.core.result import Result
from zpmaint.ledger import benchmarks
from zpmaint.ledger.benchmarks import BenchRecord
from zpmaint.ledger.values import Record

_APPLICATION = 0x7A706D74  # "zpmt" in the file's header: this SQLite file is a ledger
_BUSY_SECONDS = 60.0
"""How long a writer waits for another; a record takes milliseconds to write."""

_DOCUMENTS = ("port", "build", "runs", "verdict", "seconds")
_COLUMNS = tuple(field.name for field in fields(Record))
_SELECT = f"SELECT {', '.join(_COLUMNS)} FROM record"
_INSERT = (
    f"INSERT INTO record (digest, {', '.join(_COLUMNS)}) "
    f"VALUES ({', '.join('?' * (len(_COLUMNS) + 1))}) "
    "ON CONFLICT (digest) DO NOTHING"
)
_NEWEST = "ORDER BY finished DESC, id DESC"


def _packaged_steps() -> list[str]:
    """The schema's scripts: number N brings a ledger from version N - 1 to N."""
    return [path.read_text() for path in sorted((Path(__file__).parent / "schema").glob("*.sql"))]


class Ledger:
    """What was verified, with which inputs, and what came out. Use it as a context manager.

    Every method may raise InfraError: the file is damaged, the disk is full, or another process
    held it for more than a minute. A record is on the disk when `record` returns.
    """

    def __init__(self, path: Path, *, steps: Sequence[str] | None = None) -> None:
        """Open the ledger, make it if it is not there, and bring an older one up to date.

        `steps` are the schema's scripts, for tests. Raises UserError if `path` is not a ledger or
        a newer zpmaint wrote it; it is left as it was."""
        self.path = path
        # Two processes that make the file, or switch it to WAL, at the same moment fail with
        # "locked" whatever the busy timeout: one at a time.
        with self._explained(), locked(path):
            self._db = sqlite3.connect(path, timeout=_BUSY_SECONDS, isolation_level=None)
            try:
                self._prepare(_packaged_steps() if steps is None else steps)
            except BaseException:
                self._db.close()
                raise

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

    def record(self, record: Record) -> None:
        """Keep a record, whole or not at all; one that is there already is left as it is."""
        row = _row(record)
        with self._explained():
            self._db.execute(_INSERT, row)

    def known(self, key: str) -> Record | None:
        """The newest settled record with these inputs. INFRA settles nothing."""
        return self._first("WHERE key = ? AND result <> ?", key, str(Result.INFRA))

    def latest(self, version: str, arch: str, patchset: str) -> Record | None:
        """The newest record of that kernel, whatever its inputs and result."""
        return self._first(
            "WHERE version = ? AND arch = ? AND patchset = ?", version, arch, patchset
        )

    def all_latest(self) -> list[Record]:
        """The newest record for each kernel, architecture and patch set, newest first."""
        seen: dict[tuple[str, str, str], Record] = {}
        for record in self.history():
            seen.setdefault((record.version, record.arch, record.patchset), record)
        return list(seen.values())

    def history(
        self, version: str | None = None, arch: str | None = None, patchset: str | None = None
    ) -> list[Record]:
        """Every record, or those of one kernel, architecture or patch set; newest first."""
        wanted = {"version": version, "arch": arch, "patchset": patchset}
        given = {name: value for name, value in wanted.items() if value is not None}
        where = " AND ".join(f"{name} = ?" for name in given)
        return self._all(f"WHERE {where}" if where else "", *given.values())

    def keep(self, record: BenchRecord) -> None:
        """Keep a full benchmark as `record` keeps a verification."""
        row = benchmarks.row(record)
        with self._explained():
            self._db.execute(benchmarks.INSERT, row)

    def benchmark(self, key: str) -> BenchRecord | None:
        """The newest full benchmark with these inputs."""
        return next(iter(self._benchmarks("WHERE key = ?", key)), None)

    def benchmarks(self) -> list[BenchRecord]:
        """Every full benchmark, newest first."""
        return self._benchmarks("")

    def merge(self, other: Path) -> int:
        """Take over every record of another ledger, in one transaction; says how many were new.

        Merging again changes nothing. Raises UserError if `other` is missing or no ledger."""
        if not other.is_file():
            raise UserError(f"{other}: no such ledger", "name the file that a verification wrote")
        with Ledger(other) as theirs:
            rows = [_row(record) for record in reversed(theirs.history())]
            measured = [benchmarks.row(record) for record in reversed(theirs.benchmarks())]
        with self._explained(), self._transaction():
            before = self._db.total_changes
            self._db.executemany(_INSERT, rows)
            self._db.executemany(benchmarks.INSERT, measured)
            return self._db.total_changes - before

    def _prepare(self, steps: Sequence[str]) -> None:
        self._check(steps)
        # Readers and one writer at once; a killed writer's unfinished row is never seen.
        self._db.execute("PRAGMA journal_mode = WAL")
        # FULL: a record stands for minutes of work and is written once in minutes, so that it
        # survives a power cut is worth a sync each. NORMAL could lose the last ones.
        self._db.execute("PRAGMA synchronous = FULL")
        if self._version() == len(steps):
            return
        with self._transaction():
            for number, script in enumerate(steps[self._version() :], self._version() + 1):
                for statement in _statements(script):
                    self._db.execute(statement)
                self._db.execute(f"PRAGMA user_version = {number}")
            self._db.execute(f"PRAGMA application_id = {_APPLICATION}")

    def _check(self, steps: Sequence[str]) -> None:
        application = self._db.execute("PRAGMA application_id").fetchone()[0]
        tables = self._db.execute("SELECT count(*) FROM sqlite_schema").fetchone()[0]
        if application != _APPLICATION and (application or tables):
            raise UserError(
                f"{self.path}: an SQLite file of another program, not a ledger",
                "name another file, or move this one away",
            )
        if self._version() > len(steps):
            raise UserError(
                f"{self.path}: written by a newer zpmaint (schema {self._version()}, "
                f"this one knows {len(steps)})",
                "update zpmaint, or set ZPMAINT_HOME to another folder",
            )

    def _version(self) -> int:
        return int(self._db.execute("PRAGMA user_version").fetchone()[0])

    def _first(self, where: str, *values: str) -> Record | None:
        found = self._all(f"{where} {_NEWEST} LIMIT 1", *values, ordered=True)
        return found[0] if found else None

    def _all(self, where: str, *values: str, ordered: bool = False) -> list[Record]:
        with self._explained():
            rows = self._db.execute(
                f"{_SELECT} {where} {'' if ordered else _NEWEST}", values
            ).fetchall()
            return [_record(row) for row in rows]

    def _benchmarks(self, where: str, *values: str) -> list[BenchRecord]:
        with self._explained():
            rows = self._db.execute(f"{benchmarks.SELECT} {where} {_NEWEST}", values).fetchall()
            return [benchmarks.read(row) for row in rows]

    @contextmanager
    def _transaction(self) -> Iterator[None]:
        self._db.execute("BEGIN IMMEDIATE")
        try:
            yield
            self._db.execute("COMMIT")
        except BaseException:
            if self._db.in_transaction:
                self._db.execute("ROLLBACK")
            raise

    @contextmanager
    def _explained(self) -> Iterator[None]:
        """Turn what SQLite says into what to do."""
        try:
            yield
        except (sqlite3.DatabaseError, ValueError) as error:
            busy = getattr(error, "sqlite_errorcode", 0) & 0xFF in (
                sqlite3.SQLITE_BUSY,
                sqlite3.SQLITE_LOCKED,
            )
            damaged = isinstance(error, ValueError) or (
                getattr(error, "sqlite_errorcode", 0) & 0xFF
                in (sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB)
            )
            if damaged:
                hint = f"keep what can be read: sqlite3 {self.path} .recover; then move it away"
            elif busy:
                hint = "another zpmaint holds it; try again when that has ended"
            else:
                hint = "see that the disk has room and the folder can be written"
            raise InfraError(f"ledger {self.path}: {error}", hint) from None
        except OSError as error:
            raise InfraError(
                f"ledger {self.path}: {error.strerror or error}",
                "see that the disk has room and the folder can be written",
            ) from None


def _row(record: Record) -> tuple[Any, ...]:
    content = asdict(record) | {"result": str(record.result)}
    for name, value in content.items():
        if name in _DOCUMENTS and value is not None:
            content[name] = _json(value)
        elif isinstance(value, str):
            # Bytes of a console that are no UTF-8 come as surrogates, which SQLite cannot hold.
            content[name] = value.encode("utf-8", "backslashreplace").decode()
    digest = hashlib.sha256(_json(content).encode()).hexdigest()
    return (digest, *(content[name] for name in _COLUMNS))


def _json(document: object) -> str:
    # NaN would be no JSON, and nothing that is measured here may be NaN.
    return json.dumps(document, sort_keys=True, separators=(",", ":"), allow_nan=False)


def _record(row: tuple[Any, ...]) -> Record:
    content = dict(zip(_COLUMNS, row, strict=True))
    for name in _DOCUMENTS:
        if content[name] is not None:
            content[name] = json.loads(content[name])
    return Record(**(content | {"result": Result(content["result"])}))


def _statements(script: str) -> Iterator[str]:
    """The script's statements one by one: executescript() would commit before it begins."""
    statement = ""
    for line in script.splitlines(keepends=True):
        statement += line
        if sqlite3.complete_statement(statement):
            yield statement
            statement = ""
    if any(s and not s.startswith("--") for s in map(str.strip, statement.splitlines())):
        raise ValueError(f"the schema ends within a statement: {statement.strip()!r}")
