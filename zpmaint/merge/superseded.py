# SPDX-License-Identifier: GPL-2.0-only
"""What the target has otherwise of words that the patch takes away.

Where both sides put another word for one, they are rivals, and only a person knows who is right.
But of a block that the patch rewrites it does not matter how the target spells a part of it, and
how a message is worded matters never.
"""

from __future__ import annotations

from collections.abc import Sequence

from zpmaint.merge.tokens import similarity, statement

_MUCH = 12
"""So many words are more than a value or a call: a block, or a statement of some length."""
_ALIKE = 0.6
"""The share of words that rewritten lines have in common with the target's, at least."""
_LITERAL = ('"', "'")
_BESIDE = frozenset({",", "(", ")", "\\", ";"})
"""What a message may be set apart by."""


def goes(over: Sequence[str], old: Sequence[str], new: Sequence[str]) -> bool:
    """Whether words of the target go with those that the patch takes away: `over` is what the
    patch takes away of the base, `old` what of that became `new` in the target."""
    if statement(old) != statement(new):
        return False  # it became another statement
    if _is_message(old) and _is_message(new):
        return True
    return len(over) >= _MUCH and max(len(old), len(new)) * 2 <= len(over)


def lines_go(over: Sequence[str], old: Sequence[str], new: Sequence[str]) -> bool:
    """The same of all words of some lines."""
    much = len(over) >= _MUCH and statement(old) == statement(new)
    return much and similarity(old, new) >= _ALIKE


def _is_message(words: Sequence[str]) -> bool:
    return all(word.startswith(_LITERAL) or word in _BESIDE for word in words)
