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
from zpmaint.build.makefiles import Text
from zpmaint.core import arches

_DEPTH = 40  # of files that read one another
_MOST = 64 << 20
"""Characters that are read in all, a file again wherever it is named; a kernel has 6 million."""
_ENTRY = re.compile(r"(?:menu)?config\s+(\w+)$")
_SOURCE = re.compile(r"(?:r|o|or)?source\s+\"?([^\"\s]+)\"?")
_TYPE = re.compile(
    r"(?:bool|boolean|tristate|def_bool|def_tristate|prompt|string|int|hex)\b\s*(.*)"
)
_SELECT = re.compile(r"(?:select)\s+(\w+)(?:\s+if\s+(.*))?$")
_KIND = re.compile(r"(?:def_)?(bool(?:ean)?|tristate|string|int|hex)\b")
_DEFAULT = re.compile(r"(?:default|def_bool|def_tristate)\s+(.+?)(?:\s+if\s+(.*))?$")
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
    choice: str = ""
    """The choice that it is one of, as PATH:NUMBER: it takes the place of the one that is on; ''
    where it is of none."""
    kind: str = ""
    """bool, tristate, string, int, hex; '' where this entry does not say."""

    @property
    def is_choice(self) -> bool:
        return bool(self.choice)


@dataclass
class Symbols:
    """The symbols of a tree."""

    entries: dict[str, list[Entry]] = field(default_factory=dict)
    selected_by: dict[str, list[tuple[str, Expr]]] = field(default_factory=dict)
    """By symbol those that select it, each with the condition under which it does."""

    def is_switch(self, name: str) -> bool:
        """Whether a symbol is on or off, and no text or number."""
        kinds = [entry.kind for entry in self.entries.get(name, ()) if entry.kind]
        return not kinds or kinds[0] in ("bool", "tristate")


def srcarch(has: Callable[[str], bool], arch: str) -> str:
    """The folder below arch/ that a tree builds an architecture from; `has` tells of a path
    whether it is there."""
    folders = arches.named(arch).folders
    return next((one for one in folders if has(f"arch/{one}/Kconfig")), folders[-1])


def read(text: Text, srcarch: str, arch: str) -> Symbols:
    """All symbols that the tree has for an architecture. `srcarch` is its folder below arch/."""
    reader = _Reader(text, {"SRCARCH": srcarch, "ARCH": arches.named(arch).make})
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
    above: list[str] = field(default_factory=list)
    """The files that are being read, each named by the one before it."""
    left: int = _MOST

    def file(self, path: str, around: Expr, depth: int) -> None:
        said = self.text(path)
        if said is None or depth > _DEPTH or path in self.above:
            return
        self.left -= len(said) + 100
        if self.left > 0:
            self.above.append(path)
            one = _File(self, path, depth, [("file", around, "")])
            for line in _logical(said):
                one.line(line)
            self.above.pop()

    def named(self, path: str) -> str:
        """A path of a `source` line with its variables filled in."""
        for name, value in self.names.items():
            path = path.replace(f"$({name})", value).replace(f"${name}", value)
        return path.removeprefix("$(srctree)/")


@dataclass
class _File:
    """One file on its way from top to bottom."""

    reader: _Reader
    path: str
    depth: int
    frames: list[tuple[str, Expr, str]]
    """The blocks around: what each is, what all of them ask for, the choice that one of them is."""
    entry: Entry | None = None
    is_opening: bool = False
    """Whether a `depends` belongs to the menu or choice just opened."""
    help: int | None = None
    """The indent of the help text that is being passed over; -1 before its first line."""
    choices: int = 0

    def line(self, raw: str) -> None:
        line = raw.strip()
        if not line or self._is_help(raw):
            return
        line = _bare(line)
        if not line or self._block(line):
            return
        if line in ("help", "---help---"):
            self.help = -1
        elif line.startswith("depends"):
            self._depends(parse(line.partition("on")[2]))
        elif self.entry is not None:
            self._attribute(self.entry, line)

    def _is_help(self, raw: str) -> bool:
        if self.help is None:
            return False
        deep = len(raw.expandtabs()) - len(raw.expandtabs().lstrip())
        self.help = deep if self.help < 0 else self.help
        if deep >= self.help and deep:
            return True
        self.help = None
        return False

    def _block(self, line: str) -> bool:
        """Whether the line begins or ends an entry or a block."""
        word, _, rest = line.replace("\t", " ").partition(" ")
        _, outer, choice = self.frames[-1]
        entry: Entry | None = None
        opening = False
        if one := _ENTRY.match(line):
            entry = Entry(one[1], self.path, outer, choice=choice)
            self.reader.found.entries.setdefault(one[1], []).append(entry)
        elif source := _SOURCE.match(line):
            self.reader.file(self.reader.named(source[1]), outer, self.depth + 1)
        elif word == "if":
            self.frames.append(("if", both(outer, parse(rest)), choice))
        elif word in ("menu", "choice"):
            self.choices += word == "choice"
            own = f"{self.path}:{self.choices}" if word == "choice" else choice
            self.frames.append((word, outer, own))
            opening = True
        elif word in ("endif", "endmenu", "endchoice"):
            self.frames[1:] = self.frames[1:-1]
        elif word not in ("comment", "mainmenu"):
            return False
        self.entry, self.is_opening = entry, opening
        return True

    def _depends(self, asked: Expr) -> None:
        if self.entry is not None:
            self.entry.depends = both(self.entry.depends, asked)
        elif self.is_opening:
            kind, outer, choice = self.frames[-1]
            self.frames[-1] = (kind, both(outer, asked), choice)

    def _attribute(self, entry: Entry, line: str) -> None:
        if selects := _SELECT.match(line):
            when = parse(selects[2]) if selects[2] else ALWAYS
            by = self.reader.found.selected_by.setdefault(selects[1], [])
            by.append((entry.symbol, when))
            return
        if kind := _KIND.match(line):
            entry.kind = entry.kind or kind[1].replace("boolean", "bool")
        if (said := _DEFAULT.match(line)) and (worth := said[1].strip("\"'")) not in ("n", ""):
            on = ALWAYS if worth in ("y", "m") else parse(worth)
            entry.defaults.append(both(on, parse(said[2]) if said[2] else ALWAYS))
        if (typed := _TYPE.match(line)) and (prompt := _PROMPT.match(typed[1])):
            entry.shown = parse(prompt[1]) if prompt[1] else ALWAYS


def _logical(text: str) -> list[str]:
    return re.sub(r"\\\n", " ", text).split("\n")


def _bare(line: str) -> str:
    """A line without its comment."""
    if line.startswith("#"):
        return ""
    return line.split(" #", maxsplit=1)[0].rstrip() if " #" in line and '"' not in line else line
