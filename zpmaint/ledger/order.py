# SPDX-License-Identifier: GPL-2.0-only
"""Which record is newer: the one that was kept later, whatever a clock said.

A ledger has an origin, a random word, and numbers the records that are kept in it first. A record
has a turn besides, by which all are ordered: the clock's time when it was kept, but later than all
that were there. So within a ledger the order is that of keeping, and the turns of one origin's
records of a kernel rise with its numbers everywhere.

Between ledgers that are merged there is nothing but the clocks, and they are believed as far as
they can be true. No record is newer than the moment it was taken in: a later turn becomes that
moment. And a time that was not true decides nothing in a kernel's favour: where it stands between a
good record of one ledger and a failure of another, the failure is the newer one.

A copy of a ledger's file is another ledger and takes an origin of its own when it is written first.
"""

from __future__ import annotations

import secrets
import socket
import sqlite3
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from zpmaint.core.result import Result

STEP = 1e-3
"""Seconds between two records that the clock does not tell apart."""
CLOSE = 1e-6
"""Seconds between two that stand at one moment."""

Kernel = tuple[str, str, str, str]
"""Project, version, architecture and patch set."""


@dataclass(frozen=True)
class Place:
    """Where a record stands."""

    origin: str
    number: int
    turn: float


def last_turn(db: sqlite3.Connection) -> float:
    """The newest record's turn."""
    row = db.execute("SELECT turn FROM self").fetchone()
    return float(row[0]) if row else 0.0


def next_place(db: sqlite3.Connection, path: Path, now: float, at: float | None = None) -> Place:
    """The place of a record that is kept now; within a transaction. With `at` it is older than now:
    it was found out then and could not be kept."""
    row = db.execute("SELECT origin, identity, number, turn FROM self").fetchone()
    origin, identity, number, last = row or ("", "", 0, 0.0)
    if at is not None:  # not in the order of the numbers, so without one
        turn = min(at, max(now, last))
        _write(db, origin, identity, number, max(last, turn))
        return Place("", 0, turn)
    if identity != (mine := _identity(path)):
        origin, identity, number = secrets.token_hex(8), mine, 0
    number += 1
    turn = max(now, last + STEP)
    _write(db, origin, identity, number, turn)
    return Place(origin, number, turn)


def taken_in(db: sqlite3.Connection, place: Place, kernel: Kernel, now: float) -> Place:
    """The place here of another ledger's record."""
    later = db.execute(
        f"SELECT min(turn) FROM record WHERE {_OF_KERNEL} "
        "AND origin = ? AND number > ? AND origin <> ''",
        (*kernel, place.origin, place.number),
    ).fetchone()[0]
    limit = now if later is None else min(now, later - CLOSE)
    return Place(place.origin, place.number, min(place.turn, limit))


def pull_back(db: sqlite3.Connection, now: float) -> set[Kernel]:
    """Bring turns of a clock that was ahead back to now, their order kept; whose they are."""
    if last_turn(db) <= now:
        return set()
    found = db.execute(
        "SELECT id, project, version, arch, patchset FROM record WHERE turn > ? "
        "ORDER BY turn DESC, id DESC",
        (now,),
    ).fetchall()
    for place, (number, *_) in enumerate(found):
        db.execute("UPDATE record SET turn = ? WHERE id = ?", (now - place * CLOSE, number))
    db.execute("UPDATE self SET turn = ?", (now,))
    return {(project, version, arch, patchset) for _, project, version, arch, patchset in found}


def doubt(db: sqlite3.Connection, kernels: Iterable[Kernel]) -> None:
    """Of these kernels, whose records' times were not true, let a failure be the newest."""
    for kernel in kernels:
        found = db.execute(
            f"SELECT id, origin, turn, result FROM record WHERE {_OF_KERNEL} "
            "ORDER BY turn DESC, id DESC",
            kernel,
        ).fetchall()
        settled: dict[str, Result] = {}
        for _, origin, _, word in found:
            if word in _SETTLED:
                settled.setdefault(origin, Result(word))
        bad = next((origin for origin, result in settled.items() if not result.is_good), None)
        if bad is None or not next(iter(settled.values())).is_good:
            continue
        # With what that ledger kept after it, so that its order holds.
        at = next(n for n, row in enumerate(found) if row[1] == bad and row[3] in _SETTLED)
        moved = [number for number, origin, _, _ in reversed(found[: at + 1]) if origin == bad]
        for place, number in enumerate(moved, 1):
            turn = found[0][2] + place * CLOSE
            db.execute("UPDATE record SET turn = ? WHERE id = ?", (turn, number))


def note_newest(db: sqlite3.Connection) -> None:
    """Remember the newest record's turn after a merge."""
    row = db.execute("SELECT origin, identity, number, turn FROM self").fetchone()
    origin, identity, number, last = row or ("", "", 0, 0.0)
    newest = db.execute("SELECT max(turn) FROM record").fetchone()[0]
    _write(db, origin, identity, number, max(last, newest or 0.0))


_OF_KERNEL = "project = ? AND version = ? AND arch = ? AND patchset = ?"
_SETTLED = frozenset(str(result) for result in Result if result.settles)


def _write(db: sqlite3.Connection, origin: str, identity: str, number: int, turn: float) -> None:
    db.execute("DELETE FROM self")
    db.execute("INSERT INTO self VALUES (?, ?, ?, ?)", (origin, identity, number, turn))


def _identity(path: Path) -> str:
    found = path.stat()
    return f"{socket.gethostname()}:{path.resolve()}:{found.st_ino}"
