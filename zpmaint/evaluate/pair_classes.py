# SPDX-License-Identifier: GPL-2.0-only
"""What people found when they read silent differences on stable pairs: pair_classes.toml."""

from __future__ import annotations

import tomllib
from collections.abc import Iterable, Mapping
from functools import cache
from pathlib import Path

from pydantic import BaseModel, ConfigDict, Field

from zpmaint.core.config import checked
from zpmaint.evaluate.classes import Class, Reading
from zpmaint.evaluate.pair_values import Adaptation, PairResult
from zpmaint.evaluate.values import Verdict

_PLACE = Path(__file__).parent / "pair_classes.toml"


class _Case(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)
    mainline: str = Field(pattern="^[0-9a-f]{12}$")
    stable: str = Field(pattern="^[0-9a-f]{12}$")
    result: str = Field(pattern="^[0-9a-f]{12}$")
    found: Class = Field(alias="class")
    why: str


class _Table(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)
    case: tuple[_Case, ...] = ()


Readings = Mapping[tuple[str, str, str], Reading]


@cache
def declared(place: Path = _PLACE) -> Readings:
    """The commits by twelve digits and the result to what was found."""
    table = checked(_Table, tomllib.loads(place.read_text(encoding="utf-8")), place)
    return {(c.mainline, c.stable, c.result): (c.found, c.why) for c in table.case}


def reading(row: PairResult, known: Readings | None = None) -> Reading:
    """What a person found in a silent difference; without `known` as pair_classes.toml has it.

    Where nothing drifted none has to look: the patch has one result on its own base."""
    known = declared() if known is None else known
    key = (row.mainline[:12], row.stable[:12], row.result)
    if key not in known and row.adaptation is Adaptation.NONE:
        return Class.REVISED, "the target has the very files of the base: theirs is another patch"
    return known.get(key, (Class.UNREAD, ""))


def counted(rows: Iterable[PairResult]) -> dict[str, dict[Class, int]]:
    """By set how many of zpmaint's silent differences are of each class."""
    found: dict[str, dict[Class, int]] = {}
    for row in rows:
        if row.verdict is Verdict.DIFFERENT and row.result:
            counts = found.setdefault(row.set, dict.fromkeys(Class, 0))
            counts[reading(row)[0]] += 1
    return found
