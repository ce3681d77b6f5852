# SPDX-License-Identifier: GPL-2.0-only
"""Where each changed line of a port is in the linked kernel."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from enum import StrEnum
from typing import Any


class Kind(StrEnum):
    """Which lines a hunk is known by."""

    ADDED = "added"
    """Those that it adds."""
    BESIDE = "beside"
    """It only takes lines away: those next to them in the same function."""
    NONE = "none"
    """It has no line that is an instruction."""


@dataclass(frozen=True)
class Spot:
    """An instruction that a line begins with, and what leads to it without a jump.

    Whoever begins to run anywhere in [first, at] runs the instruction at `at`: no jump, call or
    return stands before it."""

    first: int
    at: int


@dataclass(frozen=True)
class LineAt:
    """One line of the built file."""

    number: int
    """Counted from 1."""
    spots: tuple[Spot, ...]
    """Every place that it is at: a function that was inlined has more than one."""


@dataclass(frozen=True)
class HunkAt:
    header: str
    kind: Kind
    lines: tuple[LineAt, ...]
    silent: int = 0
    """Lines of code among them that are no instruction of their own: a declaration, what the
    compiler has made one with another line or left out."""


@dataclass(frozen=True)
class FileAt:
    path: str
    hunks: tuple[HunkAt, ...]
    patch: str = ""
    why: str = ""
    """Why the lines of some object are not known; '' where all are."""


@dataclass(frozen=True)
class Places:
    """The changed lines of a port in one patched kernel."""

    files: tuple[FileAt, ...]

    @property
    def spots(self) -> tuple[Spot, ...]:
        """Every spot once, in order."""
        return tuple(
            sorted(
                {s for f in self.files for h in f.hunks for line in h.lines for s in line.spots},
                key=lambda spot: (spot.at, spot.first),
            )
        )

    def as_json(self) -> dict[str, Any]:
        """JSON's own types; `from_json` reads it."""
        return asdict(self)


def from_json(value: Mapping[str, Any]) -> Places:
    """The Places that `as_json` wrote. Raises KeyError, TypeError or ValueError for anything
    else."""
    return Places(
        tuple(
            FileAt(file["path"], tuple(map(_hunk, file["hunks"])), file["patch"], file["why"])
            for file in value["files"]
        )
    )


def _hunk(row: Mapping[str, Any]) -> HunkAt:
    lines = (
        LineAt(line["number"], tuple(Spot(s["first"], s["at"]) for s in line["spots"]))
        for line in row["lines"]
    )
    return HunkAt(row["header"], Kind(row["kind"]), tuple(lines), row["silent"])
