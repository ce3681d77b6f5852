# SPDX-License-Identifier: GPL-2.0-only
"""File contents in a data set, each kept once under its hash."""

from __future__ import annotations

import hashlib
import threading
import zlib
from pathlib import Path
from typing import TYPE_CHECKING

from zpmaint.core.errors import InfraError
from zpmaint.evaluate.values import Blob

if TYPE_CHECKING:
    from sqlite3 import Connection

TABLE = """
create table if not exists blob (sha256 text primary key, data blob not null) without rowid;
"""


class Contents:
    """The table of contents of one data set; read by several threads, written by one."""

    def __init__(self, path: Path, db: Connection) -> None:
        self._path, self._db = path, db
        self._lock = threading.Lock()

    def blob(self, sha256: str | None) -> Blob | None:
        """Contents by hash; None for None."""
        return None if sha256 is None else Blob(sha256, self.read)

    def read(self, sha256: str) -> bytes:
        """Raises InfraError where the data set lacks it."""
        with self._lock:
            row = self._db.execute("select data from blob where sha256 = ?", [sha256]).fetchone()
        if row is None:
            raise InfraError(f"{self._path}: lacks {sha256}", "delete it; it is built anew")
        return zlib.decompress(row[0])

    def keep(self, data: bytes | None) -> str | None:
        """The hash under which `data` is kept from now on; None for None."""
        if data is None:
            return None
        sha = hashlib.sha256(data).hexdigest()
        held = self._db.execute("select 1 from blob where sha256 = ?", [sha]).fetchone()
        if held is None:
            self._db.execute("insert into blob values (?, ?)", [sha, zlib.compress(data, 3)])
        return sha
