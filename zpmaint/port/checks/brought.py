# SPDX-License-Identifier: GPL-2.0-only
"""What a placement brings to the target: its lines that were not there, and the calls in them."""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import cached_property

from zpmaint.merge.lines import squeezed
from zpmaint.merge.tokens import KEYWORDS
from zpmaint.port.calls import STATEMENT, TYPES, arguments, bare
from zpmaint.port.hunks import counted
from zpmaint.port.placement import Job, Placement
from zpmaint.port.scopes import Scope

_CALL = re.compile(r"(?<![\w.>])([A-Za-z_]\w*)\s*\(")
_ABOVE = 60
"""Lines of the target above a placement, in which a comment may open that it stands in."""
_AFTER = 8
"""Lines of the target below a placement, in which a list of arguments may go on."""


@dataclass(frozen=True)
class Brought:
    """A placement's own lines."""

    job: Job
    placement: Placement

    @cached_property
    def fresh(self) -> frozenset[str]:
        """Its lines that do not stand there yet, squeezed."""
        old = self.job.target.lines[self.placement.start : self.placement.end]
        return frozenset(counted(list(self.placement.lines)) - counted(old))

    @cached_property
    def text(self) -> str:
        """All its lines and a few of the target's below, bare: every offset is as they have it."""
        end = self.placement.end
        told = "".join([*self.placement.lines, *self.job.target.lines[end : end + _AFTER]])
        if not self._in_comment:
            return bare(told)
        return bare(f"/*{told}")[len("/*") :]

    @property
    def _in_comment(self) -> bool:
        """Whether its first line stands in a comment that opens above it."""
        start = self.placement.start
        above = "".join(self.job.target.lines[max(0, start - _ABOVE) : start])
        return above.rfind("/*") > above.rfind("*/")

    @cached_property
    def lines(self) -> list[str]:
        """Its own lines, comments left out."""
        told = zip(self.placement.lines, self.text.split("\n"), strict=False)
        return [plain for line, plain in told if squeezed(line) in self.fresh]

    @cached_property
    def within(self) -> Scope | None:
        """The scope of the target that its lines come to stand in; None where they are at file
        level, or reach over a scope's end."""
        start, end = self.placement.start, self.placement.end
        scope = self.job.target.scope_between(start)
        if scope is None and end > start:
            scope = self.job.target.scope_at(start)
        if scope is None or end > scope.end:
            return None
        ends = any(line.startswith("}") for line in self.placement.lines)
        return None if ends and end < scope.end else scope

    @cached_property
    def calls(self) -> list[tuple[str, tuple[str, ...]]]:
        """The calls that begin in its own lines, with their arguments."""
        text = self.text
        whole = "".join(self.placement.lines)
        found = []
        for call in _CALL.finditer(text, 0, len(whole)):
            start = whole.rfind("\n", 0, call.start()) + 1
            line = whole[start : whole.find("\n", call.start()) + 1 or None]
            if call[1] in KEYWORDS or squeezed(line) not in self.fresh:
                continue
            if _declares(text[start : call.start()]):
                continue
            told = arguments(text, call.end() - 1)
            if told is not None:
                found.append((call[1], told))
        return found


def _declares(before: str) -> bool:
    """Whether the words before a name with a list declare it: `static int name(`."""
    if before.lstrip().startswith("#"):
        return before.split()[-1:] == ["define"]
    # In column one stands the name of what is defined, its type in the line above.
    return not before or (bool(TYPES.match(before)) and not STATEMENT.match(before))
