# SPDX-License-Identifier: GPL-2.0-only
"""Where kernel coding style wants a line of C to stand (Documentation/process/coding-style).

A scan over tokens, not a parser: it takes code in any state, also a function with the lines of a
patch half in it. Its answers are used as differences (this line stands one deeper than that one),
so that what it does not know of a file's habits cancels out.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from enum import Enum

TAB = 8

_TOKEN = re.compile(r"""/\*|//.*|"(?:\\.|[^"\\])*"?|'(?:\\.|[^'\\])*'?|[A-Za-z_]\w*|[0-9]\w*|\S""")
_LABEL = re.compile(r"(?!default\b)[A-Za-z_]\w*\s*:(?!:)")
_CONTROLS = frozenset({"if", "for", "while", "switch"})
_FOR_EACH = re.compile(r"\w*for_each\w*")


class Stand(Enum):
    """What decides where a line stands."""

    STATEMENT = "the braces around it"
    REST = "the statement it goes on"
    COMMENT = "the comment it is in"
    LABEL = "the margin, as a label"
    DIRECTIVE = "the margin, as a directive"


@dataclass(frozen=True)
class Place:
    """Where a line stands."""

    level: int
    """Tabs, by the braces and unbraced controls around its statement."""
    stand: Stand
    opened: tuple[int, int] | None = None
    """For the rest of a statement: index and column of the innermost open bracket's line, the
    column counted in the text without its indentation."""


@dataclass
class _Block:
    outside: int
    inside: int
    kind: str
    brackets: list[tuple[int, int]]


@dataclass
class _State:
    blocks: list[_Block] = field(default_factory=list)
    brackets: list[tuple[int, int]] = field(default_factory=list)
    pending: int = 0
    """Control headers that still wait for their statement, each one deeper."""
    fresh: bool = True
    """Whether a new statement begins."""
    level: int = 0
    """Of the statement under way."""
    control: int | None = None
    """Open brackets at a control keyword whose header is being read."""
    word: str = ""
    in_case: bool = False

    def copy(self) -> _State:
        return replace(
            self,
            blocks=[replace(b, brackets=list(b.brackets)) for b in self.blocks],
            brackets=list(self.brackets),
        )

    @property
    def inside(self) -> int:
        return self.blocks[-1].inside if self.blocks else 0

    @property
    def kind(self) -> str:
        return self.blocks[-1].kind if self.blocks else ""


def places(lines: Sequence[str]) -> list[Place]:
    """Where each line stands; indentation in `lines` is not looked at, save that a closing brace
    in the first column ends a function."""
    scanner = _Scanner()
    return [scanner.place(number, line) for number, line in enumerate(lines)]


class _Scanner:
    def __init__(self) -> None:
        self.state = _State()
        self.in_comment = False
        self.comment_level = 0
        self.branches: list[_State] = []
        self.macro: _State | None = None
        self.keyword = ""

    def place(self, number: int, line: str) -> Place:
        text = line.strip()
        goes_on = text.endswith("\\")
        if self.in_comment:
            place = Place(self.comment_level, Stand.COMMENT)
            self.tokens(number, text)
        elif self.macro is None and text.startswith("#"):
            place = Place(0, Stand.DIRECTIVE)
            self.directive(text)
            if goes_on:
                self.macro = self.state
                self.state = _State(blocks=[_Block(0, 1, "block", [])])
            return place
        elif not text:
            if not self.state.blocks and not self.state.brackets:
                self.state = _State()
            place = Place(self.state.inside + self.state.pending, Stand.STATEMENT)
        else:
            place = self.code(number, text)
            if line == "}" and self.macro is None:  # whatever was miscounted ends here
                self.state = _State()
        if self.macro is not None and not goes_on:
            self.state, self.macro = self.macro, None
        return place

    def directive(self, text: str) -> None:
        """Both branches of an #if begin alike, so that braces in both do not count twice."""
        word = text[1:].split()[:1]
        if word and word[0] in ("if", "ifdef", "ifndef"):
            self.branches.append(self.state.copy())
        elif word and word[0] in ("else", "elif") and self.branches:
            self.state = self.branches[-1].copy()
        elif word == ["endif"] and self.branches:
            self.branches.pop()

    def code(self, number: int, text: str) -> Place:
        state = self.state
        stand = Stand.STATEMENT
        opened = None
        if state.fresh:
            level = state.inside + state.pending
            if text.startswith("}") and state.blocks:
                level = state.blocks[-1].outside
            elif text.startswith("{") and state.pending:
                level -= 1
            elif re.match(r"(?:case|default)\b", text) and state.kind == "switch":
                level = state.blocks[-1].outside
            elif state.kind in ("block", "switch") and _LABEL.match(text):
                level, stand = 0, Stand.LABEL
        elif text.startswith("{") and not state.brackets:
            level = state.level
        elif text.startswith("}") and not state.brackets and state.blocks:
            level = state.blocks[-1].outside
        else:
            level, stand = state.level, Stand.REST
            opened = state.brackets[-1] if state.brackets else None
        if not text.startswith(("/*", "//")) and state.fresh:
            state.level = level if stand is Stand.STATEMENT else state.inside
        if text.startswith("/*"):
            self.comment_level = level
        self.tokens(number, text, label=stand is Stand.LABEL)
        return Place(level, stand, opened)

    def tokens(self, number: int, text: str, label: bool = False) -> None:
        state = self.state
        at = 0
        while True:
            if self.in_comment:
                end = text.find("*/", at)
                if end < 0:
                    return
                self.in_comment, at = False, end + 2
            found = _TOKEN.search(text, at)
            if found is None:
                return
            token, at = found[0], found.end()
            if token == "/*":
                self.in_comment = True
                if found.start():
                    self.comment_level = state.level
            elif token == "\\" and self.macro:
                continue
            elif token.startswith("//"):
                return
            elif label:
                label = token != ":"
            else:
                self.token(state, token, (number, found.end()))
                state.word = token

    def token(self, state: _State, token: str, where: tuple[int, int]) -> None:
        if token in "([":
            state.brackets.append(where)
            state.fresh = False
        elif token in ")]":
            if state.brackets:
                state.brackets.pop()
            if state.control is not None and len(state.brackets) == state.control:
                state.control = None
                state.pending += 1
                state.fresh = True
        elif token == "{":
            self.opens(state, alone=where[1] == 1)
        elif token == "}":
            self.closes(state)
        elif token == ";":
            if not state.brackets:
                state.pending, state.fresh, state.in_case = 0, True, False
        elif token == "," and state.kind == "data" and not state.brackets:
            state.fresh = True
        elif token == ":" and state.in_case and not state.brackets:
            state.in_case, state.fresh = False, True
        elif state.fresh:
            self.begins(state, token)

    def begins(self, state: _State, token: str) -> None:
        """The first token of a statement."""
        if state.blocks or self.macro:
            if token in ("else", "do"):
                state.pending += 1
                return
            if token in _CONTROLS or _FOR_EACH.fullmatch(token):
                if token == "if" and state.word == "else":
                    state.pending -= 1
                state.control = len(state.brackets)
                state.fresh = False
                self.keyword = token
                return
            state.in_case = token in ("case", "default")
        state.fresh = False

    def opens(self, state: _State, alone: bool) -> None:
        if state.fresh and state.pending:
            outside = state.inside + state.pending - 1
            kind = "switch" if self.keyword == "switch" and state.word == ")" else "block"
        elif state.word == "=" or state.brackets or state.kind == "data":
            outside, kind = state.level, "data"
        elif state.fresh:
            outside, kind = state.inside, "block"
        else:
            outside = state.level
            kind = "block" if alone or state.word == ")" else "data"
        state.blocks.append(_Block(outside, outside + 1, kind, state.brackets))
        state.brackets, state.pending, state.fresh, state.control = [], 0, True, None

    def closes(self, state: _State) -> None:
        if not state.blocks:
            state.fresh = True
            return
        block = state.blocks.pop()
        state.brackets, state.pending, state.level = block.brackets, 0, block.outside
        state.fresh = block.kind != "data" and not state.brackets
