# SPDX-License-Identifier: GPL-2.0-only
"""What a compiler would say of a port, as far as the touched files alone tell it.

A hunk that applies as it is, is no conflict for that: its own author's kernel may have had the
same. It is less sure, and says why.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

from zpmaint.port.checks import abi, arity, includes, members, numbers, returns, rows, twice, types
from zpmaint.port.checks.brought import Brought
from zpmaint.port.placement import Job, Miss, Placement
from zpmaint.port.scopes import Source

_SURE = 0.7
"""At most, of a hunk that applies as it is and that something speaks against."""

CHECKS: tuple[Callable[[Brought, Source], list[str]], ...] = (
    arity.check,
    types.check,
    members.check,
    returns.check,
    numbers.check,
    includes.check,
    rows.check,
    twice.check,
)


def against(path: str, job: Job, placement: Placement, result: Source) -> list[str]:
    """What speaks against a placement in the file as it would be."""
    if job.target.language != "c" or not placement.lines:
        return []
    if job.base is not None and job.base.data == job.target.data:
        return []
    own = Brought(job, placement)
    found = [reason for check in CHECKS for reason in check(own, result)]
    return [*found, *abi.check(path, own, result)]


def held(path: str, job: Job, placement: Placement, result: Source) -> Placement | Miss:
    """A placement, a conflict or less sure where something speaks against it."""
    reasons = against(path, job, placement, result)
    if not reasons:
        return placement
    told = "; ".join(reasons)
    if not placement.placed.is_literal:
        return Miss(f"{placement.placed}: {told}", weight=4)
    why = f"{placement.why}; but {told}"
    return replace(placement, confidence=min(placement.confidence, _SURE), why=why)
