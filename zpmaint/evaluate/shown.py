# SPDX-License-Identifier: GPL-2.0-only
"""The silent differences laid out for a person to read and to class."""

from __future__ import annotations

import re
from collections.abc import Sequence
from pathlib import Path

from zpmaint.core.errors import UserError
from zpmaint.core.files import landing, locked
from zpmaint.evaluate.cases import load
from zpmaint.evaluate.classes import reading
from zpmaint.evaluate.diffs import split
from zpmaint.evaluate.engine import NAME
from zpmaint.evaluate.values import Result, Verdict

_MARK = ".zpmaint-evaluate"
_UNSAFE = re.compile(r"[^A-Za-z0-9.+~-]+")


def different(results: Sequence[Result]) -> list[Result]:
    """zpmaint's clean ports that are not what the maintainers have."""
    return [r for r in results if r.tool == NAME and r.verdict is Verdict.DIFFERENT]


def check_out(out: Path) -> None:
    """Raise UserError where `out` is there and no earlier run has written it."""
    if out.exists() and not (out / _MARK).is_file():
        raise UserError(f"{out}: is not a folder of this command", "name one that is not there")


def mark(fresh: Path) -> None:
    """Say in a folder who has written it."""
    (fresh / _MARK).write_text("written by zpmaint evaluate --show-different\n")


def write(results: Sequence[Result], data: Path, out: Path) -> int:
    """Write one file for each silent difference under `out`/PAIR; returns how many.

    Each holds the old patch's part, the maintainers', and the diff from theirs to zpmaint's. The
    folder is replaced as a whole. Raises UserError where `out` is something else.
    """
    check_out(out)
    rows = {(row.pair, row.case, row.path): row for row in different(results)}
    pairs = list(dict.fromkeys(tuple(row.pair.split("..")) for row in rows.values()))
    with locked(out), landing(out) as fresh:
        mark(fresh)
        for case in load(data, [(old, new) for old, new in pairs]):
            for file in case.files:
                row = rows.get((case.pair, case.name, file.path))
                if row is None:
                    continue
                name = _UNSAFE.sub("_", f"{case.name}--{file.path}") + ".diff"
                place = fresh / case.pair / name
                place.parent.mkdir(exist_ok=True)
                head = (
                    f"{case.pair}\n{case.name} -> {case.new_name}\n{file.path}\n"
                    f"kind {row.kind}, drift {row.drift}, confidence {row.confidence:.2f}\n"
                    f"{row.how}\nresult {row.result}, {': '.join(filter(None, reading(row)))}\n\n"
                    "=== the old patch\n"
                )
                theirs = b"".join(
                    part.text for part in split(case.new_patch) if part.path == file.path
                )
                place.write_bytes(
                    head.encode("utf-8", "surrogateescape")
                    + file.diff
                    + b"\n=== the maintainers' new patch\n"
                    + theirs
                    + b"\n=== from the maintainers' file to zpmaint's\n"
                    + row.difference.encode("utf-8", "surrogateescape")
                )
    return len(rows)
