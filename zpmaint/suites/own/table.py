# SPDX-License-Identifier: GPL-2.0-only
"""cases/cases.toml of a patch set: its own cases and figures, checked whole."""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field, StringConstraints

from zpmaint.core.config import checked
from zpmaint.core.eras import Era
from zpmaint.core.errors import UserError
from zpmaint.core.toml import read_toml
from zpmaint.core.versions import KernelVersion
from zpmaint.patchset.values import Flip
from zpmaint.suites.values import FULL, Case, Figure

FOLDER = "cases"
TABLE = "cases.toml"
BUSYBOX_NEEDS = "3.2"
"""The oldest kernel that a program of Debian's C library runs on."""

Said = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1)]
Word = Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9-]+$")]


class _Row(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class CaseRow(_Row):
    name: Annotated[str, StringConstraints(pattern=r"^[a-z]+(?:[.-][a-z]+)+$")]
    """Small letters, two words or more with . or - between them; the C function has _ for both."""
    file: Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9][A-Za-z0-9._-]*\.(c|sh)$")]
    """A .c or .sh beside this table."""
    reason: Said
    """What would be broken if it failed."""
    tags: tuple[Said, ...] = ()
    """Groups that `--case` chooses by."""
    since: str | None = None
    """The first kernel that it runs on."""
    until: str | None = None
    """The first kernel that it no longer runs on."""
    needs: str = ""
    """What a kernel of those may lack; without it a skip is a failure."""
    stock: Word = "ok"
    """The word that a stock kernel reports."""
    patched: Word = "ok"
    """The word that the patched one does; another one than stock's is the effect."""
    profile: Literal["minimal", "full"] = "minimal"
    """full: only in the full profile's machine and configuration."""


class CounterRow(_Row):
    name: Annotated[str, StringConstraints(pattern=r"^[A-Za-z][A-Za-z0-9_/-]*$")]
    """As the case reports it."""
    unit: Said
    """As it is shown."""
    why: Said
    """What it tells."""
    patched: Literal["", "less", "more", "same"] = ""
    """How the patched kernel's figure has to stand to stock's; empty: shown only."""


class _Table(_Row):
    case: Annotated[tuple[CaseRow, ...], Field(min_length=1)]
    counter: tuple[CounterRow, ...] = ()


@dataclass(frozen=True)
class OwnCases:
    """What a patch set brings."""

    folder: Path
    cases: tuple[Case, ...]
    flips: tuple[Flip, ...]
    figures: tuple[Figure, ...]
    sources: tuple[Path, ...]
    """C files."""
    scripts: dict[str, Path]
    """By case name."""


def read_own(folder: Path) -> OwnCases:
    """Read `folder`/cases.toml. Raises UserError: file, key, what would be right."""
    path = folder / TABLE
    hint = "the suite `own` is declared there: a [[case]] for each case"
    read = checked(_Table, read_toml(path, hint=hint), path)
    _once([row.name for row in read.case], path, "case.name")
    _once([re.sub("[.-]", "_", row.name) for row in read.case], path, "case.name, as a C function")
    _once([row.name for row in read.counter], path, "counter.name")
    for row in read.case:
        if not (folder / row.file).is_file():
            raise UserError(
                f"{path}: case {row.name}: file: no {folder / row.file}",
                "write it, or name the one that is there",
            )
    return OwnCases(
        folder,
        tuple(_case(row, path) for row in read.case),
        tuple(
            Flip(row.name, row.stock, row.patched, row.reason, _era(row, path))
            for row in read.case
            if row.stock != row.patched
        ),
        tuple(Figure(row.name, row.unit, row.why, row.patched) for row in read.counter),
        tuple(dict.fromkeys(folder / row.file for row in read.case if row.file.endswith(".c"))),
        {row.name: folder / row.file for row in read.case if row.file.endswith(".sh")},
    )


def _case(row: CaseRow, path: Path) -> Case:
    return Case(
        name=row.name,
        reason=row.reason,
        tags=(*row.tags, *((FULL,) if row.profile == FULL and FULL not in row.tags else ())),
        era=_era(row, path),
        needs=row.needs,
        expect=row.stock,
        profile=row.profile,
    )


def _era(row: CaseRow, path: Path) -> Era:
    try:
        era = Era.parse(row.since, row.until)
    except UserError as error:
        raise UserError(f"{path}: case {row.name}: {error.what}", error.hint) from None
    if row.file.endswith(".sh"):
        shell = KernelVersion.parse(BUSYBOX_NEEDS)
        return replace(era, since=max(era.since, shell) if era.since else shell)
    return era


def _once(names: list[str], path: Path, key: str) -> None:
    if twice := [name for name in names if names.count(name) > 1]:
        raise UserError(f"{path}: {key}: {twice[0]} is there twice", "rename one")
