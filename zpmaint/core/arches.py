# SPDX-License-Identifier: GPL-2.0-only
"""The architectures that kernels are built and booted for, declared in arches.toml."""

from __future__ import annotations

import functools
import tomllib
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from zpmaint.core.errors import UserError


@dataclass(frozen=True)
class Architecture:
    """One row of arches.toml."""

    name: str
    """What options, tables and records call it."""
    make: str
    """make's ARCH=."""
    folders: tuple[str, ...]
    """Below arch/: those whose files it is built from; the first is today's."""
    macro: str
    """What its compilers define."""
    debian: str
    """Debian's name for it."""
    musl: str
    """The folder of musl's headers and libraries; "" where the compiler's own libc is taken."""
    also: tuple[str, ...] = ()
    """Other words for it."""
    unpack: tuple[str, ...] = ()
    """What of an archive's tree it needs beyond what every tree has."""
    cross: str = ""
    """What the names of its compiler and binutils begin with; "" for the machine's own."""
    why: str = ""
    """Why it is not linked with musl."""


@functools.cache
def declared() -> dict[str, Architecture]:
    """Every architecture by name, the usual one first."""
    table = tomllib.loads((Path(__file__).parent / "arches.toml").read_text())
    return {row["name"]: _read(row) for row in table["arch"]}


def _read(row: dict[str, Any]) -> Architecture:
    lists = ("folders", "also", "unpack")
    found: dict[str, Any] = {key: tuple(row[key]) if key in lists else row[key] for key in row}
    return Architecture(**found)


def names() -> tuple[str, ...]:
    """The names of all, the usual one first."""
    return tuple(declared())


def canonical(word: str) -> str:
    """The name of the architecture that a word means; the word itself where it means none."""
    return next((one.name for one in declared().values() if word in one.also), word)


def named(word: str) -> Architecture:
    """The architecture of a name, or of another word for it. Raises UserError."""
    try:
        return declared()[canonical(word)]
    except KeyError:
        raise UserError(
            f"no architecture {word!r}", f"choose one of: {', '.join(names())}"
        ) from None


def of_folder(folder: str) -> Architecture | None:
    """The first architecture that is built from arch/FOLDER; None where none is."""
    return next((one for one in declared().values() if folder in one.folders), None)
