# SPDX-License-Identifier: GPL-2.0-only
"""What a port opens it closes: brackets, and #if."""

from __future__ import annotations

import re
from collections import Counter

from zpmaint.merge.tokens import code
from zpmaint.port.hunks import Change

_PAIRS = ("{", "}", "(", ")", "[", "]")
_CONDITIONAL = re.compile(r"\s*#\s*(if|ifdef|ifndef|else|elif|endif)\b")


def _balance(lines: list[str]) -> Counter[str]:
    return Counter(token for token in code("".join(lines)) if token in _PAIRS)


def brackets(change: Change, old: list[str], new: list[str]) -> str:
    """The port opens and closes as many brackets as the anchor's hunk does."""
    pre, post = _balance(change.pre), _balance(change.post)
    before, after = _balance(old), _balance(new)
    for opening, closing in zip(_PAIRS[::2], _PAIRS[1::2], strict=True):
        wanted = (post[opening] - post[closing]) - (pre[opening] - pre[closing])
        made = (after[opening] - after[closing]) - (before[opening] - before[closing])
        if wanted != made:
            return f"the brackets {opening}{closing} would be out of balance"
    return ""


def _depth(lines: list[str]) -> tuple[int, int]:
    words = [found[1] for line in lines if (found := _CONDITIONAL.match(line))]
    opened = sum(word in ("if", "ifdef", "ifndef") for word in words)
    return opened - words.count("endif"), words.count("else") + words.count("elif")


def conditionals(change: Change, old: list[str], new: list[str]) -> str:
    """The port opens and closes as many #if as the anchor's hunk does."""
    wanted = _depth(change.post)[0] - _depth(change.pre)[0]
    return "" if _depth(new)[0] - _depth(old)[0] == wanted else "#if and #endif would not match"


_BLOCK = re.compile(r"\s*(if|endif|menu|endmenu|choice|endchoice)\b")
_OPENERS = ("if", "menu", "choice")


def blocks(change: Change, old: list[str], new: list[str]) -> str:
    """The port of a Kconfig opens and closes as many blocks as the anchor's hunk does."""
    wanted = {word: _open(change.post, word) - _open(change.pre, word) for word in _OPENERS}
    made = {word: _open(new, word) - _open(old, word) for word in _OPENERS}
    wrong = [f"{word} and end{word}" for word in _OPENERS if wanted[word] != made[word]]
    return f"{', '.join(wrong)} would not match" if wrong else ""


def _open(lines: list[str], word: str) -> int:
    # What is indented by a tab and more is an entry's own, or help.
    told = [found[1] for line in lines if line[:1] != "\t" and (found := _BLOCK.match(line))]
    return told.count(word) - told.count(f"end{word}")
