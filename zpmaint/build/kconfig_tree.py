# SPDX-License-Identifier: GPL-2.0-only
"""Every symbol of a tree with what it depends on and who selects it. Pure: text in.

Read as kconfig reads it, from the top file along its `source` lines, so that the menus and `if`s
around a `source` count for all that the file holds.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass, field

from zpmaint.build.kconfig_expr import ALWAYS, Expr, both, parse

Text = Callable[[str], str | None]
"""A file of the tree by its path; None where there is none."""

_DEPTH = 40  # of files that read one another
_ENTRY = re.compile(r"(?:menu)?config\s+(\w+)$")
_SOURCE = re.compile(r"(?:r|o|or)?source\s+\"?([^\"\s]+)\"?")
_TYPE = re.compile(
    r"(?:bool|boolean|tristate|def_bool|def_tristate|prompt|string|int|hex)\b\s*(.*)"
)
_SELECT = re.compile(r"(?:select)\s+(\w+)(?:\s+if\s+(.*))?$")
_DEFAULT = re.compile(r"(?:default|def_bool|def_tristate)\s+([\w.]+)(?:\s+if\s+(.*))?$")
_PROMPT = re.compile(r"[\"'].*[\"']\s*(?:if\s+(.*))?$")


@dataclass
class Entry:
    """One `config` of a symbol; a symbol may have several."""

    symbol: str
    path: str
    depends: Expr
    """With what the menus and ifs around it ask for."""
    shown: Expr | None = None
    """When a person may set it; None where nobody can."""
    defaults: list[Expr] = field(default_factory=list)
    """When it comes on by itself."""
    is_choice: bool = False
    """Whether it is one of a choice: it takes the place of the one that is on."""


@dataclass
class Symbols:
    """The symbols of a tree."""

    entries: dict[str, list[Entry]] = field(default_factory=dict)
    selected_by: dict[str, list[tuple[str, Expr]]] = field(default_factory=dict)
    """By symbol those that select it, each with the condition under which it does."""


def read(text: Text, srcarch: str, arch: str) -> Symbols:
    """All symbols that the tree has for an architecture. `srcarch` is its folder below arch/."""
    reader = _Reader(text, {"SRCARCH": srcarch, "ARCH": arch})
    top = "Kconfig" if _has_entries(text("Kconfig")) else f"arch/{srcarch}/Kconfig"
    reader.file(top, ALWAYS, 0)
    return reader.found


def _has_entries(text: str | None) -> bool:
    return bool(text) and re.search(r"^\s*(?:source|config)\b", text or "", re.M) is not None


@dataclass
class _Reader:
    text: Text
    names: dict[str, str]
    found: Symbols = field(default_factory=Symbols)

    def file(self, path: str, around: Expr, depth: int) -> None:
        said = self.text(path)
        if said is None or depth > _DEPTH:
            return
        frames: list[tuple[str, Expr, bool]] = [("file", around, False)]
        entry: Entry | None = None
        helping: int | None = None  # the indent of a help text; -1 before its first line
        frame_open = False  # depends lines belong to the menu or choice just opened
        for raw in _logical(said):
            line = raw.strip()
            if not line:
                continue
            deep = len(raw.expandtabs()) - len(raw.expandtabs().lstrip())
            if helping is not None:
                helping = deep if helping < 0 else helping
                if deep >= helping and deep:
                    continue
                helping = None
            line = _bare(line)
            if not line:
                continue
            word = line.split(None, 1)[0]
            rest = line[len(word) :].strip()
            kind, outer, choice = frames[-1]
            if one := _ENTRY.match(line):
                entry = Entry(one[1], path, outer, is_choice=choice)
                self.found.entries.setdefault(one[1], []).append(entry)
                frame_open = False
            elif source := _SOURCE.match(line):
                self.file(self._named(source[1]), outer, depth + 1)
                entry, frame_open = None, False
            elif word == "if":
                frames.append(("if", both(outer, parse(rest)), choice))
                entry, frame_open = None, False
            elif word in ("menu", "choice"):
                frames.append((word, outer, choice or word == "choice"))
                entry, frame_open = None, True
            elif word in ("endif", "endmenu", "endchoice"):
                frames[1:] = frames[1:-1]
                entry, frame_open = None, False
            elif word in ("comment", "mainmenu"):
                entry, frame_open = None, False
            elif word in ("help", "---help---"):
                helping = -1
            elif line.startswith("depends"):
                asked = parse(line.partition("on")[2])
                if entry is not None:
                    entry.depends = both(entry.depends, asked)
                elif frame_open:
                    frames[-1] = (kind, both(outer, asked), choice)
            elif entry is not None:
                self._attribute(entry, line)

    def _attribute(self, entry: Entry, line: str) -> None:
        if selects := _SELECT.match(line):
            when = parse(selects[2]) if selects[2] else ALWAYS
            self.found.selected_by.setdefault(selects[1], []).append((entry.symbol, when))
            return
        if (said := _DEFAULT.match(line)) and said[1] != "n":
            worth = ALWAYS if said[1] in ("y", "m") else parse(said[1])
            entry.defaults.append(both(worth, parse(said[2]) if said[2] else ALWAYS))
        if (typed := _TYPE.match(line)) and (prompt := _PROMPT.match(typed[1])):
            entry.shown = parse(prompt[1]) if prompt[1] else ALWAYS

    def _named(self, path: str) -> str:
        for name, value in self.names.items():
            path = path.replace(f"$({name})", value).replace(f"${name}", value)
        return path.removeprefix("$(srctree)/")


def _logical(text: str) -> list[str]:
    return re.sub(r"\\\n", " ", text).split("\n")


def _bare(line: str) -> str:
    """A line without its comment."""
    if line.startswith("#"):
        return ""
    return line.split(" #", maxsplit=1)[0].rstrip() if " #" in line and '"' not in line else line
