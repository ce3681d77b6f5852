# SPDX-License-Identifier: GPL-2.0-only
"""Which commits a patch stands on without saying so: they brought lines that it speaks of, and
that the kernel it goes to does not have. Pure."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping

from zpmaint.diffs.series import Member
from zpmaint.merge.diff3 import edits
from zpmaint.merge.lines import lines_of, squeezed
from zpmaint.merge.tokens import identifiers

Files = Mapping[str, bytes | None]
Lines = Mapping[str, frozenset[str]]
"""By path lines without their blanks, of those that have a name in them."""

_AROUND = 3
"""Lines of context, as diff gives them."""


def spoken_of(member: Member) -> Lines:
    """The lines that a patch expects, its context with them."""
    found: dict[str, set[str]] = {}
    for part in () if member.unreadable else member.patch.diffs:
        if part.old is not None:
            lines = (line[1:] for hunk in part.hunks for line in hunk.lines if line[0] in " -")
            found.setdefault(part.old, set()).update(_telling(list(lines)))
    return {path: frozenset(lines) for path, lines in found.items()}


def expected_by(before: Files, after: Files) -> Lines:
    """The same of a commit, from the files that it changes."""
    found: dict[str, frozenset[str]] = {}
    for path, data in before.items():
        old, new = _lines(data), _lines(after.get(path))
        near: set[str] = set()
        for start, end, _ in edits(old, new) if data is not None else ():
            near |= _telling(old[max(0, start - _AROUND) : end + _AROUND])
        found[path] = frozenset(near)
    return found


def lacking(spoken: Lines, kernel: Files) -> Lines:
    """Those of the lines that a kernel's files do not have."""
    return {
        path: lines - _telling(_lines(kernel.get(path))) for path, lines in spoken.items() if lines
    }


def brought(before: Files, after: Files, wanted: Lines) -> list[str]:
    """Which of the lines a commit brought to their files."""
    found: list[str] = []
    for path, lines in wanted.items():
        old, new = (Counter(map(squeezed, _lines(tree.get(path)))) for tree in (before, after))
        found += sorted(line for line in lines if new[line] > old[line])
    return found


def _lines(data: bytes | None) -> list[str]:
    return [] if data is None else lines_of(data)


def _telling(lines: list[str]) -> set[str]:
    return {squeezed(line) for line in lines if identifiers(line)}
