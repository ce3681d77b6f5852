# SPDX-License-Identifier: GPL-2.0-only
"""The cases of a kernel, those that matter first. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from zpmaint.ledger.stages import CaseRecord

_FEW = 8


@dataclass(frozen=True)
class Fold:
    """Cases that stand together on a page."""

    title: str
    cases: Sequence[CaseRecord]
    is_open: bool
    """Whether they are shown at once; else on demand."""


def folds(cases: Iterable[CaseRecord]) -> list[Fold]:
    """In the order to be read: what failed or was lost, what shows the patch's effect, what could
    not be run, the rest. Each case is in one of them; none is empty."""
    groups: dict[str, list[CaseRecord]] = {"bad": [], "flips": [], "skip": [], "rest": []}
    for case in cases:
        groups[_kind(case)].append(case)
    titles = {
        "bad": "Not as expected",
        "flips": "The patch changes what these see",
        "skip": "Could not be run on a kernel of the pair",
        "rest": "As expected, the same on both",
    }
    return [
        Fold(titles[kind], found, kind == "bad" or (kind == "flips" and len(found) <= _FEW))
        for kind, found in groups.items()
        if found
    ]


def _kind(case: CaseRecord) -> str:
    results = case.results.values()
    if any(result.is_bad for result in results):
        return "bad"
    if any(result.mark == "skip" for result in results):
        return "skip"
    return "flips" if case.flips else "rest"
