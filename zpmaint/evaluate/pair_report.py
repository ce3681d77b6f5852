# SPDX-License-Identifier: GPL-2.0-only
"""The figures over stable pairs in one value, as the tables show them and --json prints them."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from zpmaint.evaluate.calibration import Row, learned
from zpmaint.evaluate.classes import Class
from zpmaint.evaluate.engine import NAME
from zpmaint.evaluate.pair_classes import counted, reading
from zpmaint.evaluate.pair_values import Adaptation, PairResult
from zpmaint.evaluate.reliability import Bucket, Sureness, buckets, sureness
from zpmaint.evaluate.values import Verdict
from zpmaint.evaluate.verdicts import Tally, tally

Groups = dict[str, dict[str, Tally]]
"""By name of the group and by tool."""


@dataclass(frozen=True)
class Part:
    """The pairs of some sets: all of them, those that the engine was tuned on, or the others."""

    name: str
    sets: tuple[str, ...]
    pairs: int
    extra: int
    """Of these, pairs whose backport changes files that the patch does not."""
    groups: Groups
    sure: Sureness
    wrong: int
    """Of zpmaint's sure and different answers those that were read and found wrong, or not read."""
    calibration: tuple[Bucket, ...]
    how: dict[str, dict[str, int]]
    """By strategy of the weakest hunk: how often each verdict."""

    def as_json(self) -> dict[str, Any]:
        return {
            "name": self.name,
            "sets": list(self.sets),
            "pairs": self.pairs,
            "pairs_with_other_files": self.extra,
            "groups": {
                name: {tool: t.as_json() for tool, t in tools.items()}
                for name, tools in self.groups.items()
            },
            "sure": self.sure.as_json() | {"wrong_or_not_read": self.wrong},
            "calibration": [bucket.as_json() for bucket in self.calibration],
            "how": self.how,
        }


@dataclass(frozen=True)
class PairReport:
    """All tables of one run."""

    parts: tuple[Part, ...]
    """All pairs; with a split those of the tuning sets and the held-out ones, too."""
    classes: dict[str, dict[Class, int]]

    def as_json(self) -> dict[str, Any]:
        return {"parts": [part.as_json() for part in self.parts], "classes": self.classes}


def pair_report(results: Sequence[PairResult], tuning: Collection[str] = ()) -> PairReport:
    """Count the results of a run; `tuning` names the sets that the engine was tuned on."""
    parts = [_part("all", results)]
    if tuning:
        parts += [
            _part("tuning", [row for row in results if row.set in tuning]),
            _part("held out", [row for row in results if row.set not in tuning]),
        ]
    return PairReport(
        tuple(part for part in parts if part.pairs),
        counted(row for row in results if row.tool == NAME),
    )


def _part(name: str, results: Sequence[PairResult]) -> Part:
    ours = [row for row in results if row.tool == NAME]
    one_tool = [row for row in results if row.tool == results[0].tool]
    sets = tuple(sorted({row.set for row in results}))
    groups = {"all": _tools(results), "hard": _tools(row for row in results if row.hard)}
    for kind in Adaptation:
        groups[f"type {kind}"] = _tools(row for row in results if row.adaptation is kind)
    for one in sets if len(sets) > 1 else ():
        groups[one] = _tools(row for row in results if row.set == one)
        groups[f"{one} hard"] = _tools(row for row in results if row.set == one and row.hard)
    sure = sureness(ours)
    judged = [row for row in ours if row.verdict is Verdict.DIFFERENT and sureness([row]).wrong]
    return Part(
        name,
        sets,
        len(one_tool),
        sum(bool(row.extra) for row in one_tool),
        {name: tools for name, tools in groups.items() if tools},
        sure,
        sum(reading(row)[0] in (Class.WRONG, Class.UNREAD) for row in judged),
        tuple(buckets(ours)),
        _how(ours),
    )


def _tools(results: Iterable[PairResult]) -> dict[str, Tally]:
    found: dict[str, list[PairResult]] = {}
    for row in results:
        found.setdefault(row.tool, []).append(row)
    return {tool: tally(rows) for tool, rows in found.items()}


def _how(ours: Iterable[PairResult]) -> dict[str, dict[str, int]]:
    found: dict[str, dict[str, int]] = {}
    for row in ours:
        weakest = row.weakest
        if row.verdict is Verdict.CONFLICT:
            continue
        word = weakest.placed if weakest else "nothing to place"
        counts = found.setdefault(word, {str(v): 0 for v in Verdict})
        counts[str(row.verdict)] += 1
    return dict(sorted(found.items(), key=lambda item: -sum(item[1].values())))


def learned_from(results: Iterable[PairResult], sets: Collection[str]) -> list[Row]:
    """What zpmaint's clean ports of these sets tell of its scores. Those that people read, and
    found revised on purpose or the maintainers' slip, tell nothing: nobody could have equalled
    them by placing well."""
    untold = (Class.REVISED, Class.SLIP)
    return learned(
        [
            ([(hunk.placed, hunk.raw) for hunk in row.hunks], row.verdict is Verdict.EQUAL)
            for row in results
            if row.tool == NAME
            and row.set in sets
            and row.verdict is not Verdict.CONFLICT
            and not (row.verdict is Verdict.DIFFERENT and reading(row)[0] in untold)
        ]
    )
