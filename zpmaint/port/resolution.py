# SPDX-License-Identifier: GPL-2.0-only
"""Solved conflicts: how one is known again, how it is solved the same way, how it is learnt. Pure.

As git's rerere does it, a conflict is known by its content: the file, the scope and the three
sides of each region. Other than there a solution holds all that the person changed in the scope,
and it passes the same checks as every port.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Sequence
from dataclasses import dataclass, replace

from zpmaint.core.text import to_bytes
from zpmaint.merge.align import gaps
from zpmaint.merge.conflict import Region, marks
from zpmaint.merge.lines import body, join
from zpmaint.patchset.values import Edit, Resolution
from zpmaint.port import checks, intent
from zpmaint.port.hunks import Change, find_all
from zpmaint.port.placed import Placed
from zpmaint.port.placement import Job, Miss, Placement, narrowed
from zpmaint.port.scopes import Source
from zpmaint.port.sites import Opened, Site, flattened, opened

SURE = 0.9
"""How sure a remembered solution is: a person's, on the same conflict in another kernel."""
_AROUND = 3


def key(site: Site) -> str:
    """What a conflict is known by: 16 hex digits. White space at the ends of lines is left out."""
    regions = [
        [_normal(region.ours), _normal(region.base), _normal(region.theirs)]
        for region in site.regions
    ]
    text = json.dumps([site.path, site.scope, regions])
    return hashlib.sha256(to_bytes(text)).hexdigest()[:16]


def _normal(lines: Sequence[str]) -> list[str]:
    return [body(line).rstrip() for line in lines]


def known(site: Site, resolutions: Sequence[Resolution]) -> Resolution | None:
    """The resolution of this very conflict."""
    wanted = key(site)
    return next((r for r in resolutions if r.key == wanted), None)


def replay(site: Site, resolution: Resolution) -> list[str] | None:
    """The site's lines as the resolution has them; None where an edit's lines do not stand there
    exactly once."""
    lines = site.lines()
    here = _normal(lines)
    spans: list[tuple[int, int, Edit]] = []
    for edit in resolution.edits:
        places = find_all(here, _normal(edit.before))
        if len(places) != 1:
            return None
        spans.append((places[0], places[0] + len(edit.before), edit))
    spans.sort(key=lambda span: span[0], reverse=True)
    for n, (start, end, edit) in enumerate(spans):
        if n and end > spans[n - 1][0]:
            return None
        lines[start:end] = edit.after
    return None if marks(lines, set(site.jobs[0].target.lines)) else lines


def learnt(what: Opened, result: Sequence[str]) -> list[tuple[Edit, ...]]:
    """What a person did to each site: `result` is the whole file, solved.

    Raises ValueError, with the reason, where an edit lies outside of all sites."""
    items = what.items()
    spans = _spans(what)
    edits: list[list[_Change]] = [[] for _ in what.sites]
    for a, b, c, d in gaps(items, result):
        if b > a or d > c:
            at = next((n for n, (low, high) in enumerate(spans) if low <= a and b <= high), None)
            if at is None:
                raise ValueError(f"line {c + 1} of the result is outside of the open scopes")
            edits[at].append((a, b, c, d))
    found = []
    for site, span, own in zip(what.sites, spans, edits, strict=True):
        wide = [_widened(items, span, change, own) for change in own]
        found.append(
            tuple(
                Edit(tuple(flattened(items[a:b], site.where)), tuple(result[c:d]))
                for a, b, c, d in wide
            )
        )
    return found


def _spans(what: Opened) -> list[tuple[int, int]]:
    """Where each site stands among the file's items."""
    found = []
    shift = 0
    for site in what.sites:
        size = len(site.items())
        found.append((site.start + shift, site.start + shift + size))
        shift += size - (site.end - site.start)
    return found


_Change = tuple[int, int, int, int]
"""Items [a, b) that became lines [c, d) of the result."""


def _widened(
    items: Sequence[str | Region],
    span: tuple[int, int],
    change: _Change,
    others: Sequence[_Change],
) -> _Change:
    """A change away from the conflict takes a few lines around along, which say where it is."""
    a, b, c, d = change
    if any(isinstance(item, Region) for item in items[a:b]):
        return change
    rest = [other for other in others if other != change]
    low = max([span[0], a - _AROUND, *(stop for _, stop, _, _ in rest if stop <= a)])
    high = min([span[1], b + _AROUND, *(start for start, _, _, _ in rest if start >= b)])
    return low, high, c - (a - low), d + (high - b)


@dataclass(frozen=True)
class Solved:
    """A file with those of its open sites solved that were solved before."""

    jobs: tuple[Job, ...]
    attempts: tuple[Placement | Miss, ...]
    """One for each hunk, in their order, and the job that it is the placement of."""
    result: Source | None
    """The file where every site is solved."""


def solve(
    path: str,
    jobs: Sequence[Job],
    attempts: Sequence[Placement | Miss],
    resolutions: Sequence[Resolution],
) -> Solved:
    """Solve what can be solved from memory."""
    what = opened(path, jobs, attempts)
    found = {n: known(site, resolutions) for n, site in enumerate(what.sites)}
    lines = [
        replay(site, memory) if (memory := found[n]) else None for n, site in enumerate(what.sites)
    ]
    told, meant = list(attempts), list(jobs)
    whole = replace(what.partly, data=join(what.lines(lines)))
    open_ = 0
    for n, (site, solution) in enumerate(zip(what.sites, lines, strict=True)):
        memory = found[n]
        if memory is None or solution is None:
            open_ += 1
            continue
        reasons = refusals(site, solution, None if None in lines else whole)
        open_ += bool(reasons)
        for k, job in enumerate(jobs):
            mine = next((j for j in site.jobs if j.change == job.change), None)
            if mine is not None and reasons:
                told[k] = Miss(f"{Placed.RESOLUTION} {memory.key}: {'; '.join(reasons)}", weight=5)
            elif mine is not None:
                told[k], meant[k] = _placement(site, solution, _told(memory)), mine
    if not open_:
        for k, (job, attempt) in enumerate(zip(jobs, attempts, strict=True)):
            if isinstance(attempt, Placement) and (reasons := checks.of_scope(job, attempt, whole)):
                told[k] = Miss(f"{attempt.placed}: {'; '.join(reasons)}")
                open_ += 1
    return Solved(tuple(meant), tuple(told), None if open_ else whole)


def _told(memory: Resolution) -> str:
    return (
        f"the same conflict as on {memory.version}, solved as {memory.person} did on {memory.date} "
        f"({memory.key}): {memory.why}"
    )


def _placement(site: Site, lines: Sequence[str], why: str) -> Placement:
    old = site.jobs[0].target.lines[site.start : site.end]
    start, end, new = narrowed(site.start, old, list(lines))
    return Placement(start, end, new, Placed.RESOLUTION, SURE, why)


def refusals(site: Site, lines: Sequence[str], whole: Source | None) -> list[str]:
    """Why a solution of a site is none: the engine's checks, and the intent of each hunk. `whole`
    is the file with all sites solved, None where some are not."""
    placement = _placement(site, lines, "")
    together = replace(site.jobs[0], change=_joined([job.change for job in site.jobs]))
    found = checks.of_hunk(together, placement)
    old = site.jobs[0].target.lines[site.start : site.end]
    if len(site.jobs) > 1:
        for job in site.jobs:
            share = intent.share(job.change, old, list(lines))
            if share < intent.ENOUGH:
                found.append(f"only {share:.0%} of what {job.change.header} is for would be done")
    if whole is not None:
        found += checks.of_scope(together, placement, whole)
    return list(dict.fromkeys(found))


def _joined(changes: Sequence[Change]) -> Change:
    lines = tuple(line for change in changes for line in change.lines)
    return replace(changes[0], lines=lines)
