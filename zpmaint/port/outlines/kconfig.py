# SPDX-License-Identifier: GPL-2.0-only
"""Kconfig: each entry is a scope; menus, choices and `if` blocks are its conditions."""

from __future__ import annotations

import re
from collections.abc import Iterator
from itertools import pairwise

from zpmaint.port.outlines.conditionals import within
from zpmaint.port.outlines.found import Found, trimmed, width

_ENTRY = re.compile(
    r"\s*(config|menuconfig|choice|menu|comment|mainmenu|if|source|endif|endmenu|endchoice)\b"
    r"\s*(.*?)\s*$"
)
_HELP = re.compile(r"\s*(?:help|---help---)\s*$")
_PROMPT = re.compile(r"\s*(?:prompt|bool|tristate)\s+(\".*?\")")
_OPENERS = frozenset({"if", "menu", "choice"})
_CLOSERS = frozenset({"endif", "endmenu", "endchoice"})


def _keywords(lines: list[str]) -> Iterator[tuple[int, str, str]]:
    """The lines that start or end something, help texts left out."""
    deep: int | None = None
    in_help = False
    continued = False
    for n, line in enumerate(lines):
        if in_help:
            if not line.strip():
                continue
            if deep is None:
                # A help text that is not indented is empty, and the line another entry.
                deep = width(line) or 1
            if width(line) >= deep:
                continue
            in_help = False
        if _HELP.match(line):
            in_help, deep = True, None
            continue
        was_continued, continued = continued, line.rstrip("\r\n").endswith("\\")
        if not was_continued and (found := _ENTRY.match(line)):
            yield n, found[1], found[2]


def scopes(lines: list[str]) -> list[Found]:
    """The entries: from their keyword to the last line of theirs."""
    marks = list(_keywords(lines))
    found: list[Found] = []
    for (n, word, rest), (end, _, _) in pairwise([*marks, (len(lines), "", "")]):
        if word in _CLOSERS or word in ("source", "if", "mainmenu"):
            continue
        # A comment right above the next entry is not this one's.
        stop = end
        while stop > n + 1 and lines[stop - 1].startswith("#"):
            stop -= 1
        stop = trimmed(lines, n, stop)
        kind = "config" if word == "menuconfig" else word
        name = rest if word != "choice" else _prompt(lines[n:stop])
        found.append((kind, name, n, stop))
    return found


def conditions(lines: list[str]) -> list[tuple[str, ...]]:
    """For each line the `if`, menu and choice blocks it stands in."""
    out: list[tuple[str, ...]] = []
    stack: list[str] = []
    marks = list(_keywords(lines))
    at = 0
    known: tuple[str, ...] = ()
    for n, word, rest in marks:
        out += [known] * (n - at)
        at = n
        if word in _OPENERS:
            # The keyword itself stands inside, as an #if does.
            name = _prompt(lines[n : n + 4]) if word == "choice" else rest
            stack.append(f"{word} {name}".rstrip())
        elif word in _CLOSERS and stack:
            stack.pop()
        else:
            continue
        known = within(stack, n)
    return out + [known] * (len(lines) - at)


def _prompt(lines: list[str]) -> str:
    return next((found[1] for line in lines if (found := _PROMPT.match(line))), "choice")
