# SPDX-License-Identifier: GPL-2.0-only
"""Taking another ledger's records over, one at a time: it may be larger than the memory."""

from __future__ import annotations

import sqlite3

from zpmaint.ledger import benchmarks, order, rows
from zpmaint.ledger.contents import Contents
from zpmaint.ledger.order import Kernel, Place

_NOTED = 100_000
"""So many numbers of texts are remembered, theirs and ours."""


def take_over(db: sqlite3.Connection, theirs: sqlite3.Connection, now: float) -> int:
    """Copy what is not here yet, each at its place; how many records and benchmarks were new.
    Within a transaction."""
    texts = _Texts(db, theirs)
    insert = rows.insert_into(rows.COLUMNS)
    pulled = order.pull_back(db, now)
    doubted: set[Kernel] = set()
    new = ahead = 0
    for values in theirs.execute(rows.ALL):
        row = dict(zip(rows.COLUMNS, values, strict=True))
        if db.execute(rows.IS_THERE, (row["digest"],)).fetchone():
            continue
        new += 1
        is_ahead = row["turn"] > now
        ahead += is_ahead
        moment = now + ahead * order.CLOSE  # of several each has its own
        kernel = (row["project"], row["version"], row["arch"], row["patchset"])
        theirs_place = Place(row["origin"], row["number"], row["turn"])
        place = order.taken_in(db, theirs_place, kernel, moment)
        if is_ahead or kernel in pulled:
            doubted.add(kernel)
        row |= {name: texts.ours(row[name]) for name in rows.TEXTS}
        row["turn"] = place.turn
        db.execute(insert, tuple(row[name] for name in rows.COLUMNS))
    order.doubt(db, doubted)
    order.note_newest(db)
    before = db.total_changes
    db.executemany(benchmarks.INSERT, theirs.execute(benchmarks.ALL))
    return new + db.total_changes - before


class _Texts:
    """Numbers of another ledger's texts as ours; what is not here is copied as it is packed."""

    def __init__(self, db: sqlite3.Connection, theirs: sqlite3.Connection) -> None:
        self._ours = Contents(db)
        self._theirs = Contents(theirs)
        self._known: dict[int, int] = {}

    def ours(self, number: int | None) -> int | None:
        """The number here of their text; None stays None. Raises ValueError where it is gone."""
        return None if number is None else self._taken(number)

    def _taken(self, number: int) -> int:
        if (found := self._known.get(number)) is not None:
            return found
        digest, base, body = self._theirs.row(number)
        here = self._ours.find(digest)
        if here is None and base is not None:
            # What is packed against a text stays so: here, too, that text is itself whole.
            root = self._taken(base)
            if self._ours.row(root)[1] is None:
                here = self._ours.insert(digest, root, body)
            else:
                here = self._ours.put(self._theirs.text(number))
        elif here is None:
            here = self._ours.insert(digest, None, body)
        if len(self._known) >= _NOTED:
            self._known.clear()
        self._known[number] = here
        return here
