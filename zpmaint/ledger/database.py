# SPDX-License-Identifier: GPL-2.0-only
"""The ledger's SQLite file: opened, brought up to date, and its errors explained."""

from __future__ import annotations

import os
import shutil
import sqlite3
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from urllib.parse import quote

from zpmaint.core.disk import writing
from zpmaint.core.errors import InfraError, UserError
from zpmaint.core.files import locked
from zpmaint.core.progress import SILENT, Reporter
from zpmaint.ledger.moves import MOVES
from zpmaint.ledger.rows import add_functions

_WRITABLE = (
    "see that the disk has room and the folder can be written, or set ZPMAINT_HOME elsewhere"
)

_APPLICATION = 0x7A706D74  # "zpmt" in the file's header: this SQLite file is a ledger
_BUSY_SECONDS = 60.0
"""How long a writer waits for another; a record takes milliseconds to write."""
_LOG_BYTES = 16 << 20
_CHECK_SECONDS = 1.0
_ROOM = 1 << 20  # bytes; a record takes less, the log and its index a little more


def packaged_steps() -> list[str]:
    """The schema's scripts: number N brings a ledger from version N - 1 to N."""
    return [path.read_text() for path in sorted((Path(__file__).parent / "schema").glob("*.sql"))]


def opened(path: Path, steps: Sequence[str], reporter: Reporter = SILENT) -> sqlite3.Connection:
    """The ledger at `path`, made if it is not there, at the newest schema.

    Where the file or its folder cannot be written it is opened for reading, and one of an older
    schema is upgraded in a copy. Raises UserError if it is no ledger or a newer zpmaint wrote it,
    what `explained` says otherwise."""
    with explained(path):
        if is_closed(path):
            return _read_only(path, steps)
        # Two processes that make the file, or switch it to WAL, at the same moment fail with
        # "locked" whatever the busy timeout: one at a time.
        with locked(path, reporter):
            db = sqlite3.connect(path, timeout=_BUSY_SECONDS, isolation_level=None)
            with _closed_on_error(db):
                _check(db, path, steps)
                # Readers and one writer at once; a killed writer's unfinished row is never seen.
                db.execute("PRAGMA journal_mode = WAL")
                # FULL: a record stands for minutes of work and is written once in minutes, so that
                # it survives a power cut is worth a sync each. NORMAL could lose the last ones.
                db.execute("PRAGMA synchronous = FULL")
                # A merge makes the log as long as what it took; it need not stay so.
                db.execute(f"PRAGMA journal_size_limit = {_LOG_BYTES}")
                _upgrade(db, steps)
            return db


def reading(path: Path, steps: Sequence[str]) -> sqlite3.Connection:
    """The ledger at `path` for reading, at the newest schema; the file is left as it is: an older
    one is upgraded in a copy that nobody else sees."""
    with explained(path):
        return _read_only(path, steps)


def is_sound(db: sqlite3.Connection) -> None:
    """Raise DatabaseError if the file is found to be damaged within a second or so."""
    until = time.monotonic() + _CHECK_SECONDS
    db.set_progress_handler(lambda: time.monotonic() > until, 10_000)
    try:
        said = db.execute("PRAGMA quick_check(1)").fetchone()[0]
    except sqlite3.OperationalError as error:
        if error.sqlite_errorcode != sqlite3.SQLITE_INTERRUPT:
            raise
        return  # so much of it is whole
    finally:
        db.set_progress_handler(None, 0)
    if said != "ok":
        raise ValueError(" ".join(said.split()))


def has_room(folder: Path) -> None:
    """Raise DiskError unless as much as a record takes can be written to `folder`."""
    with writing(folder), tempfile.NamedTemporaryFile(dir=folder, prefix=".probe.") as probe:
        probe.write(os.urandom(_ROOM))
        probe.flush()
        os.fsync(probe.fileno())


@contextmanager
def transaction(db: sqlite3.Connection) -> Iterator[None]:
    """All that is written in the block, or nothing."""
    db.execute("BEGIN IMMEDIATE")
    try:
        yield
        db.execute("COMMIT")
    except BaseException:
        if db.in_transaction:
            db.execute("ROLLBACK")
        raise


@contextmanager
def explained(path: Path) -> Iterator[None]:
    """Turn what SQLite and the disk say into what to do."""
    try:
        yield
    except (sqlite3.DatabaseError, ValueError) as error:
        code = getattr(error, "sqlite_errorcode", 0) & 0xFF
        hint = _WRITABLE
        if isinstance(error, ValueError) or code in (sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB):
            hint = f"keep what can be read: sqlite3 {path} .recover; then move it away"
        elif code in (sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED):
            hint = "another zpmaint holds it; try again when that has ended"
        raise InfraError(f"ledger {path}: {error}", hint) from None
    except OSError as error:
        raise InfraError(
            f"ledger {path}: {error.strerror or error}",
            _WRITABLE,
        ) from None


def is_closed(path: Path) -> bool:
    """Whether there is a ledger that cannot be written: SQLite writes beside the file, too."""
    return path.is_file() and not (os.access(path, os.W_OK) and os.access(path.parent, os.W_OK))


def _read_only(path: Path, steps: Sequence[str]) -> sqlite3.Connection:
    db = _connect_for_reading(path)
    with _closed_on_error(db):
        _check(db, path, steps)
        if _version(db) == len(steps):
            return db
        db = _own_copy(db)
        _upgrade(db, steps)
        db.execute("PRAGMA query_only = ON")
        return db


def _connect_for_reading(path: Path) -> sqlite3.Connection:
    # A log of writes that were not folded in has to be read with the file. Where there is none,
    # `immutable` lets SQLite do without the files that it would make beside it.
    log = path.with_name(f"{path.name}-wal")
    if not (log.is_file() and log.stat().st_size):
        return connected(path, "mode=ro&immutable=1")
    db = connected(path, "mode=ro")
    try:
        db.execute("PRAGMA user_version").fetchone()
    except sqlite3.OperationalError:
        # The log wants an index beside it that nobody may write there now.
        db.close()
        return _beside_its_log(path, log)
    return db


def _beside_its_log(path: Path, log: Path) -> sqlite3.Connection:
    with tempfile.TemporaryDirectory(prefix="zpmaint-ledger-") as folder:
        there = Path(folder, path.name)
        shutil.copyfile(path, there)
        shutil.copyfile(log, there.with_name(log.name))
        return _own_copy(connected(there, "mode=rw"))


def connected(path: Path, how: str) -> sqlite3.Connection:
    """The file as it is, opened as SQLite's words for it say; it is not made."""
    uri = f"file:{quote(str(path.resolve()))}?{how}"
    return sqlite3.connect(uri, uri=True, timeout=_BUSY_SECONDS, isolation_level=None)


def _own_copy(db: sqlite3.Connection) -> sqlite3.Connection:
    """A copy that ends with its connection, on the disk: a ledger may be larger than memory."""
    copy = sqlite3.connect("", isolation_level=None)
    with _closed_on_error(copy):
        db.backup(copy)
    db.close()
    return copy


@contextmanager
def _closed_on_error(db: sqlite3.Connection) -> Iterator[None]:
    try:
        yield
    except BaseException:
        db.close()
        raise


def _upgrade(db: sqlite3.Connection, steps: Sequence[str]) -> None:
    if _version(db) == len(steps):
        return
    add_functions(db)
    with transaction(db):
        for number, script in enumerate(steps[_version(db) :], _version(db) + 1):
            for statement in _statements(script):
                db.execute(statement)
            if move := MOVES.get(number):
                move(db)
            db.execute(f"PRAGMA user_version = {number}")
        db.execute(f"PRAGMA application_id = {_APPLICATION}")


def _check(db: sqlite3.Connection, path: Path, steps: Sequence[str]) -> None:
    application = db.execute("PRAGMA application_id").fetchone()[0]
    tables = db.execute("SELECT count(*) FROM sqlite_schema").fetchone()[0]
    if application != _APPLICATION and (application or tables):
        raise UserError(
            f"{path}: an SQLite file of another program, not a ledger",
            "name another file, or move this one away",
        )
    if _version(db) > len(steps):
        raise UserError(
            f"{path}: written by a newer zpmaint (schema {_version(db)}, "
            f"this one knows {len(steps)})",
            "update zpmaint, or set ZPMAINT_HOME to another folder",
        )


def _version(db: sqlite3.Connection) -> int:
    return int(db.execute("PRAGMA user_version").fetchone()[0])


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
