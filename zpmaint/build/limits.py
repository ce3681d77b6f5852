# SPDX-License-Identifier: GPL-2.0-only
"""What a build may use of the machine: limits.toml, and the user's word on it."""

from __future__ import annotations

import functools
import os
import tomllib
from pathlib import Path
from typing import Any

from zpmaint.cell.cgroup import memory_at_most
from zpmaint.cell.values import Limits
from zpmaint.core.errors import UserError

NAME = "ZPMAINT_BUILD_LIMITS"
"""The environment's word: "memory=4G processes=500 seconds=7200 file=2G disk=500M", any of these;
0 for no limit."""
_UNITS = {"K": 1 << 10, "M": 1 << 20, "G": 1 << 30, "T": 1 << 40}


def limits() -> Limits:
    """The limits of one make. Raises UserError for a ZPMAINT_BUILD_LIMITS that says nothing."""
    return _limits(os.environ.get(NAME, ""))


@functools.cache
def _limits(asked: str) -> Limits:
    table: dict[str, Any] = tomllib.loads(Path(__file__).with_name("limits.toml").read_text())
    values = {name: _size(str(row.get("most", 0))) for name, row in table.items()}
    values["memory"] = memory_at_most() * table["memory"]["share"]
    for word in asked.split():
        name, _, value = word.partition("=")
        try:
            if name not in values:
                raise ValueError
            values[name] = _size(value)
        except ValueError:
            raise UserError(
                f"{NAME}: {word!r} says no limit",
                f"NAME=NUMBER, with K, M, G or T; names: {', '.join(values)}",
            ) from None
    return Limits(
        memory=int(values["memory"]) or None,
        processes=int(values["processes"]) or None,
        seconds=values["seconds"] or None,
        file_size=int(values["file"]) or None,
        disk_free=int(values["disk"]) or None,
    )


def _size(text: str) -> float:
    unit = _UNITS.get(text[-1:].upper(), 1)
    number = float(text[:-1] if unit > 1 else text)
    if not 0 <= number < 1e15:
        raise ValueError(text)
    return number * unit
