# SPDX-License-Identifier: GPL-2.0-only
"""Lists of stable pairs: a commit of mainline and its backport in a stable series, one a row."""

from __future__ import annotations

import csv
import io
import re
from dataclasses import dataclass
from pathlib import Path

from zpmaint.core.errors import UserError, cause

COLUMNS = (
    "set",
    "mainline_repository",
    "mainline_commit",
    "stable_repository",
    "stable_commit",
)
_REPOSITORY = re.compile(r"[\w.-]+/[\w.-]+")
_COMMIT = re.compile(r"[0-9a-f]{40}")


@dataclass(frozen=True)
class PairRow:
    """One pair. Its base is the parent of the mainline commit, its target that of the backport."""

    set: str
    """The stable series: 2.6.32."""
    mainline_repository: str
    """OWNER/NAME."""
    mainline: str
    stable_repository: str
    stable: str


def read_list(place: Path) -> list[PairRow]:
    """The rows of a CSV file with the columns COLUMNS. Raises UserError: file, line, what is wrong.

    A pair that is there twice is taken once."""
    try:
        text = place.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise UserError(
            f"{place}: {cause(error)}", "name a CSV file of pairs with --pairs"
        ) from None
    reader = csv.DictReader(io.StringIO(text))
    if missing := [name for name in COLUMNS if name not in (reader.fieldnames or ())]:
        raise UserError(
            f"{place}: no column {missing[0]}", f"its first line is to be {','.join(COLUMNS)}"
        )
    rows = []
    for record in reader:
        where = f"{place}: line {reader.line_num}"
        fields = [record[name] or "" for name in COLUMNS]
        for name, field in zip(COLUMNS, fields, strict=True):
            form = {"repository": _REPOSITORY, "commit": _COMMIT}.get(name.rpartition("_")[2])
            if not field or (form and not form.fullmatch(field)):
                want = {_REPOSITORY: "OWNER/NAME", _COMMIT: "40 hex digits"}.get(
                    form or _COMMIT, ""
                )
                raise UserError(f"{where}: {name} is {field!r}", f"write it as {want}")
        rows.append(PairRow(*fields))
    if not rows:
        raise UserError(f"{place}: holds no pair")
    return list(dict.fromkeys(rows))
