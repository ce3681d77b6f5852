# SPDX-License-Identifier: GPL-2.0-only
"""The rule by which a hunk of a C or assembler source counts as compiled. Pure.

Of the lines that a hunk adds and removes those count that hold code. A line is live where the
preprocessor takes it in an object that was linked: an added line in the patched tree, a removed
one in the stock tree. A hunk is compiled if every line that counts is live. If some are dead the
hunk is not compiled, and it says how many, and which conditional keeps them out.

A dead line that repeats a line of stock (the #else of a new #ifdef, which holds the code as it
was) is no new code and does not count; nor does one that is nothing but brackets, unless the hunk
has no other. A hunk that changes conditionals alone is judged by the code that these enclose.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import dataclass

from zpmaint.build.change import HunkChange
from zpmaint.build.clines import Kind, Source
from zpmaint.build.evidence import Compiled, HunkEvidence


@dataclass(frozen=True)
class Side:
    """A source of one of the two trees, and which of its arms the preprocessor takes."""

    source: Source
    live: frozenset[int]

    def is_live(self, number: int) -> bool:
        return self.source.line(number).arm in self.live


@dataclass(frozen=True)
class _Counted:
    side: Side
    number: int
    is_bracket: bool

    @property
    def is_live(self) -> bool:
        return self.side.is_live(self.number)


def same(text: str) -> str:
    """A line with all white space taken out: what two lines are compared by."""
    return "".join(text.split())


def has_code(hunk: HunkChange, new: Source, old: Source) -> bool:
    """Whether any line that it changes is more than a comment or an empty line."""
    return any(
        source.line(line.number).kind is not Kind.BLANK
        for source, lines in ((new, hunk.added), (old, hunk.removed))
        for line in lines
        if line.number is not None
    )


def judge(
    hunk: HunkChange,
    new: Side,
    old: Side,
    *,
    place: Compiled,
    shown_by: str,
    stock_lines: Collection[str] = (),
) -> HunkEvidence:
    """What is known of one hunk of a file that is in an object at `place`.

    `shown_by` names the objects; `stock_lines` are lines, as `same` writes them, that the patch
    removes elsewhere in the file."""
    stock = {
        *stock_lines,
        *(same(line.text) for line in hunk.kept),
        *(same(line.text) for line in hunk.removed),
    }
    counted: list[_Counted] = []
    for side, lines in ((new, hunk.added), (old, hunk.removed)):
        for line in lines:
            if line.number is None:
                continue
            kind = side.source.line(line.number).kind
            if kind not in (Kind.CODE, Kind.PUNCTUATION):
                continue
            one = _Counted(side, line.number, kind is Kind.PUNCTUATION)
            if side is new and not one.is_live and same(line.text) in stock:
                continue
            counted.append(one)
    if any(not one.is_bracket for one in counted):
        counted = [one for one in counted if one.is_live or not one.is_bracket]
    if not counted and any(
        line.built and line.stock and old.is_live(line.stock) and not new.is_live(line.built)
        for line in hunk.kept
    ):
        return HunkEvidence(hunk.header, place, f"{shown_by}: leaves out code that stock compiles")
    if not counted:
        counted = _enclosed(hunk, new, old)
        if not counted:
            return HunkEvidence(hunk.header, Compiled.NO_CODE, "comments and blank lines alone")
        if any(one.is_live for one in counted):
            return HunkEvidence(hunk.header, place, f"{shown_by}: conditionals around live code")
    dead = [one for one in counted if not one.is_live]
    if not dead:
        return HunkEvidence(hunk.header, place, shown_by)
    return HunkEvidence(hunk.header, Compiled.NOT, *_dead(dead, len(counted)))


def _enclosed(hunk: HunkChange, new: Side, old: Side) -> list[_Counted]:
    """The code that changed conditionals enclose, in the tree that they stand in and in stock."""
    found: list[_Counted] = []
    for side, lines in ((new, hunk.added), (old, hunk.removed)):
        for line in lines:
            if line.number is None:
                continue
            at = side.source.line(line.number)
            if at.kind is Kind.CONDITIONAL:
                found += [_Counted(side, number, False) for number in side.source.within(at.arm)]
    return found


def _dead(dead: list[_Counted], total: int) -> tuple[str, tuple[str, ...]]:
    labels: dict[str, None] = {}
    symbols: dict[str, None] = {}
    for one in dead:
        source = one.side.source
        off = [arm for arm in source.chain(source.line(one.number).arm) if arm not in one.side.live]
        labels |= dict.fromkeys(source.arms[arm].label for arm in off[:1])
        symbols |= dict.fromkeys(_symbols(source, off))
    lines = "changed lines" if total > 1 else "changed line"
    where = f" under {' and '.join(labels)}, which is off here" if labels else ", never reached"
    return f"{len(dead)} of {total} {lines}{where}", tuple(symbols)


def _symbols(source: Source, arms: Iterable[int]) -> list[str]:
    return [name for arm in arms for name in source.arms[arm].symbols]
