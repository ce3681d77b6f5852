# SPDX-License-Identifier: GPL-2.0-only
"""The texts of the records: each is kept once, most as what differs from one that is like it."""

from __future__ import annotations

import hashlib
import sqlite3
from collections.abc import Iterable

from zpmaint.ledger.packing import packed, unpacked

_WORTH = 0.7
"""A text is kept against another one where that takes less than this share of the room."""
_KEPT = 4 << 20  # bytes of texts that others were deflated against, held ready


class Contents:
    """The table `content` of one ledger."""

    def __init__(self, db: sqlite3.Connection) -> None:
        self._db = db
        self._bases: dict[int, bytes] = {}

    def put(self, text: str, like: Iterable[int] = ()) -> int:
        """Keep a text, if it is not there; its number. `like`: texts that may resemble it."""
        data = text.encode()
        digest = _digest(data)
        if (found := self.find(digest)) is not None:
            return found
        best, base = packed(data), None
        worth = _WORTH * len(best)
        for root in dict.fromkeys(self._root(number) for number in like):
            body = packed(data, self._base(root))
            if len(body) < min(worth, len(best)):
                best, base = body, root
        return self.insert(digest, base, best)

    def text(self, number: int) -> str:
        """The text of a number. Raises ValueError where it is damaged or gone."""
        digest, base, body = self.row(number)
        data = unpacked(body, self._base(base) if base is not None else b"")
        if _digest(data) != digest:
            raise ValueError("a document is damaged: its digest is another")
        return data.decode()

    def find(self, digest: bytes) -> int | None:
        """The number of the text with this digest."""
        row = self._db.execute("SELECT id FROM content WHERE digest = ?", (digest,)).fetchone()
        return None if row is None else int(row[0])

    def row(self, number: int) -> tuple[bytes, int | None, bytes]:
        """Digest, base and body of a text."""
        row = self._db.execute(
            "SELECT digest, base, body FROM content WHERE id = ?", (number,)
        ).fetchone()
        if row is None:
            raise ValueError("a document is gone")
        digest, base, body = row
        return digest, base, body

    def insert(self, digest: bytes, base: int | None, body: bytes) -> int:
        """A text as it was packed; its number."""
        done = self._db.execute(
            "INSERT INTO content (digest, base, body) VALUES (?, ?, ?)", (digest, base, body)
        )
        assert done.lastrowid is not None
        return done.lastrowid

    def _root(self, number: int) -> int:
        base = self.row(number)[1]
        return number if base is None else base

    def _base(self, number: int) -> bytes:
        if number not in self._bases:
            if sum(map(len, self._bases.values())) > _KEPT:
                self._bases.clear()
            self._bases[number] = unpacked(self.row(number)[2])
        return self._bases[number]


def _digest(data: bytes) -> bytes:
    return hashlib.sha256(data).digest()[:16]
