# SPDX-License-Identifier: GPL-2.0-only
"""What people found when they read zpmaint's silent differences, as classes.toml has it."""

from __future__ import annotations

import tomllib
from collections.abc import Iterable, Mapping
from enum import StrEnum
from functools import cache
from pathlib import Path

from pydantic import BaseModel, ConfigDict, Field

from zpmaint.core.config import checked
from zpmaint.evaluate.values import Result


class Class(StrEnum):
    """Why a clean port is not what the maintainers have."""

    WRONG = "wrong"
    """It does not do on the new kernel what the patch is for."""
    TASTE = "taste"
    """It does the same: another order, another place that is as good, another spelling."""
    SLIP = "maintainers' slip"
    """Theirs is the one that is not right."""
    REVISED = "revised"
    """Theirs does something else than the old patch, on purpose; zpmaint carried the old one."""
    UNREAD = "not read yet"
    """Nobody has read it, or zpmaint's result is another one since."""


class _Case(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)
    pair: str
    patch: str
    path: str
    result: str = Field(pattern="^[0-9a-f]{12}$")
    found: Class = Field(alias="class")
    why: str


class _Table(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)
    case: tuple[_Case, ...] = ()


Reading = tuple[Class, str]
"""A class, and the reason for it."""


@cache
def declared() -> Mapping[tuple[str, str, str, str], Reading]:
    """Pair, patch, path and result to what was found."""
    path = Path(__file__).parent / "classes.toml"
    table = checked(_Table, tomllib.loads(path.read_text(encoding="utf-8")), path)
    return {(c.pair, c.patch, c.path, c.result): (c.found, c.why) for c in table.case}


def reading(row: Result) -> Reading:
    """What a person found in a silent difference."""
    key = (row.pair, row.case, row.path, row.result)
    return declared().get(key, (Class.UNREAD, ""))


def counted(rows: Iterable[Result]) -> dict[str, dict[Class, int]]:
    """Pair to class to how many."""
    found: dict[str, dict[Class, int]] = {}
    for row in rows:
        counts = found.setdefault(row.pair, dict.fromkeys(Class, 0))
        counts[reading(row)[0]] += 1
    return found
