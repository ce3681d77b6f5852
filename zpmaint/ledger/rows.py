# SPDX-License-Identifier: GPL-2.0-only
"""Between records and rows of the table: what stands in columns, what in the deflated document."""

from __future__ import annotations

import hashlib
import json
import sqlite3
import zlib
from typing import Any

from zpmaint.core.result import Result
from zpmaint.ledger import codec
from zpmaint.ledger.stages import BuildRecord, PortRecord, RunsRecord, VerdictRecord
from zpmaint.ledger.upgrades import FORMAT, upgraded
from zpmaint.ledger.values import Counted, Record, Summary

_GLANCE = (
    "project", "key", "inputs", "version", "arch", "patchset", "result", "why", "started",
    "finished", "turn", "port_state", "passed", "skipped", "total",
)  # fmt: skip
COLUMNS = ("format", *_GLANCE, "port_anchor", "document")
SUMMARIES = f"SELECT {', '.join(_GLANCE)} FROM record"
RECORDS = f"SELECT {', '.join(COLUMNS)} FROM record"
NEWEST = "ORDER BY turn DESC, id DESC"

# A record is newer than all of its kernel that were there before, whatever the clock said; beyond
# that the clock orders, so that the records of several machines may be merged.
_TURN = (
    "max(?, coalesce((SELECT max(turn) FROM record"
    " WHERE version = ? AND arch = ? AND patchset = ?), 0) + 0.001)"
)
_MARKS = ", ".join(_TURN if name == "turn" else "?" for name in COLUMNS)
INSERT = (
    f"INSERT INTO record (digest, {', '.join(COLUMNS)}) VALUES (?, {_MARKS}) "
    "ON CONFLICT (digest) DO NOTHING"
)
COPY = (
    f"INSERT INTO record (digest, {', '.join(COLUMNS)}) "
    f"VALUES ({', '.join('?' * (len(COLUMNS) + 1))}) ON CONFLICT (digest) DO NOTHING"
)
ALL = f"SELECT digest, {', '.join(COLUMNS)} FROM record ORDER BY turn, id"
"""The rows as COPY takes them, oldest first."""

_STAGES: dict[str, type] = {
    "port": PortRecord,
    "build": BuildRecord,
    "runs": RunsRecord,
    "verdict": VerdictRecord,
}


def to_row(record: Record) -> tuple[Any, ...]:
    """What INSERT takes."""
    documents = {name: codec.to_json(getattr(record, name)) for name in (*_STAGES, "seconds")}
    text = dumped(documents)
    counted = Counted.of(record.verdict) if record.verdict else None
    port = record.port
    columns: dict[str, Any] = {
        "format": FORMAT,
        "project": _text(record.project),
        "key": _text(record.key),
        "inputs": dumped(record.inputs),
        "version": _text(record.version),
        "arch": _text(record.arch),
        "patchset": _text(record.patchset),
        "result": str(record.result),
        "why": _text(record.why),
        "started": record.started,
        "finished": record.finished,
        "port_state": _text(port.state) if port else None,
        "port_anchor": _text(port.anchor) if port else None,
        "passed": counted.passed if counted else None,
        "skipped": counted.skipped if counted else None,
        "total": counted.total if counted else None,
    }
    digest = hashlib.sha256(dumped([*columns.values(), text]).encode()).hexdigest()
    kernel = (columns["version"], columns["arch"], columns["patchset"])
    row: list[Any] = [digest]
    for name in COLUMNS:
        if name == "turn":
            row += [record.finished, *kernel]
        elif name == "document":
            row.append(deflated(text))
        else:
            row.append(columns[name])
    return tuple(row)


def record(row: tuple[Any, ...]) -> Record:
    """The record of a row of RECORDS. Raises ValueError for one that is damaged."""
    found = dict(zip(COLUMNS, row, strict=True))
    try:
        text = zlib.decompress(found["document"]).decode()
    except zlib.error as error:
        raise ValueError(f"a record's documents are damaged: {error}") from None
    documents = upgraded(json.loads(text), found["format"])
    stages: dict[str, Any] = {
        name: codec.from_json(kind, documents[name], name) if documents.get(name) else None
        for name, kind in _STAGES.items()
    }
    plain = ("key", "version", "arch", "patchset", "why", "project", "started", "finished", "turn")
    stages |= {name: found[name] for name in plain}
    return Record(
        result=Result(found["result"]),
        inputs=codec.from_json(dict[str, str], json.loads(found["inputs"]), "inputs"),
        seconds=codec.from_json(dict[str, float], documents.get("seconds") or {}, "seconds"),
        **stages,
    )


def summary(row: tuple[Any, ...]) -> Summary:
    """What a row of SUMMARIES says."""
    found = dict(zip(_GLANCE, row, strict=True))
    counts = [found.pop(name) for name in ("passed", "skipped", "total")]
    found["result"] = Result(found["result"])
    found["inputs"] = codec.from_json(dict[str, str], json.loads(found["inputs"]), "inputs")
    return Summary(**found, counted=None if counts[0] is None else Counted(*counts))


def dumped(document: object) -> str:
    """JSON, the same for the same content."""
    # NaN would be no JSON, and nothing that is measured here may be NaN.
    return json.dumps(document, sort_keys=True, separators=(",", ":"), allow_nan=False)


def deflated(text: str) -> bytes:
    return zlib.compress(text.encode(), 6)


def add_functions(db: sqlite3.Connection) -> None:
    """What the schema's scripts call on the documents of older versions."""
    db.create_function("field", 2, _field, deterministic=True)
    db.create_function("marks", 2, _count, deterministic=True)
    db.create_function("documents", 5, _packed, deterministic=True)


def _text(value: str) -> str:
    # Bytes of a console that are no UTF-8 come as surrogates, which SQLite cannot hold.
    return value.encode("utf-8", "backslashreplace").decode()


def _packed(*texts: str | None) -> bytes:
    # Not parsed: one document that is damaged is told when it is read, and stops no upgrade.
    names = ("port", "build", "runs", "verdict", "seconds")
    parts = (f'"{name}":{text or "null"}' for name, text in zip(names, texts, strict=True))
    return deflated("{" + ",".join(parts) + "}")


def _parsed(text: str | None) -> dict[str, Any] | None:
    try:
        found = json.loads(text or "null")
    except ValueError:
        return None
    return found if isinstance(found, dict) else None


def _field(text: str | None, name: str) -> str | None:
    found = (_parsed(text) or {}).get(name)
    return _text(found) if isinstance(found, str) else None


def _count(text: str | None, mark: str) -> int | None:
    found = _parsed(text)
    if found is None:
        return None
    marks = [
        result.get("mark")
        for case in found.get("cases") or []
        for name in ("stock", "patched")
        if (result := case.get(name))
    ]
    return marks.count(mark) if mark else len(marks)
