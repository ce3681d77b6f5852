# SPDX-License-Identifier: GPL-2.0-only
"""The added lines of a damaged hunk: their bytes are in no base and have to be rebuilt.

Where the posting's blanks follow a rule, the rule is turned round. Where they are gone, a removed
line with the same tokens lends its indentation, moved by what the nesting around it changed; and
a line that has no such twin stands where kernel coding style puts it.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from difflib import SequenceMatcher
from enum import Enum

from zpmaint.core.errors import UserError
from zpmaint.mend.addresses import hides
from zpmaint.mend.align import Aligned, Kind, Line, key
from zpmaint.mend.characters import corrected
from zpmaint.mend.cstyle import TAB, Place, Stand, places
from zpmaint.mend.whitespace import Rule, Seen, rule_for

INSIDE = "blanks inside a line"
"""The damage after which tabs inside added lines cannot be told from blanks."""

CHARACTER = "typographic character"
ADDRESS = "address that an archive hid"

_C = (".c", ".h")
_LEAD = re.compile(r"[ \t]*")


class How(Enum):
    """Where the bytes of a line come from, surest first."""

    BASE = "exact from base"
    POSTED = "as posted"
    TABS = "tabs restored from blanks"
    TWIN = "indent from twin line"
    DEPTH = "indent from brace depth"
    STYLE = "indent guessed from coding style"


@dataclass(frozen=True)
class Row:
    """One line of the file, before and after."""

    kind: Kind
    text: str
    how: How
    line: Line | None = None
    """The hunk's line; None for a line between the hunks."""
    doubt: str = ""
    """Why the line should be looked at; '' where it need not."""


@dataclass
class _Added:
    """An added line on its way."""

    line: Line
    index: int
    """In the new file."""
    hunk: int
    twin: int | None = None
    """Index in the base of the removed line with the same tokens."""


def rows_of(
    path: str, base: Sequence[str], hunks: Sequence[Aligned], name: str, damage: Counter[str]
) -> list[Row]:
    """The whole file as rows, the hunks' added lines rebuilt; what was mended is counted.

    `base` is the file's lines without their ends. Raises UserError where an added line's
    indentation is lost in a file whose language has no rule for it.
    """
    rules = _rules(base, hunks)
    new: list[str] = []
    added: list[_Added] = []
    for number, line in _walk(len(base), hunks):
        if isinstance(line, int):
            new.append(base[line])
        elif line.kind is Kind.KEPT:
            assert line.base is not None
            new.append(base[line.base])
        elif line.kind is Kind.ADDED:
            added.append(_Added(line, len(new), number))
            new.append(line.text.strip())
    _find_twins(base, hunks, added)
    builder = _Builder(
        path,
        base,
        new,
        added=frozenset(a.index for a in added),
        rules=rules,
        name=name,
        damage=damage,
    )
    built = {one.index: builder.built(one) for one in added}
    rows: list[Row] = []
    index = 0
    for number, line in _walk(len(base), hunks):
        if isinstance(line, int):
            rows.append(Row(Kind.KEPT, base[line], How.BASE))
            index += 1
        elif line.kind is Kind.ADDED:
            row = built[index]
            ends = [base[x.base] for x in hunks[number].lines if x.base is not None]
            if ends and all(end.endswith("\r") for end in ends) and not row.text.endswith("\r"):
                row = Row(row.kind, row.text + "\r", row.how, row.line, row.doubt)
            rows.append(row)
            index += 1
        else:
            assert line.base is not None
            rows.append(Row(line.kind, base[line.base], How.BASE, line))
            index += line.kind is Kind.KEPT
    _count(base, hunks, damage)
    return _with_doubts(rows)


def _walk(length: int, hunks: Sequence[Aligned]) -> Iterator[tuple[int, int | Line]]:
    """(number of the hunk, its line), and between the hunks (-1, index in the base)."""
    at = 0
    for number, hunk in enumerate(hunks):
        yield from ((-1, index) for index in range(at, hunk.start))
        yield from ((number, line) for line in hunk.lines)
        at = hunk.start + sum(line.base is not None for line in hunk.lines)
    yield from ((-1, index) for index in range(at, length))


def _lead(text: str) -> str:
    found = _LEAD.match(text)
    return found[0] if found else ""


def _squeezed(text: str) -> str:
    return " ".join(text.split())


def _seen(base: Sequence[str], hunk: Aligned) -> list[Seen]:
    out = []
    for line in hunk.lines:
        if line.base is None or not line.posted or not base[line.base].strip():
            continue
        raw = line.posted[0].text
        posted = raw if line.kind is Kind.KEPT else raw[1:]
        out.append(Seen(line.kind.value, _lead(base[line.base]), _lead(posted)))
    return out


def _rules(base: Sequence[str], hunks: Sequence[Aligned]) -> list[Rule | None]:
    """For each hunk the rule its blanks follow; None where they are lost."""
    by_hunk = [_seen(base, hunk) for hunk in hunks]
    everywhere = [one for seen in by_hunk for one in seen]
    if not any(one.tells for one in everywhere):
        return [AS_POSTED] * len(hunks)
    common = rule_for(everywhere)
    if common is not None:
        return [common] * len(hunks)
    return [rule_for(seen) if any("\t" in s.base for s in seen) else None for seen in by_hunk]


AS_POSTED = Rule("", lambda mark, indent: mark + indent, lambda posted: posted)


def _find_twins(base: Sequence[str], hunks: Sequence[Aligned], added: list[_Added]) -> None:
    removed = [
        (number, line.base, key(base[line.base]))
        for number, hunk in enumerate(hunks)
        for line in hunk.lines
        if line.kind is Kind.REMOVED and line.base is not None
    ]
    for number in range(len(hunks)):
        old = [(index, k) for n, index, k in removed if n == number]
        mine = [one for one in added if one.hunk == number]
        matcher = SequenceMatcher(
            None, [k for _, k in old], [key(one.line.text) for one in mine], autojunk=False
        )
        for i, j, size in matcher.get_matching_blocks():
            for step in range(size):
                mine[j + step].twin = old[i + step][0]
    times = Counter(k for _, _, k in removed)
    where = {k: index for _, index, k in removed}
    for one in added:
        k = key(one.line.text)
        if one.twin is None and k and times[k] == 1:  # moved from elsewhere in the file
            one.twin = where[k]


class _Builder:
    """Gives each added line its bytes; works on the new file from top to bottom."""

    def __init__(
        self,
        path: str,
        base: Sequence[str],
        new: list[str],
        *,
        added: frozenset[int],
        rules: Sequence[Rule | None],
        name: str,
        damage: Counter[str],
    ) -> None:
        self.path = path
        self.base = base
        self.new = new
        self.added = added
        self.rules = rules
        self.name = name
        self.damage = damage
        self._places: tuple[list[Place], list[Place]] | None = None

    @property
    def places(self) -> tuple[list[Place], list[Place]]:
        """Of the base and of the new file; scanned only where a line needs them."""
        if self._places is None:
            # An added brace that lost its indentation must not look like a function's end.
            shown = [f" {t}" if i in self.added else t for i, t in enumerate(self.new)]
            self._places = (places(self.base), places(shown))
        return self._places

    def built(self, one: _Added) -> Row:
        rule = self.rules[one.hunk]
        text = one.line.text
        body = text.strip()
        doubt = ""
        if len(one.line.posted) > 1:
            doubt = "joined from wrapped parts with one blank"
        if one.twin is not None and (rule is None or rule.name or doubt):
            twin = self.base[one.twin].strip()
            if _squeezed(twin) == _squeezed(body):
                body, doubt = twin, ""
        if not body:
            text, how = text if rule is not None and not rule.name else "", How.POSTED
        elif rule is not None:
            lead = rule.undone(_lead(text))
            how = How.TABS if rule.name and lead != _lead(text) else How.POSTED
            self.damage[rule.name] += how is How.TABS
            if rule.name and body != _squeezed(body) and one.twin is None:
                doubt = doubt or "blanks inside the line may have been tabs"
            # What is not known to be damaged keeps its trailing blanks too.
            text = text if how is How.POSTED and not rule.name and not doubt else lead + body
        else:
            lead, how = self.stands(one)
            self.damage["indentation lost"] += bool(lead)
            text = lead + body
            if how is How.STYLE:
                doubt = doubt or how.value
        self.new[one.index] = text
        return Row(Kind.ADDED, text, how, one.line, doubt)

    def stands(self, one: _Added) -> tuple[str, How]:
        """The indentation of a line that lost it, and how it was found."""
        if not self.path.endswith(_C):
            raise UserError(
                f"{self.name}: line {one.line.posted[0].number}: the indentation of this added "
                f"line is lost, and {self.path} is not C",
                "put it back by hand: there is no rule that says what it was",
            )
        old_places, new_places = self.places
        place = new_places[one.index]
        if one.twin is not None:
            lead = _moved(_lead(self.base[one.twin]), place.level - old_places[one.twin].level)
            if lead is not None:
                return lead, How.TWIN
        if place.stand in (Stand.LABEL, Stand.DIRECTIVE):
            return "", How.DEPTH
        if place.stand is Stand.COMMENT:
            return self.in_comment(one.index), How.STYLE
        if place.stand is Stand.REST:
            return self.rest(one.index, place), How.STYLE
        near = self.statement_above(one.index)
        if near is not None:
            lead = _moved(_lead(self.new[near]), place.level - new_places[near].level)
            if lead is not None and not lead.strip("\t"):
                return lead, How.DEPTH
        return "\t" * place.level, How.DEPTH

    def statement_above(self, index: int) -> int | None:
        """The nearest line above that begins a statement."""
        new_places = self.places[1]
        for above in range(index - 1, -1, -1):
            text = self.new[above].strip()
            if text and new_places[above].stand is Stand.STATEMENT:
                return above
            if self.new[above] == "}":
                break
        return None

    def in_comment(self, index: int) -> str:
        first = index
        while first > 0 and self.places[1][first].stand is Stand.COMMENT:
            first -= 1
        return _lead(self.new[first]) + (" " if self.new[index].startswith("*") else "   ")

    def rest(self, index: int, place: Place) -> str:
        """Under the open bracket, or one tab deeper than the statement."""
        if place.opened is not None:
            line, column = place.opened
            tabs, blanks = divmod(len(_lead(self.new[line]).expandtabs(TAB)) + column, TAB)
            return "\t" * tabs + " " * blanks
        near = self.statement_above(index)
        return (_lead(self.new[near]) if near is not None else "\t" * place.level) + "\t"


def _with_doubts(rows: list[Row]) -> list[Row]:
    """Where a rebuilt line came out as the line it replaces, only its blanks had changed, and
    they are lost."""
    out: list[Row] = []
    removed: set[str] = set()
    for row in rows:
        if row.kind is Kind.KEPT:
            removed.clear()
        elif row.kind is Kind.REMOVED:
            removed.add(row.text)
        elif row.how in (How.TWIN, How.TABS) and row.text in removed and not row.doubt:
            out.append(replace(row, doubt="the same as the line it replaces"))
            continue
        out.append(row)
    return out


def _moved(lead: str, by: int) -> str | None:
    """`lead` with `by` tabs more in front; None where it has not so many to lose."""
    if by >= 0:
        return "\t" * by + lead
    return lead[-by:] if lead.startswith("\t" * -by) else None


def _count(base: Sequence[str], hunks: Sequence[Aligned], damage: Counter[str]) -> None:
    """Count what was wrong with the lines that came back from the base."""
    for hunk in hunks:
        damage["extra blank line"] += hunk.extra_blanks
        for line in hunk.lines:
            damage["wrapped line"] += max(len(line.posted) - 1, 0)
            if line.base is None:
                continue
            truth = base[line.base]
            if not line.posted:
                damage["blank context line lost"] += 1
            if line.posted and line.posted[0].text[:1].isascii():
                posted = "".join(part.text for part in line.posted)
                damage[CHARACTER] += _has_others(posted, truth)
                damage[ADDRESS] += hides(posted) and not hides(truth)
            if len(line.posted) == 1:
                damage[_fault(line, truth)] += 1
                damage[INSIDE] += line.text.strip() != truth.strip()


def _has_others(posted: str, truth: str) -> bool:
    """Whether a posted line has typographic characters where the file has plain ones."""
    if posted.isascii():
        return False
    return any(corrected(c) != c and not c.isspace() and c not in truth for c in posted)


def _fault(line: Line, truth: str) -> str:
    """What happened to the blanks of one context or removed line; '' if nothing that matters."""
    posted = line.posted[0].text
    if posted in (line.kind.value + truth, "" if not truth else None):
        return ""
    if posted.rstrip() == (line.kind.value + truth).rstrip():
        return "trailing blank lost"
    body = posted if line.kind is Kind.KEPT else posted[1:]
    if "\t" in _lead(truth) and "\t" not in _lead(body) and len(_lead(body)) > 1:
        return "tabs turned to blanks"
    if _lead(body) != _lead(truth) and _lead(truth):
        return "indentation lost"
    return "" if body.strip() != truth.strip() else "leading blank lost"
