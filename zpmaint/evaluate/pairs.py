# SPDX-License-Identifier: GPL-2.0-only
"""Which pairs of Debian's source packages the evaluation is about, as pairs.toml has them."""

from __future__ import annotations

import tomllib
from pathlib import Path

from pydantic import BaseModel, ConfigDict

from zpmaint.core.config import checked
from zpmaint.core.errors import UserError

Pair = tuple[str, str]
"""The older and the newer package, by their versions: ("6.1.187-1", "6.12.107-1")."""


class _Pair(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)
    old: str
    new: str
    why: str


class _Table(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)
    pair: tuple[_Pair, ...]


def declared() -> list[Pair]:
    """The pairs of pairs.toml, by the names of their packages."""
    path = Path(__file__).parent / "pairs.toml"
    table = checked(_Table, tomllib.loads(path.read_text(encoding="utf-8")), path)
    return [(pair.old, pair.new) for pair in table.pair]


def parse_pair(text: str) -> Pair:
    """A pair as it is written, OLD..NEW, by Debian versions. Raises UserError."""
    old, dots, new = text.partition("..")
    if not (old and dots and new and "-" in old and "-" in new) or old == new:
        raise UserError(f"{text!r} is not a pair of packages", "write it as 6.1.187-1..6.12.107-1")
    return old, new
