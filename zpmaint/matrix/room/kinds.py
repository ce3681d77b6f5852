# SPDX-License-Identifier: GPL-2.0-only
"""The rows of kinds.toml, typed."""

from __future__ import annotations

import functools
import re
import tomllib
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path


class Standing(StrEnum):
    """What the kernel of a thing is to the project."""

    DUE = "due"
    BASE = "base"
    TRACKED = "tracked"
    OTHER = "other"
    NONE = "none"
    """It belongs to no one kernel."""


@dataclass(frozen=True)
class Kind:
    """A kind of thing in the cache."""

    name: str
    of: tuple[str, ...]
    """Globs below the cache."""
    called: re.Pattern[str]
    """What a name of it says."""
    seconds: float
    per_gb: float
    stage: str
    """Of whose experience the seconds are; empty: of none."""
    share: float
    is_freed: bool
    why: str

    def version(self, name: str) -> str | None:
        """The kernel that a name says, "" for none; None: it is no name of this kind."""
        found = self.called.fullmatch(name)
        if found is None:
            return None
        said = found.groupdict()
        return said.get("version") or said.get("version_too") or ""


@dataclass(frozen=True)
class Chance:
    """How likely a thing of such a kernel is wanted."""

    chance: float
    halves: float
    """Days; 0: it does not become less likely."""
    why: str

    def after(self, days: float) -> float:
        """Of what was used so many days ago."""
        return self.chance * 0.5 ** (max(days, 0.0) / self.halves) if self.halves else self.chance


@dataclass(frozen=True)
class Rows:
    """All of them."""

    kinds: tuple[Kind, ...]
    chances: dict[Standing, Chance]


@functools.cache
def declared() -> Rows:
    """The package's rows."""
    table = tomllib.loads((Path(__file__).parent / "kinds.toml").read_text(encoding="utf-8"))
    return Rows(
        tuple(
            Kind(
                name=row["name"],
                of=tuple(row["of"]),
                called=re.compile(row["called"]),
                seconds=row["seconds"],
                per_gb=row.get("per_gb", 0.0),
                stage=row.get("learned", {}).get("stage", ""),
                share=row.get("learned", {}).get("share", 0.0),
                is_freed=row.get("freed", True),
                why=row["why"],
            )
            for row in table["kind"]
        ),
        {
            Standing(row["kernel"]): Chance(row["chance"], row["halves"], row["why"])
            for row in table["chance"]
        },
    )
