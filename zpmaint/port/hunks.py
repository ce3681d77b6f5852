# SPDX-License-Identifier: GPL-2.0-only
"""A hunk of the anchor as the ladder sees it: what it takes, what it brings, where it stands."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from functools import cached_property

from unidiff.patch import Hunk

from zpmaint.merge.lines import squeezed
from zpmaint.port.scopes import Scope, Source, fragment

_NO_NEWLINE = "\\"


@dataclass(frozen=True)
class Change:
    """One hunk."""

    header: str
    start: int
    """The first line of its pre-image in the anchor's base, counted from 0."""
    lines: tuple[tuple[str, str], ...]
    """(' ', '-' or '+', the line with its end)."""
    section: str
    """What its header says after the second @@: git's guess of the function."""
    language: str = "c"
    """How its file is written."""

    @classmethod
    def of(cls, hunk: Hunk, language: str = "c") -> Change:
        """The hunk as unidiff read it."""
        lines: list[tuple[str, str]] = []
        for line in hunk:
            if line.line_type == _NO_NEWLINE:
                kind, text = lines[-1]
                # Of CRLF the CR is the line's own then.
                lines[-1] = (kind, text.removesuffix("\n"))
            else:
                lines.append((line.line_type, line.value))
        length = hunk.source_length or 0
        header = (
            f"@@ -{hunk.source_start},{length} +{hunk.target_start},{hunk.target_length or 0} @@"
        )
        # A pre-image without lines is numbered by the line before it.
        start = hunk.source_start - 1 if length else hunk.source_start
        return cls(header, start, tuple(lines), hunk.section_header or "", language)

    @cached_property
    def pre(self) -> list[str]:
        """The lines it expects."""
        return [text for kind, text in self.lines if kind != "+"]

    @cached_property
    def post(self) -> list[str]:
        """The lines it leaves."""
        return [text for kind, text in self.lines if kind != "-"]

    @cached_property
    def lead(self) -> int:
        """How many context lines stand before its first change."""
        return next((n for n, (kind, _) in enumerate(self.lines) if kind != " "), len(self.lines))

    @cached_property
    def trail(self) -> int:
        """How many context lines stand after its last change."""
        kinds = [kind for kind, _ in reversed(self.lines)]
        return next((n for n, kind in enumerate(kinds) if kind != " "), len(kinds))

    @cached_property
    def removed(self) -> Counter[str]:
        """What it takes away for good: removed lines that it does not add again, squeezed."""
        return counted(self.pre) - counted(self.post)

    @cached_property
    def added(self) -> Counter[str]:
        """What it brings that was not there: added lines that it did not remove, squeezed."""
        return counted(self.post) - counted(self.pre)

    def changed(self) -> tuple[int, int]:
        """The pre-image's lines [first, last) that it changes; empty for a pure addition."""
        return self.lead, max(self.lead, len(self.pre) - self.trail)

    def scopes_in(self, source: Source, at: int) -> list[Scope | None]:
        """The scopes that its changes stand in, where its pre-image stands at line `at`.

        None is file level. A function that goes as a whole is a change at file level.
        """
        found: list[Scope | None] = []
        gone = self._removed_at(at)
        n = at
        for kind, _ in self.lines:
            if kind == "-":
                scope = source.scope_at(n)
                if scope is not None and gone.issuperset(range(scope.start, scope.end)):
                    scope = None
            elif kind == "+":
                scope = source.scope_between(n)
            else:
                n += 1
                continue
            if scope not in found:
                found.append(scope)
            if kind == "-":
                n += 1
        return found

    def _removed_at(self, at: int) -> set[int]:
        kinds = [kind for kind, _ in self.lines if kind != "+"]
        return {at + n for n, kind in enumerate(kinds) if kind == "-"}

    def dropped(self, source: Source, at: int) -> list[Scope]:
        """The scopes that it deletes as a whole, where its pre-image stands at line `at`."""
        gone = self._removed_at(at)
        return [s for s in source.scopes if gone.issuperset(range(s.start, s.end))]

    @cached_property
    def own_scope(self) -> Scope | None:
        """The scope that the pre-image itself shows, as one with wide context does."""
        scopes = self.scopes_in(fragment(self.pre, self.language), 0)
        return scopes[0] if len(scopes) == 1 else None


def counted(lines: list[str]) -> Counter[str]:
    """Lines as a multiset, squeezed, empty ones left out."""
    return Counter(text for line in lines if (text := squeezed(line)))


def find_all(lines: list[str], wanted: list[str]) -> list[int]:
    """Every place where a run of lines stands."""
    if not wanted:
        return []
    size = len(wanted)
    # The rarest line is not known; the longest is a good guess and cuts the comparisons.
    key = max(range(size), key=lambda k: len(wanted[k]))
    text = wanted[key]
    return [
        n - key
        for n, line in enumerate(lines)
        if line == text and n >= key and lines[n - key : n - key + size] == wanted
    ]


def nearest(lines: list[str], wanted: list[str], at: int) -> int | None:
    """The place nearest to a line where a run of lines stands; None where there is none."""
    return min(find_all(lines, wanted), key=lambda n: abs(n - at), default=None)


def stands_beside(lines: list[str], at: int, wanted: list[str]) -> bool:
    """Whether a run of lines stands right before or right behind a place."""
    size = len(wanted)
    return wanted in (lines[max(0, at - size) : at], lines[at : at + size])
