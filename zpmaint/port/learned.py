# SPDX-License-Identifier: GPL-2.0-only
"""Names that upstream puts others in the stead of, learned from the other lines of the file.

A patch's own lines never changed between base and target, but their siblings did: the other rows
of the table, the other callers. Where all of those now say another name, the patch's say it, too.
"""

from __future__ import annotations

from collections import Counter
from functools import lru_cache

from zpmaint.merge.lines import join
from zpmaint.merge.renames import substitutions
from zpmaint.merge.tokens import is_identifier
from zpmaint.port.everywhere import EVERYWHERE
from zpmaint.port.follow import successors
from zpmaint.port.placement import Job
from zpmaint.port.scopes import Source, locals_of

WITNESSES = 2
"""So many lines have to show a name in another's stead. One line may have changed its meaning."""
STRAYS = 20
"""Of so many witnesses one may say something else: two rows of a table may have been mistaken for
one another."""


def names(job: Job) -> dict[str, str]:
    """What the names of a hunk's lines are called in the target. The variables of its function
    are not among them: a parameter that has another name may have another meaning."""
    if job.base is None:
        return {}
    known = spoken(job.base, job.target) | successors(job.base, job.target)
    if job.home is None or job.base.language != "c":
        return known
    own = locals_of(join(job.base.lines[job.home.start : job.home.end]))
    return {old: new for old, new in known.items() if old not in own}


@lru_cache(maxsize=64)
def spoken(base: Source, target: Source) -> dict[str, str]:
    """Names that the base's file uses and the target's does not, with the one name that stands in
    their stead in the lines that are else the same."""
    found = {}
    for old, votes in substitutions(base.lines, target.lines).items():
        (new, seen), *others = votes.most_common()
        if seen < max(WITNESSES, STRAYS * sum(count for _, count in others)):
            continue
        if old in base.names and old not in EVERYWHERE | target.names and is_identifier(new):
            found[old] = new
    taken = Counter(found.values())
    return {old: new for old, new in found.items() if taken[new] == 1}
