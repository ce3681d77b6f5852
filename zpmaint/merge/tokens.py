# SPDX-License-Identifier: GPL-2.0-only
"""C as tokens, as far as merging lines needs it."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Sequence
from functools import lru_cache

_TOKEN = re.compile(
    r"""
      /\*.*?(?:\*/|$) | //[^\n]*                     # comments
    | "(?:\\.|[^"\\\n])*"? | '(?:\\.|[^'\\\n])*'?    # strings and characters
    | [A-Za-z_]\w* | \d[\w.]*
    | <<=|>>=|\.\.\.|->|\+\+|--|<<|>>|[-+*/%&|^=!<>]=|&&|\|\||\#\#
    | [^\s]
    """,
    re.VERBOSE | re.DOTALL,
)
_WITH_SPACE = re.compile(r"\s+|[A-Za-z_]\w*|\d[\w.]*|[^\sA-Za-z_\d]")
_A_FEW_LINES = 400
"""Characters."""
_IDENTIFIER = re.compile(r"[A-Za-z_]\w*")

KEYWORDS = frozenset(
    {
        "auto",
        "break",
        "case",
        "char",
        "const",
        "continue",
        "default",
        "do",
        "double",
        "else",
        "enum",
        "extern",
        "float",
        "for",
        "goto",
        "if",
        "inline",
        "int",
        "long",
        "register",
        "return",
        "short",
        "signed",
        "sizeof",
        "static",
        "struct",
        "switch",
        "typedef",
        "union",
        "unsigned",
        "void",
        "volatile",
        "while",
        "defined",
        "define",
        "include",
        "ifdef",
        "ifndef",
        "endif",
        "elif",
        "undef",
    }
)


@lru_cache(maxsize=65536)
def tokens(line: str) -> tuple[str, ...]:
    """The tokens of a line, comments as one token each, white space dropped."""
    return tuple(_TOKEN.findall(line))


def is_comment(token: str) -> bool:
    """Whether a token is a comment."""
    return token.startswith(("/*", "//"))


def code(text: str) -> list[str]:
    """The tokens of a text of many lines, without comments."""
    return [token for token in _TOKEN.findall(text) if not is_comment(token)]


def pieces(line: str) -> list[str]:
    """Every character of a line in pieces that a token merge may move: nothing is dropped."""
    return _WITH_SPACE.findall(line)


def identifiers(text: str) -> set[str]:
    """The names that a text of many lines uses in code, keywords left out."""
    # A line is asked for again and again, a whole file once.
    found = tokens(text) if len(text) <= _A_FEW_LINES else _TOKEN.findall(text)
    return {t for t in found if _IDENTIFIER.fullmatch(t) and t not in KEYWORDS}


def is_identifier(token: str) -> bool:
    """Whether a token is a name (no keyword)."""
    return _IDENTIFIER.fullmatch(token) is not None and token not in KEYWORDS


def similarity(one: Sequence[str], other: Sequence[str]) -> float:
    """How much two lines' tokens have in common, 0..1 (Dice's coefficient on multisets)."""
    if not one or not other:
        return 0.0
    common = sum((Counter(one) & Counter(other)).values())
    return 2 * common / (len(one) + len(other))


def contained(one: Sequence[str], other: Sequence[str]) -> float:
    """How much of a line's tokens stands in another, 0..1."""
    return (Counter(one) & Counter(other)).total() / len(one) if one else 0.0


def weight(lines: Iterable[str]) -> int:
    """How many tokens some lines hold: what a change weighs."""
    return sum(len(tokens(line)) for line in lines)


def statement(words: Iterable[str]) -> list[str]:
    """What says what kind of statement some tokens are: keywords and braces."""
    return [token for token in words if token in KEYWORDS or token in ("{", "}")]
