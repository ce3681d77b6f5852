# SPDX-License-Identifier: GPL-2.0-only
"""docs/reference-files.md: files, folders and variables of the environment (places.toml)."""

from __future__ import annotations

import tomllib
from collections.abc import Iterator
from itertools import groupby
from pathlib import Path
from typing import Any

from zpmaint.cli.manual.table import MADE, table

_LEADS = {
    "A project": "A folder with `kernels.toml`: the current one, or one above it, or what "
    "`--project` or `ZPMAINT_PROJECT` names. `zpmaint init` makes one.",
    "Written on demand": "Where the command says; here as the examples have it.",
    "The state": "What was found out: `~/.local/state/zpmaint`, or `ZPMAINT_HOME/state`.",
    "The cache": "May be deleted at any time, and costs only time: `~/.cache/zpmaint`, or "
    "`ZPMAINT_HOME/cache` ([cache.md](cache.md)).",
}


def places() -> dict[str, list[dict[str, Any]]]:
    """The rows of places.toml: "file", "variable"."""
    return tomllib.loads((Path(__file__).parent / "places.toml").read_text("utf-8"))


def files_page() -> str:
    """The whole text."""
    return "\n".join(_lines()) + "\n"


def _lines() -> Iterator[str]:
    rows = places()
    yield from ("# Files and variables", "", MADE)
    for where, found in groupby(rows["file"], lambda row: str(row["where"])):
        yield from ("", f"## {where}", "", _LEADS[where], "")
        yield from table(("", ""), [(f"`{row['path']}`", row["about"]) for row in found])
    yield from ("", "## Variables of the environment", "")
    yield from table(("", ""), [(f"`{row['name']}`", row["about"]) for row in rows["variable"]])
