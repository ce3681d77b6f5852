# SPDX-License-Identifier: GPL-2.0-only
"""Who calls a function, and with how many arguments: what a file alone shows of it."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache

from zpmaint.port.scopes import Source

_ASIDE = re.compile(
    r'/\*.*?(?:\*/|\Z)|//[^\n]*|"(?:\\.|[^"\\\n])*"|\'(?:\\.|[^\'\\\n])*\'', re.DOTALL
)
_ANY = re.compile(r"[^\n]")
TYPES = re.compile(r"\s*(?:[A-Za-z_]\w*[\s*]+)+$")
STATEMENT = re.compile(r"\s*(?:return|else|case|goto|do|if|while|for|switch|sizeof)\b")
_DEFINE = re.compile(r"\s*#\s*define\s+$")
_LONG = 4000
"""Characters. What goes on longer is no list of arguments, but a bracket that is not closed."""


@dataclass(frozen=True)
class Uses:
    """What a text shows of a function or of a macro with parameters."""

    takes: tuple[tuple[int, bool], ...] = ()
    """Of its definitions and prototypes: how many parameters, and whether more may follow."""
    calls: tuple[tuple[str, ...], ...] = ()
    """The arguments of its calls."""
    lines: tuple[int, ...] = ()
    """The lines at which the calls begin."""
    parameters: tuple[tuple[str, ...], ...] = ()
    """Of its definitions and prototypes in C: the parameters."""

    def fits(self, count: int) -> bool:
        """Whether a call with so many arguments is one that a definition takes."""
        return any(count == n or (more and count > n) for n, more in self.takes)

    @property
    def counts(self) -> set[int]:
        """The numbers of arguments that it is called with."""
        return set(map(len, self.calls))


def bare(text: str) -> str:
    """C without its comments, what stands in strings made of x: every offset stays."""
    return _ASIDE.sub(_blanked, text)


def _blanked(found: re.Match[str]) -> str:
    told = found[0]
    if told[0] in "\"'":
        return told[0] + "x" * (len(told) - 2) + told[0]
    return _ANY.sub(" ", told)


@lru_cache(maxsize=32)
def bare_of(source: Source) -> str:
    """A whole source, bare."""
    return bare("".join(source.lines))


def arguments(text: str, at: int) -> tuple[str, ...] | None:
    """What stands between the bracket at an offset of a bare text and its twin, parted by commas;
    None where it is not closed."""
    depth = 0
    start = at + 1
    parts = []
    for n in range(at, min(len(text), at + _LONG)):
        char = text[n]
        if char in "([{":
            depth += 1
        elif char in ")]}":
            depth -= 1
            if not depth:
                parts.append(text[start:n])
                told = tuple(" ".join(part.split()) for part in parts)
                return () if told == ("",) else told
        elif char == "," and depth == 1:
            parts.append(text[start:n])
            start = n + 1
        elif char == "#" and "\n" in text[max(at, n - 4) : n]:
            return None  # an #if among the arguments
    return None


@lru_cache(maxsize=4096)
def uses(source: Source, name: str) -> Uses:
    """What a source shows of a name."""
    text = bare_of(source)
    if name not in text:
        return Uses()
    takes: list[tuple[int, bool]] = []
    calls: list[tuple[str, ...]] = []
    lines: list[int] = []
    parameters: list[tuple[str, ...]] = []
    for at, opened in _places(text, name):
        before = text[text.rfind("\n", 0, at) + 1 : at]
        told = arguments(text, opened)
        if told is None:
            continue
        if _DEFINE.match(before):
            if opened == at + len(name):
                takes.append(_parameters(told))
        elif _is_declared(before, text, at):
            if told:  # () says nothing of what it takes
                takes.append(_parameters(told))
                parameters.append(told)
        else:
            calls.append(told)
            lines.append(text.count("\n", 0, at))
    known = tuple(dict.fromkeys(takes)), tuple(calls), tuple(lines), tuple(parameters)
    return Uses(*known)


def _places(text: str, name: str) -> Iterator[tuple[int, int]]:
    """Where a name stands before a bracket, and the bracket; members of others left out."""
    at = text.find(name)
    while at >= 0:
        end = at + len(name)
        before = text[at - 1] if at else "\n"
        if not (before.isalnum() or before in "_.>"):
            while text[end : end + 1].isspace():
                end += 1
            if text[end : end + 1] == "(":
                yield at, end
        at = text.find(name, at + len(name))


def _is_declared(before: str, text: str, at: int) -> bool:
    """Whether a name with a list behind it is declared there: a type stands before it, in its own
    line or in the one above."""
    if before:
        return bool(TYPES.match(before)) and not STATEMENT.match(before)
    above = text[text.rfind("\n", 0, max(0, at - 1)) + 1 : at].strip()
    return bool(above) and bool(TYPES.match(above + " ")) and above[:1] not in "#{}"


def _parameters(told: tuple[str, ...]) -> tuple[int, bool]:
    if told in ((), ("void",)):
        return 0, False
    if told[-1].endswith("..."):
        return len(told) - 1, True
    return len(told), False
