# SPDX-License-Identifier: GPL-2.0-only
"""What must hold of a port before it may be called one. Each check gives a reason or ''."""

from __future__ import annotations

from collections import Counter

from zpmaint.port import duplicates, intent
from zpmaint.port.checks import (
    balance,
    cases,
    declared,
    depth,
    line_ends,
    names,
    remnants,
    rivals,
    taken_along,
    users,
)
from zpmaint.port.checks.names import DEAD, UNSEEN, doubts, outdated
from zpmaint.port.hunks import counted
from zpmaint.port.placement import Job, Miss, Placement
from zpmaint.port.scopes import Source
from zpmaint.port.threeway_input import sides

__all__ = ["DEAD", "UNSEEN", "doubts", "of_hunk", "of_scope", "outdated"]

_PREPROCESSED = frozenset({"c", "assembler", "devicetree", "preprocessed"})


def of_hunk(job: Job, placement: Placement) -> list[str]:
    """What is wrong with one hunk's placement, seen by itself; empty if nothing is."""
    change = job.change
    old = job.target.lines[placement.start : placement.end]
    new = list(placement.lines)
    found = [line_ends.kept(change, job.target, new)]
    if job.target.language in _PREPROCESSED:
        found.append(balance.conditionals(change, old, new))
    if job.target.language == "kconfig":
        found.append(balance.blocks(change, old, new))
    if job.target.language in names.NAMED:
        found.append(names.dead(job, old, new))
    if job.target.language == "c":
        found.append(balance.brackets(change, old, new))
        found.append(rivals.beside(job, placement))
        found.append(taken_along.edited(job, placement))
        found.append(cases.outside(job, placement))
        found.append(depth.other(job, placement))
        found.append(remnants.left(job, placement))
        found.append(remnants.unbegun(job, placement))
    found.append(duplicates.beside(job, placement))
    found.append(duplicates.named(job, placement))
    share = intent.share(change, old, new, *_settled(job))
    if share < intent.ENOUGH:
        found.append(
            f"only {share:.0%} of what the hunk is for would be done: the target has the rest "
            "already, or upstream rewrote it"
        )
    return [reason for reason in found if reason]


def of_scope(job: Job, placement: Placement, result: Source) -> list[str]:
    """What is wrong with the scopes a hunk went to, once all hunks are in."""
    if job.target.language != "c":
        return []
    inside = range(placement.start, max(placement.end, placement.start + 1))
    found = []
    for scope in job.target.scopes:
        if scope.start >= inside.stop or scope.end <= inside.start:
            continue
        literal = placement.placed.is_literal
        if literal and not (placement.start <= scope.start and scope.end <= placement.end):
            continue  # what the anchor's author has seen as it is
        twins = result.same_scope(scope)
        if not twins and scope.name in result.names and users.new_users(job, scope.name, result):
            found.append(f"{scope.name} would go, and the target still uses it")
        elif not twins and not literal and users.opened_up(job, scope):
            found.append(f"{scope.name} would go, and is no longer static: others may call it")
        elif twins and not literal:
            found += declared.check(job, scope, result)
    return found


def _settled(job: Job) -> tuple[Counter[str], Counter[str]]:
    """What of a hunk's intent upstream has fulfilled, where that counts as done: the lines that
    are gone already, and those that are there duplicates."""
    if not job.terms.yields:
        return Counter(), Counter()
    cut = sides(job)
    if isinstance(cut, Miss):
        return Counter(), Counter()
    standing, before = counted(cut.theirs), counted(cut.base)
    gone = Counter({line: n for line, n in job.change.removed.items() if not standing[line]})
    there = {n: k for n, k in job.change.added.items() if standing[n] > before[n]}
    return gone, Counter(there)
