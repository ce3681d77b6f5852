# SPDX-License-Identifier: GPL-2.0-only
"""What kbuild's Makefiles say of an object: which symbols have it built. Pure: text in."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import PurePosixPath

Text = Callable[[str], str | None]
"""A file of the tree by its path; None where there is none."""

_ASSIGN = re.compile(r"((?:[\w./-]|\$\((?:[^()]|\([^()]*\))*\))+?)\s*(?::|\+|\?)?=\s*(.*)")
_WHEN = re.compile(r"(ifdef|ifndef|ifeq|ifneq|else|endif)\b(.*)")
_CONFIG = re.compile(r"CONFIG_(\w+)")
_PREFIXED = re.compile(r"\$\(addprefix\s+([^,\s]+)\s*,([^()]*)\)")
_DEEPEST = 64
"""Conditionals within one another that are told; kernels have no 6."""
_LONGEST = 1000
"""Characters of a conditional and its `not`s."""
_VARIABLES = 40
"""Variables that name one another on the way to an object."""
_ABOVE = 3  # folders in whose Makefiles an object may be named: eventlog/acpi.o
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
        inside = [name for text in self.when for name in _asked(text)]
        return tuple(dict.fromkeys([*inside, *_CONFIG.findall(self.name)]))


def _asked(when: str) -> list[str]:
    """The symbols that have a conditional hold; none where they are to be off."""
    bare = when.removeprefix("not ")
    is_else = bare != when
    word, _, rest = bare.partition(" ")
    # What is compared with nothing holds where the symbol is off.
    to_nothing = re.search(r",\s*\)|\(\s*,|\"\"|\'\'", rest) is not None
    is_for_on = (word in ("ifdef", "ifeq")) is not (to_nothing and word in ("ifeq", "ifneq"))
    return _CONFIG.findall(rest) if is_for_on is not is_else else []


def rows(text: str) -> Iterator[Row]:
    """The assignments of a Makefile, in their order."""
    when: list[str] = []
    lines = text.split("\n")
    number = 0
    while number < len(lines):
        first = number
        parts = [lines[number]]
        while parts[-1].endswith("\\") and number + 1 < len(lines):
            number += 1
            parts[-1] = parts[-1][:-1]
            parts.append(lines[number].strip())
        whole = " ".join(parts)
        number += 1
        said = whole.split("#")[0].strip()
        if found := _WHEN.match(said):
            word = found[1]
            if word == "endif":
                when[-1:] = []
            elif word == "else":
                when[-1:] = [f"not {when[-1]}"[:_LONGEST]] if when else []
            else:
                when.append(said)
        elif not whole.startswith("\t") and (row := _ASSIGN.match(said)):
            words = tuple(_expanded(row[2]).split())
            yield Row(first + 1, number, row[1], words, tuple(when[:_DEEPEST]))


def _expanded(value: str) -> str:
    """$(addprefix libxfs/, a.o b.o) as the words that make reads there."""
    return _PREFIXED.sub(lambda found: " ".join(found[1] + w for w in found[2].split()), value)


def symbols_for(path: str, text: Text) -> tuple[str, ...]:
    """The symbols that have a source built, the outermost folder's first; none where no Makefile
    names it."""
    return named_by(path, text) or ()


def named_by(path: str, text: Text) -> tuple[str, ...] | None:
    """The same, and None where no Makefile names it."""
    pure = PurePosixPath(path)
    if pure.suffix not in _SUFFIXES:
        return None
    for above in list(pure.parents)[:_ABOVE]:
        word = str(pure.with_suffix(".o").relative_to(above))
        found = _Objects(str(above), text).of(word)
        if found is not None:
            return tuple(dict.fromkeys(found))
    return None


def _makefile(folder: str, text: Text) -> str:
    for name in ("Kbuild", "Makefile"):
        if (said := text(f"{folder}/{name}" if folder != "." else name)) is not None:
            return said
    return ""


class _Objects:
    """What one folder's Makefile says of objects, and of variables that are used as one."""

    def __init__(self, folder: str, text: Text) -> None:
        self.folder, self.text = folder, text
        self.rows: dict[str, list[Row]] = {}
        """By the words that they name."""
        self.asked: set[str] = set()
        for row in rows(_makefile(folder, text)):
            for word in dict.fromkeys(row.words):
                self.rows.setdefault(word, []).append(row)

    def of(self, word: str, depth: int = 0) -> list[str] | None:
        """The symbols of an object, or of a variable that is used as one: $(mmu-y). None where
        nothing names it."""
        if word in self.asked or depth > _VARIABLES:
            return None
        self.asked.add(word)
        for row in self.rows.get(word, ()):
            kind = row.name.partition("-")[0]
            if kind in ("obj", "lib", "head", "extra"):
                return [*_of_folder(self.folder, self.text), *row.symbols]
            owner = row.name.rpartition("-")[0]
            into = [f"$({row.name})"]
            if owner:
                into += [f"{owner}.o", f"$({owner}-y)", f"$({owner}-m)", f"$({owner}-objs)"]
            for one in into:
                if (above := self.of(one, depth + 1)) is not None:
                    return [*above, *row.symbols]
        return None


def _of_folder(folder: str, text: Text) -> list[str]:
    pure = PurePosixPath(folder)
    if pure.parts[:1] == ("arch",) and len(pure.parts) > 2:
        # The architecture's Makefile is read at the top, and names folders from there.
        for row in rows(text(f"arch/{pure.parts[1]}/Makefile") or ""):
            if f"{folder}/" in row.words:
                return [*row.symbols]
    for above in pure.parents:
        inside = f"{pure.relative_to(above)}/"
        for row in rows(_makefile(str(above), text)):
            if inside in row.words or inside.rstrip("/") in row.words:
                return [*(_of_folder(str(above), text) if str(above) != "." else ()), *row.symbols]
    return []
