# SPDX-License-Identifier: GPL-2.0-only
"""A verdict that the ledger could not take stands for minutes of work: it is kept beside it, and
the next run that can write takes it in."""

from __future__ import annotations

import json
import tempfile
import time
from contextlib import suppress
from pathlib import Path
from typing import Any

from zpmaint.core.errors import InfraError
from zpmaint.core.files import write_whole
from zpmaint.core.progress import Reporter
from zpmaint.ledger import codec, rows
from zpmaint.ledger.store import Ledger
from zpmaint.ledger.upgrades import FORMAT, upgraded
from zpmaint.ledger.values import Record

_STAGES = ("port", "build", "runs", "verdict", "seconds")


class NotRecordedError(InfraError):
    """The ledger did not take a record. It says where it is kept; where it could not be kept
    anywhere, whoever catches this has the only copy."""

    def __init__(self, record: Record, error: InfraError, where: Path | None, hint: str) -> None:
        super().__init__(
            f"{record.version} {record.arch}: {record.result}: not recorded: {error.what}", hint
        )
        self.record = record
        self.where = where


def keep(ledger: Ledger, record: Record, folder: Path) -> None:
    """Record it, or keep it in `folder`, or at least among the temporary files. Raises
    NotRecordedError unless it is recorded."""
    try:
        ledger.record(record)
        ledger.read_back(record)
    except InfraError as error:
        raise _beside(record, error, folder) from None


def take_in(ledger: Ledger, folder: Path, reporter: Reporter) -> None:
    """Record what stands in `folder`, each once, with a word; what cannot be stays there."""
    found = sorted(folder.glob("*.json")) if folder.is_dir() else []
    if not found:
        return
    with reporter.step(f"take in what was kept in {folder}") as step:
        for path in found:
            try:
                record, at = _read(path)
                ledger.ready()  # into a damaged one it would be lost
                ledger.record(record, at=at)
                ledger.read_back(record)
                path.unlink(missing_ok=True)
            except (InfraError, OSError, ValueError, KeyError, TypeError, RecursionError) as error:
                step.note(f"{path}: left there: {error}")
            else:
                step.note(f"{record.version} {record.arch}: {record.result}: recorded now")


def _beside(record: Record, error: InfraError, folder: Path) -> NotRecordedError:
    text = json.dumps({"found": time.time(), "record": codec.to_json(record)}) + "\n"
    name = f"{record.version}-{record.arch}-{rows.to_row(record).digest[:16]}.json"
    next_step = error.hint or "see the ledger"
    with suppress(InfraError, OSError):
        write_whole(folder / name, text)
        return NotRecordedError(
            record,
            error,
            folder / name,
            f"{next_step}; it is kept in {folder / name}, and the next run takes it in",
        )
    other = Path(tempfile.gettempdir(), f"zpmaint-unrecorded-{name}")
    with suppress(InfraError, OSError):
        write_whole(other, text)
        return NotRecordedError(
            record, error, other, f"{next_step}; it is kept in {other}: move it into {folder}"
        )
    return NotRecordedError(
        record, error, None, f"{next_step}; it could be kept nowhere but in what is printed here"
    )


def _read(path: Path) -> tuple[Record, float]:
    document: Any = json.loads(path.read_text(encoding="utf-8"))
    made = document.get("record", document) if isinstance(document, dict) else None
    if not isinstance(made, dict):  # bare, as --json prints it, will do
        raise ValueError("it is no record")
    if made["format"] > FORMAT:
        raise ValueError(f"a newer zpmaint wrote it (format {made['format']})")
    stages = upgraded({name: made.get(name) for name in _STAGES}, made["format"])
    return codec.from_json(Record, made | stages | {"format": FORMAT}), float(
        document.get("found", made["finished"])
    )
