# SPDX-License-Identifier: GPL-2.0-only
"""What kbuild's Makefiles say of an object: which symbols have it built. Pure: text in."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import PurePosixPath

Text = Callable[[str], str | None]
"""A file of the tree by its path; None where there is none."""

_ASSIGN = re.compile(r"([\w.$()/-]+?)\s*(?::|\+|\?)?=\s*(.*)")
_WHEN = re.compile(r"(ifdef|ifndef|ifeq|ifneq|else|endif)\b(.*)")
_CONFIG = re.compile(r"CONFIG_(\w+)")
_SUFFIXES = (".c", ".S", ".s", ".rs", ".dts", ".asn1", ".uc")


@dataclass(frozen=True)
class Row:
    """One assignment."""

    first: int
    """Its first line, counted from 1."""
    last: int
    name: str
    """obj-$(CONFIG_NUMA), r8169-y, CFLAGS_fork.o."""
    words: tuple[str, ...]
    when: tuple[str, ...]
    """The conditionals that it stands in, as written; `else` adds a `not `."""

    @property
    def symbols(self) -> tuple[str, ...]:
        """The symbols that have it count: of its name, and of an ifdef around it."""
        inside = [
            name for text in self.when if not text.startswith("not ")
            for name in _CONFIG.findall(text if text.startswith(("ifdef", "ifeq")) else "")
        ]  # fmt: skip
        return tuple(dict.fromkeys([*inside, *_CONFIG.findall(self.name)]))


def rows(text: str) -> Iterator[Row]:
    """The assignments of a Makefile, in their order."""
    when: list[str] = []
    lines = text.split("\n")
    number = 0
    while number < len(lines):
        first = number
        whole = lines[number]
        while whole.endswith("\\") and number + 1 < len(lines):
            number += 1
            whole = whole[:-1] + " " + lines[number].strip()
        number += 1
        said = whole.split("#")[0].strip()
        if found := _WHEN.match(said):
            word = found[1]
            if word == "endif":
                when[-1:] = []
            elif word == "else":
                when[-1:] = [f"not {when[-1]}"] if when else []
            else:
                when.append(said)
        elif not whole.startswith("\t") and (row := _ASSIGN.match(said)):
            yield Row(first + 1, number, row[1], tuple(row[2].split()), tuple(when))


def symbols_for(path: str, text: Text) -> tuple[str, ...]:
    """The symbols that have a source built, the outermost folder's first; none where no Makefile
    names it."""
    return named_by(path, text) or ()


def named_by(path: str, text: Text) -> tuple[str, ...] | None:
    """The same, and None where no Makefile names it."""
    pure = PurePosixPath(path)
    if pure.suffix not in _SUFFIXES:
        return None
    found = _of_object(str(pure.parent), f"{pure.stem}.o", text, frozenset())
    return None if found is None else tuple(dict.fromkeys(found))


def _makefile(folder: str, text: Text) -> str:
    for name in ("Kbuild", "Makefile"):
        if (said := text(f"{folder}/{name}" if folder != "." else name)) is not None:
            return said
    return ""


def _of_object(folder: str, name: str, text: Text, seen: frozenset[str]) -> list[str] | None:
    """None where nothing names it."""
    if name in seen:
        return None
    for row in rows(_makefile(folder, text)):
        if name not in row.words:
            continue
        kind = row.name.partition("-")[0]
        if kind in ("obj", "lib", "head", "extra"):
            return [*_of_folder(folder, text), *row.symbols]
        owner = row.name.rpartition("-")[0]
        if owner and (above := _of_object(folder, f"{owner}.o", text, seen | {name})) is not None:
            return [*above, *row.symbols]
    return None


def _of_folder(folder: str, text: Text) -> list[str]:
    pure = PurePosixPath(folder)
    for above in pure.parents:
        inside = f"{pure.relative_to(above)}/"
        for row in rows(_makefile(str(above), text)):
            if inside in row.words or inside.rstrip("/") in row.words:
                return [*(_of_folder(str(above), text) if str(above) != "." else ()), *row.symbols]
    return []
