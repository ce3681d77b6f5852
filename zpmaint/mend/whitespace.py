# SPDX-License-Identifier: GPL-2.0-only
"""What became of a posting's indentation, learned from the lines the base knows.

Each context and removed line shows the indentation of the base beside what was posted. A rule
that explains all of them (tabs shown as 8 blanks, say) can be turned round for the added lines.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass


@dataclass(frozen=True)
class Seen:
    """One line known from the base: its mark, its indentation there, and as it was posted."""

    mark: str
    """' ', '+' or '-'."""
    base: str
    """Indentation in the base."""
    posted: str
    """Indentation as posted; for context lines with the mark's blank in front, if it is there."""

    @property
    def tells(self) -> bool:
        """Whether the line can tell rules apart at all."""
        return bool(self.base)


@dataclass(frozen=True)
class Rule:
    """One way pages and mailers treat indentation."""

    name: str
    """'' where nothing was done to it."""
    damaged: Callable[[str, str], str]
    """(mark, indentation) -> what is posted: with ' ' in front for context lines, where kept."""
    undone: Callable[[str], str]
    """Posted indentation of an added line -> the true one."""

    def explains(self, seen: Seen) -> bool:
        return self.damaged(seen.mark, seen.base) == seen.posted and (
            seen.mark == " " or self.undone(seen.posted) == seen.base
        )


def rule_for(seen: Iterable[Seen]) -> Rule | None:
    """The rule that explains every line; None where none does, or where no line can tell."""
    told = [one for one in seen if one.tells]
    if not told:
        return None
    return next((rule for rule in _RULES if all(rule.explains(one) for one in told)), None)


def _front(mark: str) -> str:
    return " " if mark == " " else ""


def _intact() -> Rule:
    return Rule("", lambda mark, indent: _front(mark) + indent, lambda posted: posted)


def _mark_eaten() -> Rule:
    return Rule("", lambda _mark, indent: indent, lambda posted: posted)


def _spread(tab: int, mark_counts: bool, mark_kept: bool) -> Rule:
    """Tabs shown as blanks up to the next multiple of `tab` columns; `mark_counts`: the mark in
    front took one of the first tab's columns."""
    shift = 1 if mark_counts else 0

    def damaged(mark: str, indent: str) -> str:
        spread = ("x" * shift + indent).expandtabs(tab)[shift:]
        return (_front(mark) if mark_kept else "") + spread

    def undone(posted: str) -> str:
        if "\t" in posted:
            return posted
        tabs, rest = divmod(len(posted) + shift, tab)
        return "\t" * tabs + " " * rest if tabs else posted

    return Rule("tabs turned to blanks", damaged, undone)


_RULES = (
    _intact(),
    _mark_eaten(),
    *(
        _spread(tab, counts, kept)
        for kept in (True, False)
        for tab in (8, 4, 2, 3, 6)
        for counts in (True, False)
    ),
)
