# SPDX-License-Identifier: GPL-2.0-only
"""Whether the target already behaves as the patch wants, by what stands in its scopes.

Two signs must agree: what the patch takes away for good is gone from the scope, and what it leaves
(re-indented or new) stands there as the patch would have it. The first alone would take a function
that was rewritten for one that was mended.

Whether the very lines of a single hunk are there is asked in two ways that are not the same: a
merge (`there_by_merge`) knows places and takes a lone bracket for what it is; counting in order
(`there_by_count`) is not put off by what upstream changed between the lines. A series is asked the
first, for its later patches stand on those lines; a queue's single patch the second.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import groupby

from zpmaint.merge import diff3, renames
from zpmaint.merge.lines import body, indentation, squeezed
from zpmaint.merge.tokens import contained, identifiers, similarity, tokens
from zpmaint.port.hunks import Change, counted, find_all, stands_beside
from zpmaint.port.placement import Job, Miss
from zpmaint.port.threeway_input import Sides, sides

GONE = 0.2
"""At most this share of what the patch removes may still stand in the scope. The patch that
upstream adopted in 2.6.24 measures 0.11 at most up to 2.6.31, and 0.68 from 2.6.32 on."""
THERE = 0.8
"""At least this share of what the patch writes must stand in the scope as the patch writes it:
0.97 and 0 of the same patch."""

TWIN = 0.75
"""How much alike two lines must be, by tokens, for one to be the other edited."""


@dataclass(frozen=True)
class Evidence:
    """The two signs for one hunk, as shares of tokens."""

    left: float
    """Of the lines that the hunk removes for good: what still stands in the target's scope."""
    there: float
    """Of the lines that the hunk writes: what came into the target's scope, depth and all."""
    verbatim: bool
    """Whether the whole post-image stands in the target, and the pre-image does not."""
    why: str

    @property
    def adopted(self) -> bool:
        """Whether both signs say that upstream has the hunk's change."""
        return self.verbatim or (self.left <= GONE and self.there >= THERE)


def evidence(job: Job) -> Evidence:
    """Look for a hunk's change in the target."""
    change, target = job.change, job.target
    verbatim = (
        bool(change.added or change.removed)
        and len(find_all(target.lines, change.post)) == 1
        and not find_all(target.lines, change.pre)
        and len(change.post) > change.lead + change.trail
    )
    cut = sides(job)
    if isinstance(cut, Miss):
        return Evidence(1.0, 0.0, verbatim, cut.why)
    names = renames.learn(cut.base, cut.theirs)
    patched = counted(renames.apply(cut.ours, names))
    standing = counted(cut.theirs) - patched
    removed = Counter(
        {squeezed(renames.apply([line], names)[0]): n for line, n in change.removed.items()}
    )
    written = Counter(
        body(text)
        for text in renames.apply([t for kind, t in change.lines if kind == "+"], names)
        if squeezed(text)
    )
    # What stood in the base already is no sign that the change came.
    came = Counter(map(body, cut.theirs)) - Counter(map(body, renames.apply(cut.base, names)))
    left = _share(removed & standing, removed)
    arrived = _arrived(written, came) if written else 1.0 - left
    why = (
        f"{left:.0%} of what the patch removes and {arrived:.0%} of what it writes stand in "
        f"{cut.scope or 'the file'}"
    )
    return Evidence(left, arrived, verbatim, why)


def there_by_merge(job: Job, *, even_so: bool = False) -> str:
    """Why there is nothing left of a hunk to do, its very lines being in the target; '' if there
    is. As git would find in a merge: every change of the hunk is one that upstream made, too.
    A hunk whose lines of before stand there as well is not looked at, unless `even_so`: it may be
    meant for that place."""
    change = job.change
    if not even_so and find_all(job.target.lines, change.pre) and change.lead and change.trail:
        return ""  # what it changes still stands there
    cut = sides(job)
    if not isinstance(cut, Miss) and cut.whole:
        chunks = diff3.merge(cut.base, cut.ours, cut.theirs)
        mine = [chunk for chunk in chunks if chunk.kind == "ours"]
        stays = change.removed & (counted(cut.theirs) - counted(cut.ours))
        stays -= counted(list(job.wrote))  # another hunk may put it there
        if diff3.is_clean(chunks) and not stays and all(_came(chunk, cut) for chunk in mine):
            return f"{cut.scope or 'the target'} has all lines of the hunk already"
    elif evidence(job).verbatim:
        return "the target has the hunk's lines as it leaves them"
    return ""


def _came(chunk: diff3.Chunk, cut: Sides) -> bool:
    """Whether what a merge would add stands right there, and came since the base: a blank line
    on either side lets the two sides' additions pass for others."""
    new = list(chunk.ours)
    line = next((text for text in new if squeezed(text)), None)
    if chunk.base or line is None or cut.theirs.count(line) <= cut.base.count(line):
        return False
    return stands_beside(cut.theirs, chunk.theirs_at, new)


def there_by_count(job: Job) -> str:
    """The evidence that the target has a hunk, whole; '' where it is not so.

    Every line that it adds stands in the same scope, in the same order, as often as the patched
    base has it, those that it adds in a row together; and of what it removes nothing is left.
    Similarity is no evidence here, and there is none where the hunk still fits in one place.
    """
    change = job.change
    if change.lead and change.trail and len(find_all(job.target.lines, change.pre)) == 1:
        return ""
    cut = sides(job)
    if isinstance(cut, Miss) or not cut.whole:
        return ""
    patched, standing, before = counted(cut.ours), counted(cut.theirs), counted(cut.base)
    if any(standing[line] < patched[line] for line in change.added):
        return ""
    if any(standing[line] > patched[line] for line in change.removed):
        return ""
    if not change.added and not change.removed:
        return ""
    if change.added and not any(standing[line] > before[line] for line in change.added):
        return ""
    if change.added and not any(identifiers(line) for line in change.added):
        return ""
    if not _in_order(_runs(change), list(map(squeezed, cut.theirs)), before):
        return ""
    where = cut.scope or "the file"
    if not change.added and _reworded(change.removed, standing - before):
        return ""
    if not change.added:
        return f"what it removes is gone from {where}"
    return f"every line it adds stands in {where} in its order, and what it removes is gone"


def _runs(change: Change) -> list[list[str]]:
    """The lines that a hunk adds, squeezed, empty ones left out: those in a row together."""
    runs = groupby(change.lines, key=lambda line: line[0])
    texts = (
        [text for _, line in run if (text := squeezed(line))] for kind, run in runs if kind == "+"
    )
    return [run for run in texts if run]


def _in_order(runs: Sequence[Sequence[str]], there: Sequence[str], before: Counter[str]) -> bool:
    """Whether runs of lines stand in others, one after the other. Between the lines of a run only
    what is not `before` may stand, and nothing that closes what is open around it."""
    at = 0
    for run in runs:
        starts = (n for n in range(at, len(there)) if there[n] == run[0])
        ends = (_end(run, there, start, before) for start in starts)
        found = next((end for end in ends if end), 0)
        if not found:
            return False
        at = found
    return True


def _end(run: Sequence[str], there: Sequence[str], start: int, before: Counter[str]) -> int:
    """The line behind a run that starts at one; 0 where it does not stand there together."""
    wanted, depth = 0, 0
    for n in range(start, len(there)):
        text = there[n]
        if text == run[wanted]:
            wanted, depth = wanted + 1, 0
            if wanted == len(run):
                return n + 1
            continue
        depth += text.count("{") - text.count("}")
        if before[text] or depth < 0:
            return 0
    return 0


def _reworded(removed: Counter[str], came: Counter[str]) -> bool:
    """Whether a line that is gone may stand in the target in other words."""
    new = [tokens(line) for line in came]
    return any(contained(tokens(line), other) >= 0.6 for line in removed for other in new)


def _arrived(written: Counter[str], there: Counter[str]) -> float:
    """How much of the written lines stands there, at their depth; a line that upstream edited
    since counts for as much of it as is left."""
    total = sum(len(tokens(line)) * n for line, n in written.items())
    same = written & there
    found = float(sum(len(tokens(line)) * n for line, n in same.items()))
    missing, others = list((written - same).elements()), list((there - same).elements())
    for line in missing:
        twins = [other for other in others if indentation(other) == indentation(line)]
        alike = [similarity(tokens(line), tokens(other)) for other in twins]
        best = max(alike, default=0.0)
        if best >= TWIN:
            found += best * len(tokens(line))
            others.remove(twins[alike.index(best)])
    return found / total if total else 0.0


def _share(part: Counter[str], whole: Counter[str]) -> float:
    total = sum(len(tokens(line)) * n for line, n in whole.items())
    return sum(len(tokens(line)) * n for line, n in part.items()) / total if total else 0.0
