# SPDX-License-Identifier: GPL-2.0-only
"""Which statements a suite runs: the source marked so that each says so once, on the console. Pure.

A bug in a statement that no case runs cannot be noticed, whatever the cases look at. That is told
apart, and costs no build and no boot.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from zpmaint.mutation.aim import Aimed
from zpmaint.mutation.generated import Generated
from zpmaint.mutation.spots import statements
from zpmaint.mutation.undone import KIND as UNDONE

_MARK = (
    "{{ static char zp_ran; if (!zp_ran) {{ zp_ran = 1; "
    'printk(KERN_WARNING "zp-ran {number}\\n"); }} '
)
_SAID = re.compile(r"zp-ran (\d+)\b")


@dataclass(frozen=True)
class Statement:
    """Bytes [start, end) of a file."""

    file: str
    origin: int
    """Where its function begins."""
    start: int
    end: int


@dataclass(frozen=True)
class Marked:
    """Files whose statements say when they run; a statement's number is its place in the list."""

    files: Mapping[str, bytes]
    statements: tuple[Statement, ...]

    def said(self, console: str) -> frozenset[int]:
        """The statements that a console tells of."""
        return frozenset(n for n in map(int, _SAID.findall(console)) if n < len(self.statements))


def marked(aimed: Iterable[Aimed]) -> Marked:
    """The functions marked."""
    found: list[Statement] = []
    texts: dict[str, bytes] = {}
    edits: dict[str, list[tuple[int, int, bytes]]] = {}
    for at in aimed:
        texts[at.file] = at.source
        for start, end in statements(at.source[at.start : at.end]):
            one = Statement(at.file, at.start, at.start + start, at.start + end)
            mark = _MARK.format(number=len(found)).encode()
            found.append(one)
            here = edits.setdefault(at.file, [])
            # At one place what ends comes before what begins, and what is around before what is in.
            here.append((one.start, 1, mark))
            here.append((one.end, 0, b" }"))
    return Marked({file: _put(texts[file], edits.get(file, [])) for file in texts}, tuple(found))


def _put(text: bytes, edits: Sequence[tuple[int, int, bytes]]) -> bytes:
    parts, last = [], 0
    for at, _, put in sorted(edits, key=lambda edit: edit[:2]):
        parts += [text[last:at], put]
        last = at
    return b"".join((*parts, text[last:]))


@dataclass(frozen=True)
class Reached:
    """What of the marked statements ran."""

    marked: Marked
    ran: frozenset[int]

    def runs(self, mutant: Generated) -> bool:
        """Whether a bug's place does: the innermost statement that holds it, of a declaration the
        next one of its function. What undoes a part of the patch is taken to, and so is all of a
        function that could not be marked."""
        if mutant.kind == UNDONE:
            return True
        rows = [
            (one.start, one.end, number)
            for number, one in enumerate(self.marked.statements)
            if (one.file, one.origin) == (mutant.file, mutant.origin)
        ]
        around = [row for row in rows if row[0] <= mutant.start < row[1]]
        if around:
            return max(around)[2] in self.ran
        after = [row for row in rows if row[0] > mutant.start]
        return not after or min(after)[2] in self.ran
