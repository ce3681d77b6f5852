# SPDX-License-Identifier: GPL-2.0-only
"""A whole file that a patch deletes, and that is not quite the same in the target. Pure."""

from __future__ import annotations

from dataclasses import dataclass

from zpmaint.port import confidence
from zpmaint.port.outlines import language
from zpmaint.port.scopes import source
from zpmaint.port.successor import alike, said

_SAME = 0.75
"""The share of its lines that a file and the target's have in common, at least, for the target's to
be the one that the patch does away with: more than git asks of a rename, as nothing of it stays."""


@dataclass(frozen=True)
class Going:
    """A file that goes, whatever upstream changed in it."""

    sure: float
    why: str
    """What goes along that the patch's author has not seen."""


def of_file(path: str, was: bytes, now: bytes) -> Going | str:
    """Whether the target's file `now` may go where the patch deletes `was`; why not, else."""
    tongue = language(path)
    base, target = source(was, tongue), source(now, tongue)
    share = alike(said(base.lines), said(target.lines))
    if share < _SAME:
        return f"no more than {share:.0%} of its lines are the same"
    known = {scope.name for scope in base.scopes}
    along = sorted({scope.name for scope in target.scopes} - known)
    told = f", {', '.join(along)} among it" if along else ""
    return Going(
        confidence.FILE_GOES, f"{share:.0%} of its lines are the same, the rest goes{told}"
    )
