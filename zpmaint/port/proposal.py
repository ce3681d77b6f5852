# SPDX-License-Identifier: GPL-2.0-only
"""What a person who has to solve a conflict may start from: the best that was not sure enough.
Pure.

None of it is ever taken by itself. Either a strategy placed the hunk and a check refused it, or
each region falls under a plain rule; both are marked as what they are.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from zpmaint.merge import diff3
from zpmaint.merge.conflict import Region
from zpmaint.merge.lines import split_lines, squeezed
from zpmaint.merge.tokens import pieces
from zpmaint.port import checks
from zpmaint.port.placement import Placement
from zpmaint.port.sites import Site
from zpmaint.port.strategies import LADDER

_RULED = {"tokens": 0.5, "deleted": 0.4, "both": 0.3}


@dataclass(frozen=True)
class Proposal:
    """One way to solve a site, to be read with care."""

    lines: tuple[str, ...]
    confidence: float
    why: str
    """Where it comes from, and what speaks against it."""


def proposal(site: Site) -> Proposal | None:
    """The best candidate, None where nothing suggests itself."""
    found = [p for p in (_refused(site), _ruled(site)) if p is not None]
    return max(found, key=lambda p: p.confidence, default=None)


def _refused(site: Site) -> Proposal | None:
    """What a strategy placed and a check refused; half as sure as the strategy was."""
    if len(site.jobs) != 1:
        return None
    job = site.jobs[0]
    best: Proposal | None = None
    for place in LADDER:
        attempt = place(job)
        if not isinstance(attempt, Placement):
            continue
        if attempt.start < site.start or attempt.end > site.end:
            continue
        reasons = checks.of_hunk(job, attempt) or list(site.whys)
        lines = job.target.lines
        whole = (*lines[site.start : attempt.start], *attempt.lines, *lines[attempt.end : site.end])
        why = f"by {attempt.placed}, refused: {'; '.join(reasons)}"
        if best is None or attempt.confidence / 2 > best.confidence:
            best = Proposal(whole, attempt.confidence / 2, why)
    return best


def _ruled(site: Site) -> Proposal | None:
    """Each region by a rule; None where one falls under none."""
    lines: list[str] = []
    whys: list[str] = []
    sure = 1.0
    for piece in site.pieces:
        if not isinstance(piece, Region):
            lines += piece
            continue
        rule = _rule(piece)
        if rule is None:
            return None
        name, solved, why = rule
        lines += solved
        whys.append(why)
        sure = min(sure, _RULED[name])
    return Proposal(tuple(lines), sure, "; ".join(dict.fromkeys(whys))) if whys else None


def _rule(region: Region) -> tuple[str, Sequence[str], str] | None:
    if not any(map(squeezed, region.base)):
        why = "both sides added lines at the same spot: upstream's first, then the patch's"
        return "both", (*region.theirs, *region.ours), why
    if not any(map(squeezed, region.ours)):
        why = "the patch deletes lines that upstream edited: they go all the same"
        return "deleted", region.ours, why
    three = (pieces("".join(side)) for side in (region.base, region.ours, region.theirs))
    chunks = diff3.merge(*three)
    if diff3.is_clean(chunks):
        text = "".join(diff3.result(chunks))
        return "tokens", split_lines(text), "both sides edited these lines, in different words"
    return None
