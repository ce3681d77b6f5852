# SPDX-License-Identifier: GPL-2.0-only
"""generated-mutants.toml: where else a patch set wants bugs made, and which of them are none."""

from __future__ import annotations

from collections.abc import Sequence, Set
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field, StringConstraints, field_validator

from zpmaint.core.config import checked
from zpmaint.core.eras import Era
from zpmaint.core.toml import read_toml
from zpmaint.core.versions import KernelVersion
from zpmaint.mutation.aim import Named
from zpmaint.mutation.generated import Generated, squeezed
from zpmaint.patchset.schema import Version
from zpmaint.patchset.table_base import Said

TABLE = "generated-mutants.toml"
_Symbol = Annotated[str, StringConstraints(pattern=r"^CONFIG_\w+$")]


@dataclass(frozen=True)
class Argument:
    """Why some bugs change nothing that a program could see."""

    function: str
    changes: frozenset[tuple[str, ...]]
    """The changed lines of each one's diff, blanks made one."""
    why: str
    era: Era
    without: frozenset[str]
    """Configuration symbols: it holds only in a kernel that has none of them."""


@dataclass(frozen=True)
class Wishes:
    """What a patch set says of the bugs that are made for it."""

    named: tuple[Named, ...] = ()
    arguments: tuple[Argument, ...] = ()

    def argued(self, mutant: Generated, version: KernelVersion, config: Set[str]) -> str:
        """Why a bug is none in `version` with the symbols of `config` set; '' where nobody has
        argued so."""
        changed = mutant.changed
        return next(
            (
                one.why
                for one in self.arguments
                if one.function == mutant.function
                and version in one.era
                and changed in one.changes
                and not one.without & config
            ),
            "",
        )


class _Table(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True, arbitrary_types_allowed=True)


class _Functions(_Table):
    """[[functions]]"""

    file: Said
    names: Annotated[tuple[Said, ...], Field(min_length=1)]
    why: Said


class _Equivalent(_Table):
    """[[equivalent]]"""

    function: Said
    diffs: Annotated[tuple[Said, ...], Field(min_length=1)]
    why: Said
    since: Version | None = None
    until: Version | None = None
    without: tuple[_Symbol, ...] = ()

    @field_validator("diffs")
    @classmethod
    def _are_diffs(cls, diffs: tuple[str, ...]) -> tuple[str, ...]:
        for text in diffs:
            if wrong := [row for row in text.splitlines() if row.strip() and row[0] not in "+-"]:
                raise ValueError(f"a line of a diff begins with + or -: {wrong[0]!r}")
        return diffs


class _File(_Table):
    functions: tuple[_Functions, ...] = ()
    equivalent: tuple[_Equivalent, ...] = ()


def load_wishes(folder: Path) -> Wishes:
    """What the set in `folder` says; nothing where it has no such table. Raises UserError."""
    path = folder / TABLE
    if not path.is_file():
        return Wishes()
    read = checked(_File, read_toml(path), path)
    return Wishes(
        tuple(Named(row.file, row.names) for row in read.functions),
        tuple(
            Argument(
                row.function,
                frozenset(_changes(row.diffs)),
                " ".join(row.why.split()),
                Era(row.since, row.until),
                frozenset(row.without),
            )
            for row in read.equivalent
        ),
    )


def _changes(diffs: Sequence[str]) -> list[tuple[str, ...]]:
    return [tuple(squeezed(row) for row in text.splitlines() if row.strip()) for text in diffs]
