# SPDX-License-Identifier: GPL-2.0-only
"""identifiers: upstream renamed what the hunk speaks of; the hunk is spoken in the new names."""

from __future__ import annotations

from dataclasses import replace

from zpmaint.merge import renames
from zpmaint.merge.lines import squeezed
from zpmaint.merge.tokens import identifiers
from zpmaint.port.everywhere import EVERYWHERE
from zpmaint.port.placed import Placed
from zpmaint.port.placement import Attempt, Job, Miss
from zpmaint.port.strategies.threeway import merged
from zpmaint.port.threeway_input import sides


def place(job: Job) -> Attempt:
    """Learn the renames of the scope, put them to the base and the patch alike, and merge."""
    cut = sides(job)
    if isinstance(cut, Miss):
        return cut
    names = renames.learn(cut.base, cut.theirs)
    spoken = identifiers("".join(job.change.pre) + "".join(job.change.post))
    # Where the patch itself puts another name there, upstream's new one is a rival, no rename.
    own = renames.substitutions(job.change.pre, job.change.post)
    names = {old: new for old, new in names.items() if old in spoken and old not in own}
    if not names:
        return Miss("upstream renamed nothing that the hunk speaks of")
    # What the patch itself brings keeps a name that is still to be had.
    lasting = {old: new for old, new in names.items() if old not in EVERYWHERE}
    brought = job.change.added
    ours = [
        line
        for text in cut.ours
        for line in renames.apply([text], lasting if squeezed(text) in brought else names)
    ]
    renamed = replace(cut, base=renames.apply(cut.base, names), ours=ours)
    told = ", ".join(f"{old} -> {new}" for old, new in sorted(names.items()))
    return merged(renamed, Placed.IDENTIFIERS, 0.9, f"upstream renamed {told} throughout the scope")
