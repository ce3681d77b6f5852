# SPDX-License-Identifier: GPL-2.0-only
"""mutants.toml: the bugs that a patch set wants its kernels to be tried with."""

from __future__ import annotations

import fnmatch
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field, StringConstraints, model_validator

from zpmaint.core.config import checked
from zpmaint.core.eras import Era
from zpmaint.core.errors import UserError
from zpmaint.core.toml import read_toml
from zpmaint.mutation.values import Edit, Mutant, Text
from zpmaint.patchset.schema import Version
from zpmaint.patchset.table_base import Said

TABLE = "mutants.toml"

_Name = Annotated[str, StringConstraints(pattern=r"^[a-z0-9]+(-[a-z0-9]+)*$")]
_Symbol = Annotated[str, StringConstraints(pattern=r"^CONFIG_\w+(\|CONFIG_\w+)*$")]
# Not stripped: blanks are what is looked for.
_Lines = Annotated[str, StringConstraints(min_length=1)]


class _Table(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True, arbitrary_types_allowed=True)


class _EditTable(_Table):
    file: Said = ""
    scope: str = ""
    find: _Lines
    replace: str

    @model_validator(mode="after")
    def _changes(self) -> _EditTable:
        if self.find == self.replace:
            raise ValueError("find and replace are the same: this plants nothing")
        return self


class _TextTable(_EditTable):
    """[[mutant.text]]"""

    since: Version | None = None
    until: Version | None = None
    also: tuple[_EditTable, ...] = ()
    equivalent: str = ""


class _MutantTable(_Table):
    """[[mutant]]"""

    name: _Name
    kind: Said
    why: Said
    needs: dict[_Symbol, Said] = Field(default_factory=dict)
    equivalent: str = ""
    text: Annotated[tuple[_TextTable, ...], Field(min_length=1)]


class _File(_Table):
    file: Said
    """Where a text stands that does not say so."""
    kinds: dict[_Name, Said]
    """The kinds of bug there are, and what each means."""
    mutant: Annotated[tuple[_MutantTable, ...], Field(min_length=1)]

    @model_validator(mode="after")
    def _agrees(self) -> _File:
        names = [row.name for row in self.mutant]
        if twice := sorted({name for name in names if names.count(name) > 1}):
            raise ValueError(f"mutant.name: there twice: {', '.join(twice)}")
        if unknown := sorted({row.kind for row in self.mutant} - set(self.kinds)):
            raise ValueError(f"mutant.kind: {unknown[0]!r} is none of kinds")
        return self


def load_mutants(folder: Path) -> tuple[Mutant, ...]:
    """The mutants of the patch set in `folder`. Raises UserError: file, key, what would be
    right; also where the set has none."""
    path = folder / TABLE
    table = read_toml(
        path,
        absent="this patch set has no mutants",
        hint="patches/no-anon-zero-page/mutants.toml shows what one looks like",
    )
    read = checked(_File, table, path)
    return tuple(
        Mutant(row.name, row.kind, row.why, row.needs, tuple(_texts(row, read.file)))
        for row in read.mutant
    )


def _texts(row: _MutantTable, file: str) -> Iterable[Text]:
    for text in row.text:
        first = _edit(text, text.file or file, text.scope)
        yield Text(
            Era(text.since, text.until),
            (first, *(_edit(e, e.file or first.file, e.scope or first.scope) for e in text.also)),
            (text.equivalent or row.equivalent).strip(),
        )


def _edit(row: _EditTable, file: str, scope: str) -> Edit:
    return Edit(file, scope, row.find, row.replace)


def select(mutants: Sequence[Mutant], globs: Sequence[str]) -> tuple[Mutant, ...]:
    """Those whose name matches one of `globs`; all where there are none. Raises UserError where
    a glob matches nothing."""
    for glob in globs:
        if not any(fnmatch.fnmatchcase(mutant.name, glob) for mutant in mutants):
            raise UserError(
                f"no mutant matches {glob!r}",
                f"mutants are: {', '.join(mutant.name for mutant in mutants)}",
            )
    return tuple(
        mutant
        for mutant in mutants
        if not globs or any(fnmatch.fnmatchcase(mutant.name, glob) for glob in globs)
    )
