# SPDX-License-Identifier: GPL-2.0-only
"""The evaluation's figures in one value, as the tables show them and --json prints them. Pure."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from zpmaint.evaluate import verdicts
from zpmaint.evaluate.classes import Class, counted
from zpmaint.evaluate.curve import Equalled, Point, at_equal_coverage, curve
from zpmaint.evaluate.engine import NAME
from zpmaint.evaluate.values import Result, Verdict
from zpmaint.evaluate.verdicts import Tally

Groups = dict[str, dict[str, Tally]]


@dataclass(frozen=True)
class Report:
    """All tables of one run."""

    drifted: Groups
    """By pair: files that both kernels have, and that differ."""
    hard: Groups
    """By pair: of these, the ones that patch -F0 refuses."""
    drift: Groups
    """By kind of drift: the drifted ones."""
    lines: Groups
    """The drifted ones, by whether patch -F0 takes them and whether the maintainers changed the
    lines that come and go."""
    other: Groups
    """By what they are: everything else in the queues, so that nothing is left out silently."""
    patches: Groups
    """By pair: whole patches, of which a file drifted."""
    curve: tuple[Point, ...]
    """zpmaint's, over the drifted files."""
    hard_curve: tuple[Point, ...]
    coverage: tuple[Equalled, ...]
    """zpmaint held back to each other tool's coverage, over the drifted files."""
    classes: dict[str, dict[Class, int]]
    """By pair: what people found in zpmaint's silent differences."""
    how: dict[str, dict[str, int]]
    """zpmaint's strategies over the drifted files: how often each came out how."""

    def as_json(self) -> dict[str, Any]:
        def groups(of: Groups) -> dict[str, Any]:
            return {name: {t: r.as_json() for t, r in rows.items()} for name, rows in of.items()}

        def points(of: Sequence[Point]) -> list[dict[str, float]]:
            return [
                {
                    "threshold": point.threshold,
                    "equal_percent": round(point.equal, 2),
                    "different_percent": round(point.different, 2),
                }
                for point in of
            ]

        return {
            "drifted": groups(self.drifted),
            "hard": groups(self.hard),
            "drift": groups(self.drift),
            "lines": groups(self.lines),
            "other": groups(self.other),
            "patches": groups(self.patches),
            "curve": points(self.curve),
            "hard_curve": points(self.hard_curve),
            "coverage": [
                {
                    "tool": row.tool,
                    "clean_percent": round(row.other.share(row.other.clean), 2),
                    "different_percent": round(row.other.share(row.other.different), 2),
                    "zpmaint": points([row.point])[0] if row.point else None,
                    "reaches": row.reaches,
                }
                for row in self.coverage
            ],
            "classes": self.classes,
            "how": self.how,
        }


def report(results: Sequence[Result]) -> Report:
    """Count the results of a run."""
    drifted, hard = verdicts.drifted(results), verdicts.hard(results)
    ours = verdicts.by_tool(drifted).get(NAME, [])
    points = curve(ours)
    return Report(
        drifted=verdicts.grouped(drifted, _pair),
        hard=verdicts.grouped(hard, _pair),
        drift=_sorted(verdicts.grouped(drifted, lambda row: str(row.drift)), drifted),
        lines=verdicts.grouped(drifted, _lines),
        other=verdicts.grouped(verdicts.other(results), _what),
        patches=verdicts.grouped([r for r in verdicts.patches(results) if r.drifted], _pair),
        curve=tuple(points),
        hard_curve=tuple(curve(verdicts.by_tool(hard).get(NAME, []))),
        coverage=tuple(
            at_equal_coverage(points, tool, rows)
            for tool, rows in verdicts.by_tool(drifted).items()
            if tool != NAME and points
        ),
        classes=counted(row for row in ours if row.verdict is Verdict.DIFFERENT),
        how=_how(ours),
    )


def _pair(row: Result) -> str:
    return row.pair


def _lines(row: Result) -> str:
    return f"{'exact' if row.exact else 'hard'}, {'same lines' if row.same_lines else 'revised'}"


def _what(row: Result) -> str:
    return "unchanged" if row.kind == "modified" else str(row.kind)


def _sorted(groups: Groups, results: Sequence[Result]) -> Groups:
    """In the order of Drift, ALL last."""
    order = {str(drift): n for n, drift in enumerate(type(results[0].drift))} if results else {}
    return dict(sorted(groups.items(), key=lambda item: order.get(item[0], len(order))))


def _how(ours: Sequence[Result]) -> dict[str, dict[str, int]]:
    counts: dict[str, Counter[Verdict]] = {}
    for row in ours:
        counts.setdefault(strategies(row), Counter())[row.verdict] += 1
    return {
        name: {str(verdict): count[verdict] for verdict in Verdict}
        for name, count in sorted(counts.items(), key=lambda item: -sum(item[1].values()))
    }


def strategies(row: Result) -> str:
    """The strategies that placed a file's hunks, as one word."""
    if row.verdict is Verdict.CONFLICT:
        return "conflict"
    return " + ".join(sorted(set(row.placed))) or "nothing to place"
