# SPDX-License-Identifier: GPL-2.0-only
"""What a step of the schema takes beyond SQL."""

from __future__ import annotations

import json
import sqlite3
import zlib
from collections.abc import Callable
from typing import Any

from zpmaint.ledger import order, rows
from zpmaint.ledger.contents import Contents
from zpmaint.ledger.order import Place

_SAME = (
    "digest", "format", "project", "key", "version", "arch", "patchset", "result", "why",
    "started", "finished", "port_state", "port_anchor", "passed", "skipped", "total",
)  # fmt: skip


def _split(db: sqlite3.Connection) -> None:
    """To 4: each record's one document becomes texts that are shared."""
    contents = Contents(db)
    found = db.execute(
        f"SELECT {', '.join(_SAME)}, inputs, document, turn FROM record_3 ORDER BY id"
    )
    for *same, inputs, document, turn in found:
        seconds, texts = _parted(document)
        columns = dict(zip(_SAME, same, strict=True)) | {"seconds": seconds}
        row = rows.Row(columns, {"inputs": inputs, **texts})
        row.insert(db, contents, Place("", 0, turn))
    db.execute("DROP TABLE record_3")
    order.note_newest(db)


def _parted(document: bytes) -> tuple[str, dict[str, str | None]]:
    """Seconds and texts. One that is damaged is told when it is read, and stops no upgrade."""
    text = "(damaged)"
    try:
        text = zlib.decompress(document).decode()
        documents: dict[str, Any] = json.loads(text)
        return rows.dumped(documents.get("seconds") or {}), rows.texts_of(documents)
    except (zlib.error, ValueError):
        return "{}", {"port": None, "build": None, "runs": None, "verdict": text}


_BY_NAME = ("full", "debug")
"""The build profiles that no tree gets unasked, as they were when a record did not say it."""


def _show_profiles(db: sqlite3.Connection) -> None:
    """To 5: what was built with a profile that is had by name alone was asked for by it."""
    contents = Contents(db)
    for (number,) in db.execute("SELECT DISTINCT build FROM record WHERE build NOTNULL").fetchall():
        try:
            build: Any = json.loads(contents.text(number))
            profile = (build.get("stock") or {}).get("profile")
        except (ValueError, AttributeError):  # told when it is read, and stops no upgrade
            continue
        if profile in _BY_NAME:
            db.execute("UPDATE record SET profile = ? WHERE build = ?", (profile, number))


MOVES: dict[int, Callable[[sqlite3.Connection], None]] = {4: _split, 5: _show_profiles}
"""By number of the step, after its script."""
