# SPDX-License-Identifier: GPL-2.0-only
"""What each line of a C or assembler source is: code, a conditional, or nothing. Pure.

Conditionals cut a source into arms (what stands between #if and #else, and so on). The
preprocessor takes or drops an arm as a whole.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator
from dataclasses import dataclass
from enum import Enum, auto

_TOKENS = re.compile(
    r"""/\*.*?(?:\*/|\Z) | //[^\n]* | "(?:\\.|[^"\\\n])*" | '(?:\\.|[^'\\\n])'""",
    re.DOTALL | re.VERBOSE,
)
_DIRECTIVE = re.compile(r"\s*#\s*(\w+)")
_OPENING = ("if", "ifdef", "ifndef")
_TURNING = ("elif", "else", "elifdef", "elifndef")
_PLAIN = ("define", "undef", "include", "include_next", "pragma", "error", "warning", "line")
_PUNCTUATION = re.compile(r"[\s{}()\[\];,\\]*")
_SYMBOL = re.compile(r"\bCONFIG_(\w+)")


class Kind(Enum):
    BLANK = auto()
    """A comment or an empty line."""
    CODE = auto()
    PUNCTUATION = auto()
    """Code that is nothing but brackets: it says nothing without the lines around it."""
    CONDITIONAL = auto()


@dataclass(frozen=True)
class Arm:
    """What one #if, #elif or #else holds."""

    parent: int | None
    opener: str
    """The directive as it stands, '' for the file itself."""
    first: str
    """The directive that began the chain that it stands in."""
    before: int | None = None
    """The arm before it in that chain."""

    @property
    def label(self) -> str:
        """How a person names it: #ifdef CONFIG_NUMA, or the #else of one."""
        if self.opener.split(" ")[0] == "#else":
            return f"the #else of {self.first}"
        return self.opener

    @property
    def symbols(self) -> tuple[str, ...]:
        """Configuration symbols that would open it; none where one has to be off for that."""
        keyword = self.opener.partition(" ")[0]
        if keyword not in ("#if", "#ifdef", "#elif"):
            return ()
        wanted = re.sub(r"!\s*(?:defined|IS_\w+)\s*\(?\s*CONFIG_\w+\s*\)?", "", self.opener)
        return tuple(dict.fromkeys(_SYMBOL.findall(wanted)))


@dataclass(frozen=True)
class Line:
    kind: Kind
    arm: int
    """The arm it stands in; of a conditional the one that it opens, of #endif the one it ends."""


@dataclass(frozen=True)
class Source:
    lines: tuple[Line, ...]
    """By number, less one."""
    arms: tuple[Arm, ...]
    """The first is the file itself."""

    def line(self, number: int) -> Line:
        # What is not there to be looked at is never "no code".
        return self.lines[number - 1] if number <= len(self.lines) else Line(Kind.CODE, 0)

    def within(self, arm: int) -> Iterator[int]:
        """The numbers of the code lines that an arm holds, those of arms inside of it too."""
        below = {arm}
        for at in range(arm + 1, len(self.arms)):  # an arm stands behind the one it lies in
            if self.arms[at].parent in below:
                below.add(at)
        for number, line in enumerate(self.lines, 1):
            if line.kind is Kind.CODE and line.arm in below:
                yield number

    def chain(self, arm: int) -> list[int]:
        """An arm and all that it lies in, outermost first, without the file itself."""
        found: list[int] = []
        at: int | None = arm
        while at:
            found.append(at)
            at = self.arms[at].parent
        return found[::-1]

    def earlier(self, arm: int) -> Iterator[int]:
        """The arms of its chain before an arm: it is taken where none of them is."""
        at = self.arms[arm].before
        while at is not None:
            yield at
            at = self.arms[at].before

    def live_arms(self, seen: Collection[int]) -> frozenset[int]:
        """The arms that the preprocessor has taken, where it gave out the lines `seen`.

        A macro's call over several lines comes out in one: an arm's lines live together."""
        direct = {
            self.lines[number - 1].arm
            for number in seen
            if number <= len(self.lines) and self.lines[number - 1].kind is not Kind.CONDITIONAL
            and self.lines[number - 1].kind is not Kind.BLANK
        }  # fmt: skip
        live = {0} if direct else set[int]()
        for arm in direct:
            at: int | None = arm
            while at is not None and at not in live:
                live.add(at)
                at = self.arms[at].parent
        return frozenset(live)


def read(text: str) -> Source:
    """Look through a source; what cannot be closed (an #if without #endif) ends with the file."""
    bare = _TOKENS.sub(_blanked, text).split("\n")
    arms = [Arm(None, "", "")]
    stack = [0]
    lines: list[Line] = []
    number = 0
    while number < len(bare):
        end = number
        while bare[end].endswith("\\") and end + 1 < len(bare):
            end += 1
        found = _DIRECTIVE.match(bare[number])
        word = found[1] if found else ""
        if word in (*_OPENING, *_TURNING, "endif"):
            at = _conditional(word, " ".join(bare[number : end + 1]), arms, stack)
            lines += [Line(Kind.CONDITIONAL, at)] * (end + 1 - number)
        elif word and word not in _PLAIN and bare[number].lstrip().startswith("#"):
            lines += [Line(Kind.BLANK, stack[-1])] * (end + 1 - number)  # an assembler's comment
        else:
            lines += [Line(_kind(line), stack[-1]) for line in bare[number : end + 1]]
        number = end + 1
    return Source(tuple(lines), tuple(arms))


def _blanked(found: re.Match[str]) -> str:
    token = found[0]
    return token if token[0] in "\"'" else " " + "\n" * token.count("\n")


def _kind(line: str) -> Kind:
    if not line.strip() or line.strip() == "\\":
        return Kind.BLANK
    return Kind.PUNCTUATION if _PUNCTUATION.fullmatch(line) else Kind.CODE


def _conditional(word: str, text: str, arms: list[Arm], stack: list[int]) -> int:
    opener = re.sub(r"\s+", " ", text.replace("\\", " ")).strip().replace("# ", "#", 1)
    if word == "endif":
        return stack.pop() if len(stack) > 1 else 0
    first, before = opener, None
    if word in _TURNING and len(stack) > 1:
        before = stack.pop()
        first = arms[before].first
    arms.append(Arm(stack[-1], opener, first, before))
    stack.append(len(arms) - 1)
    return stack[-1]
