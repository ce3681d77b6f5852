# SPDX-License-Identifier: GPL-2.0-only
"""Changes for which there is nothing to do, because the target has nothing that they change.

The base may be newer than the target: a row, a case, a function that the patch edits in passing
did not exist yet. What is left out so has to be evident, and must not be all that the patch does:
that is for a person to say.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass

from zpmaint.merge.lines import indentation, squeezed
from zpmaint.merge.tokens import identifiers, tokens
from zpmaint.port import learned
from zpmaint.port.everywhere import EVERYWHERE
from zpmaint.port.follow import Followed, Region
from zpmaint.port.placement import Job, Miss
from zpmaint.port.runs import Run, runs
from zpmaint.port.threeway_input import regions

_RESEMBLES = 0.5
"""The share of its names that a line that is gone has in common with a new line of the target, at
least, for the one to have become the other."""


@dataclass(frozen=True)
class Needless:
    """Why there is nothing to do for a change."""

    why: str
    leaves: frozenset[str] = frozenset()
    """Names that the file must be without in the end for that to hold."""


def needless(job: Job) -> Needless | None:
    """Why there is nothing to do for a change; None where there is, or that is not evident."""
    if job.base is None or job.base_at is None:
        return None
    found = [_of_run(job, run) for run in runs(job.change, job.base_at)]
    told = [one for one in found if one is not None]
    if not told or len(told) < len(found):
        return None
    leaves = frozenset[str]().union(*(one.leaves for one in told))
    return Needless("; ".join(dict.fromkeys(one.why for one in told)), leaves)


def _of_run(job: Job, run: Run) -> Needless | None:
    assert job.base is not None
    old = [n for n in range(run.start, run.end) if squeezed(job.base.lines[n])]
    lines = [job.base.lines[n] for n in old]
    text = "".join(lines)
    kept = [indentation(line) for line in run.lines if squeezed(line)]
    if tokens(text) == tokens("".join(run.lines)) and kept == list(map(indentation, lines)):
        return Needless("only its white space changes, and the target has other lines there")
    if not old or not any(map(squeezed, run.lines)):
        return None  # what is added alone, or goes, is the patch's own
    if isinstance(regions(job, run.start, run.end), Miss):
        return None  # its function may be in another file by now
    lost = _foreign(job)
    replaced = _replaced(job, text, "".join(run.lines))
    if not lost and not replaced:
        return None
    fates = _Fates(job)
    if lost and not any(map(fates.stands, old)) and all(identifiers(line) & lost for line in lines):
        names = ", ".join(sorted(identifiers(text) & lost)[:2])
        return Needless(f"it edits what the target does not have ({names})")
    if replaced and not any(identifiers(fates.there(n)) & replaced for n in old):
        names = ", ".join(sorted(replaced))
        return Needless(f"it replaces {names}, which the target does not have there", replaced)
    return None


def _foreign(job: Job) -> frozenset[str]:
    """The names of the hunk's lines that the target's file does not know by any name."""
    assert job.base is not None
    said = identifiers("".join(job.change.pre)) - EVERYWHERE
    lost = {n for n in said if n in job.base.names and n not in job.target.names}
    return frozenset(lost - learned.names(job).keys()) if lost else frozenset()


def _replaced(job: Job, old: str, new: str) -> frozenset[str]:
    """The names that the patch does away with in the whole file, where lines do nothing else than
    putting others in their stead."""
    gone = identifiers(old) - identifiers(new)
    if not gone or job.after is None or gone & job.after.names:
        return frozenset()
    left = Counter(tokens(old)) - Counter(tokens(new))
    return frozenset(gone) if set(left) <= gone else frozenset()


class _Fates:
    """What became of the lines of a file."""

    def __init__(self, job: Job) -> None:
        assert job.base is not None
        whole = (Region(s, 0, len(s.lines)) for s in (job.base, job.target))
        self.followed = Followed(*whole)
        here = {*self.followed.same.values(), *self.followed.edited.values()}
        lines = enumerate(self.followed.target.plain)
        self.new = {n: identifiers(line) for n, line in lines if n not in here}

    def there(self, line: int) -> str:
        """What a line of the base became; '' where it is gone."""
        to = self.followed.went(line)
        return "" if to is None else self.followed.target.plain_at(to)

    def stands(self, line: int) -> bool:
        """Whether a line of the base is in the target, or a new line there may be it: one that
        stands where it stood, or that speaks of the same."""
        if self.there(line) or any(self.new.get(n) for n in self._gap(line)):
            return True
        names = identifiers(self.followed.base.plain_at(line))
        return any(
            2 * len(names & new) >= _RESEMBLES * (len(names) + len(new))
            for new in self.new.values()
        )

    def _gap(self, line: int) -> range:
        """The target's lines between what is left above a line of the base and what is below."""
        base, target = self.followed.base, self.followed.target
        above = map(self.followed.kept, range(line - 1, base.start - 1, -1))
        below = map(self.followed.kept, range(line + 1, base.end))
        first = next((n for n in above if n is not None), target.start - 1)
        last = next((n for n in below if n is not None), target.end)
        return range(first + 1, last)
