# SPDX-License-Identifier: GPL-2.0-only
"""Characters that word processors and pages put in the place of those that code is written in."""

from __future__ import annotations

import re
from dataclasses import dataclass

_QUOTES = {
    **dict.fromkeys("\u2018\u2019\u201a\u201b\u2032\u02bc\x91\x92", "'"),
    **dict.fromkeys("\u201c\u201d\u201e\u201f\u2033\u00ab\u00bb\x93\x94", '"'),
}
_DASHES = {**dict.fromkeys("\u2010\u2011\u2012\u2013\u2212\x96", "-"), "\u2014": "--", "\x97": "--"}
_OTHERS = {
    "\u2026": "...",
    "\x85": "...",
    **dict.fromkeys("\u00a0\u2002\u2003\u2009\u202f\u3000", " "),
    **dict.fromkeys("\u200b\u200c\u200d\u2060\ufeff\u00ad", ""),
    **{chr(0xFF01 + n): chr(0x21 + n) for n in range(94)},  # full width
}
PLAIN = str.maketrans({**_QUOTES, **_DASHES, **_OTHERS})
"""Each such character and what it stands for."""
_CODE = re.compile(
    r"(?:\.(?:c|h|S|s|lds|dts|dtsi|dtso|rs|py|sh|pl|awk|l|y|inc|tbl)|(?:^|/)(?:Makefile|Kbuild|Kconfig)[^/]*)$"
)
_HASH = re.compile(r"(?:\.(?:py|sh|pl|awk|tbl)|(?:^|/)(?:Makefile|Kbuild|Kconfig)[^/]*)$")
_TOKEN = re.compile(r"""/\*.*?(?:\*/|$)|//.*|"(?:\\.|[^"\\])*"|'(?:\\.|[^'\\])*'""")
_TOKEN_HASH = re.compile(r"""#.*|"(?:\\.|[^"\\])*"|'(?:\\.|[^'\\])*'""")


@dataclass(frozen=True)
class Found:
    """The characters of a line that no code has outside of its literals and comments."""

    outside: tuple[str, ...]
    """In the code itself, where no compiler takes them."""
    inside: tuple[str, ...]
    """In a comment or a literal, where they may be meant; only those that stand for others."""


def plain(text: str) -> str:
    """A line with every such character replaced by what it stands for."""
    return text if text.isascii() else _latin(text).translate(PLAIN)


def _latin(text: str) -> str:
    """A byte that is no UTF-8 as the character that cp1252 and Latin-1 have for it."""
    if not any("\udc80" <= c <= "\udcff" for c in text):
        return text
    return "".join(chr(ord(c) - 0xDC00) if "\udc80" <= c <= "\udcff" else c for c in text)


def corrected(text: str) -> str:
    """As `plain`, all other bytes kept."""
    out = []
    for c in text:
        shown = chr(ord(c) - 0xDC00) if "\udc80" <= c <= "\udcff" else c
        fresh = shown.translate(PLAIN) if ord(shown) > 126 else c
        out.append(c if fresh == shown else fresh)
    return "".join(out)


def is_code(path: str) -> bool:
    """Whether a file is written in a language of ASCII marks."""
    return bool(_CODE.search(path))


def look(text: str, path: str) -> Found:
    """What a line of a file of code holds of them."""
    if text.isascii() or not is_code(path):
        return Found((), ())
    is_comment = not _HASH.search(path) and text.lstrip().startswith(("*", "/*"))
    pattern = _TOKEN_HASH if _HASH.search(path) else _TOKEN
    code = "" if is_comment and "*/" not in text.rstrip()[:-2] else pattern.sub("", text)
    outside = tuple(dict.fromkeys(c for c in code if not c.isascii()))
    inside = tuple(
        dict.fromkeys(c for c in text if not c.isascii() and c not in outside and corrected(c) != c)
    )
    return Found(outside, inside)


def named(found: tuple[str, ...]) -> str:
    """Characters for people: U+2019."""
    return ", ".join(f"U+{ord(c):04X}" if ord(c) < 0xD800 or ord(c) > 0xDFFF else
                     f"byte {ord(c) - 0xDC00:02x}" for c in found)  # fmt: skip
