# SPDX-License-Identifier: GPL-2.0-only
"""Between records and rows of the table: what stands in columns, what in texts beside it."""

from __future__ import annotations

import hashlib
import json
import sqlite3
import zlib
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

from zpmaint.core.result import Result
from zpmaint.ledger import codec
from zpmaint.ledger.contents import Contents
from zpmaint.ledger.order import Place
from zpmaint.ledger.stages import BuildRecord, PortRecord, RunsRecord, VerdictRecord
from zpmaint.ledger.told import CircumstancesRecord
from zpmaint.ledger.upgrades import FORMAT, upgraded
from zpmaint.ledger.values import Counted, Record, Summary

_GLANCE = (
    "project", "key", "version", "arch", "patchset", "result", "why", "started", "finished",
    "turn", "port_state", "passed", "skipped", "total", "profile",
)  # fmt: skip
TEXTS = ("inputs", "port", "build", "runs", "verdict", "circumstances")
"""The columns that name a text of `content`."""
COLUMNS = ("digest", "format", *_GLANCE, "origin", "number", "port_anchor", "seconds", *TEXTS)
SUMMARIES = f"SELECT {', '.join(_GLANCE)} FROM record"
PLANNED = f"SELECT {', '.join(_GLANCE)}, inputs FROM record"
RECORDS = f"SELECT {', '.join(COLUMNS)} FROM record"
TRIED = (
    "SELECT turn, version, arch, patchset, profile, result, finished, key, why, digest FROM record"
)
DURATIONS = "SELECT version, arch, seconds FROM record"
STATES = (
    "SELECT version, arch, patchset, profile, group_concat(substr(digest, 1, 32) || "
    "CAST(turn * 1000000 AS INTEGER), ' ') FROM record"
)
BY_KERNEL = "GROUP BY version, arch, patchset, profile"
PORTS = "SELECT port, format FROM record"
_MEASURED = ("verdict", "build", "runs", "circumstances", "inputs")
MEASURED = f"SELECT format, {', '.join((*_GLANCE, *_MEASURED))} FROM record"
NEWEST = "ORDER BY turn DESC, id DESC"
ALL = f"{RECORDS} ORDER BY turn, id"
"""Oldest first."""
IS_THERE = "SELECT 1 FROM record WHERE digest = ?"

_PLAIN = (
    "key", "version", "arch", "patchset", "why", "project", "started", "finished", "turn",
    "profile",
)  # fmt: skip
"""The columns that a record has as they are."""
_STAGES: dict[str, type] = {
    "port": PortRecord,
    "build": BuildRecord,
    "runs": RunsRecord,
    "verdict": VerdictRecord,
}


@dataclass(frozen=True)
class Row:
    """A record on its way into the table."""

    columns: dict[str, Any]
    """What is neither a place nor a text."""
    texts: dict[str, str | None]
    """By column of TEXTS."""

    @property
    def digest(self) -> str:
        return str(self.columns["digest"])

    def insert(self, db: sqlite3.Connection, contents: Contents, place: Place) -> None:
        """Into the table, each text against that of the newest record of its kernel and that of
        the newest at all. The row's own columns are filled: an older schema has fewer."""
        texts = tuple(self.texts)
        like: dict[str, list[int]] = {name: [] for name in texts}
        kernel = tuple(self.columns[name] for name in ("version", "arch", "patchset"))
        wanted = f"SELECT {', '.join(texts)} FROM record"
        for found in (
            db.execute(
                f"{wanted} WHERE version = ? AND arch = ? AND patchset = ? {NEWEST} LIMIT 1", kernel
            ).fetchone(),
            db.execute(f"{wanted} ORDER BY id DESC LIMIT 1").fetchone(),
        ):
            for name, number in zip(texts, found or (None,) * len(texts), strict=True):
                if number is not None:
                    like[name].append(number)
        values: dict[str, Any] = self.columns | {
            name: None if text is None else contents.put(text, like[name])
            for name, text in self.texts.items()
        }
        values |= {"origin": place.origin, "number": place.number, "turn": place.turn}
        db.execute(insert_into(tuple(values)), tuple(values.values()))


def insert_into(columns: Sequence[str]) -> str:
    """The statement that puts a row with these columns into the table."""
    return f"INSERT INTO record ({', '.join(columns)}) VALUES ({', '.join('?' * len(columns))})"


def to_row(record: Record) -> Row:
    """The record as it is kept."""
    documents = {name: codec.to_json(getattr(record, name)) for name in (*_STAGES, "seconds")}
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
    # Over the same text as ever, so that a record of an older ledger is known again.
    found = [*columns.values(), dumped(documents)]
    made_so = dumped(codec.to_json(record.circumstances)) if record.circumstances else None
    if record.profile or made_so:
        found += [record.profile, made_so]
    inputs = columns.pop("inputs")
    return Row(
        columns
        | {
            "profile": _text(record.profile),
            "digest": hashlib.sha256(dumped(found).encode()).hexdigest(),
            "seconds": dumped(documents.pop("seconds")),
        },
        {"inputs": inputs, **texts_of(documents), "circumstances": made_so},
    )


def texts_of(documents: dict[str, Any]) -> dict[str, str | None]:
    """By stage its text, None where it was not reached."""
    return {name: dumped(documents[name]) if documents.get(name) else None for name in _STAGES}


def record(row: tuple[Any, ...], contents: Contents) -> Record:
    """The record of a row of RECORDS. Raises ValueError for one that is damaged."""
    try:
        return _record(row, contents)
    except (AttributeError, KeyError, RecursionError, TypeError) as error:
        raise ValueError(f"a record's documents are damaged: {error!r:.200}") from None


def _record(row: tuple[Any, ...], contents: Contents) -> Record:
    found = dict(zip(COLUMNS, row, strict=True))
    texts = {name: contents.text(found[name]) for name in TEXTS if found[name] is not None}
    documents: dict[str, Any] = {name: json.loads(text) for name, text in texts.items()}
    inputs = documents.pop("inputs", {})
    made_so = documents.pop("circumstances", None)
    documents = upgraded(documents | {"seconds": json.loads(found["seconds"])}, found["format"])
    stages: dict[str, Any] = {
        name: codec.from_json(kind, documents[name], name) if documents.get(name) else None
        for name, kind in _STAGES.items()
    }
    stages |= {name: found[name] for name in _PLAIN}
    if made_so is not None:
        stages["circumstances"] = codec.from_json(CircumstancesRecord, made_so, "circumstances")
    return Record(
        result=Result(found["result"]),
        inputs=codec.from_json(dict[str, str], inputs, "inputs"),
        seconds=codec.from_json(dict[str, float], documents.get("seconds") or {}, "seconds"),
        **stages,
    )


def summary(row: tuple[Any, ...]) -> Summary:
    """What a row of SUMMARIES says."""
    found = dict(zip(_GLANCE, row, strict=True))
    counts = [found.pop(name) for name in ("passed", "skipped", "total")]
    found["result"] = Result(found["result"])
    return Summary(**found, counted=None if counts[0] is None else Counted(*counts))


_RESULTS = {str(result): result for result in Result}
Tried = tuple[float, str, str, str, str, Result, float, str, str, str]
"""turn, version, architecture, patch set, profile, result, finished, key, why and digest of one
record: the fields of timeline.Attempt, in their order, and what its content is known by."""


State = tuple[str, str, str, str, str]
"""Version, architecture, patch set and profile of a kernel, and a text of all its records."""


def tried(row: tuple[Any, ...], known: dict[str, str]) -> Tried:
    """What a row of TRIED says. `known` holds the words that come again and again, once. Raises
    ValueError for one that is damaged."""
    turn, version, arch, patchset, profile, word, finished, key, why, digest = row
    if (result := _RESULTS.get(word)) is None:
        raise ValueError(f"a record's result is {word!r:.60}")
    once = known.setdefault
    return (
        turn, once(version, version), once(arch, arch), once(patchset, patchset),
        once(profile, profile), result, finished, once(key, key), once(why, why), digest,
    )  # fmt: skip


def port(row: tuple[Any, ...], contents: Contents) -> PortRecord | None:
    """What a row of PORTS says. Raises ValueError for one that is damaged."""
    number, version = row
    if number is None:
        return None
    document = upgraded({"port": json.loads(contents.text(number))}, version)["port"]
    return codec.from_json(PortRecord, document, "port")


def measured(row: tuple[Any, ...], contents: Contents) -> Record:
    """Of a row of MEASURED what its figures are and what they were taken on: a record without its
    port, cases, consoles and the patched kernel. Raises ValueError for damage."""
    version, *rest = row
    found = dict(zip((*_GLANCE, *_MEASURED), rest, strict=True))

    def read(name: str) -> Any:
        number = found[name]
        return None if number is None else json.loads(contents.text(number))

    try:
        verdict = upgraded({"verdict": read("verdict")}, version)["verdict"] or {}
        few = {"result": verdict.get("result"), "deltas": verdict.get("deltas") or ()}
        stages = {
            "verdict": codec.from_json(VerdictRecord, few, "verdict") if verdict else None,
            "build": _stock(BuildRecord, read("build"), ()),
            "runs": _stock(RunsRecord, read("runs"), ("tail", "complaints", "restarts")),
        }
        if (made_so := read("circumstances")) is not None:
            made_so = codec.from_json(CircumstancesRecord, made_so, "circumstances")
        return Record(
            result=Result(found["result"]),
            inputs=codec.from_json(dict[str, str], read("inputs") or {}, "inputs"),
            circumstances=made_so,
            **stages,
            **{name: found[name] for name in _PLAIN},
        )
    except (AttributeError, KeyError, RecursionError, TypeError) as error:
        raise ValueError(f"a record's documents are damaged: {error!r:.200}") from None


def _stock(kind: type[Any], document: dict[str, Any] | None, without: Sequence[str]) -> Any:
    """A stage with its stock kernel alone, some of its fields left out."""
    if not document:
        return None
    stock = document.get("stock") or {}
    few = {name: value for name, value in stock.items() if name not in without}
    return codec.from_json(kind, {"stock": few or None}, kind.__name__)


def planned(row: tuple[Any, ...], contents: Contents) -> Summary:
    """What a row of PLANNED says: its inputs, too."""
    *glance, number = row
    inputs = {} if number is None else json.loads(contents.text(number))
    read = codec.from_json(dict[str, str], inputs, "inputs")
    return replace(summary(tuple(glance)), inputs=read)


def seconds(text: str | None) -> dict[str, float]:
    """What the column says, {} where it says nothing. Raises ValueError for damage."""
    return codec.from_json(dict[str, float], json.loads(text or "null") or {}, "seconds")


def dumped(document: object) -> str:
    """JSON, the same for the same content."""
    # NaN would be no JSON, and nothing that is measured here may be NaN.
    return json.dumps(document, sort_keys=True, separators=(",", ":"), allow_nan=False)


def deflated(text: str) -> bytes:
    return zlib.compress(text.encode(), 6)


def add_functions(db: sqlite3.Connection) -> None:
    """What the scripts of schema 3 call on the documents of those before."""
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
