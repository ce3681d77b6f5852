# SPDX-License-Identifier: GPL-2.0-only
"""Results counted: what share of the cases a tool got right, by any way of grouping. Pure."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Protocol

from zpmaint.evaluate.drift import Drift
from zpmaint.evaluate.values import Kind, Result, Verdict

ALL = "all"


class Counted(Protocol):
    """What is counted: one tool on one case."""

    @property
    def verdict(self) -> Verdict: ...
    @property
    def seconds(self) -> float: ...


@dataclass(frozen=True)
class Tally:
    """One tool on a group of file cases."""

    cases: int
    equal: int
    different: int
    seconds: float
    """Of processor time, all of them together."""

    @property
    def clean(self) -> int:
        """Without conflict."""
        return self.equal + self.different

    def share(self, count: int) -> float:
        """`count` in percent of the cases."""
        return 100 * count / self.cases if self.cases else 0.0

    def as_json(self) -> dict[str, float]:
        return {
            "cases": self.cases,
            "clean": self.clean,
            "equal": self.equal,
            "different": self.different,
            "clean_percent": round(self.share(self.clean), 2),
            "equal_percent": round(self.share(self.equal), 2),
            "different_percent": round(self.share(self.different), 2),
            "seconds": round(self.seconds, 3),
        }


def tally(results: Iterable[Counted]) -> Tally:
    """Count results of one tool."""
    rows = list(results)
    return Tally(
        len(rows),
        sum(row.verdict is Verdict.EQUAL for row in rows),
        sum(row.verdict is Verdict.DIFFERENT for row in rows),
        sum(row.seconds for row in rows),
    )


def grouped(results: Sequence[Result], key: Callable[[Result], str]) -> dict[str, dict[str, Tally]]:
    """Group name to tool to tally, groups in the order they come; ALL is the last."""
    groups: dict[str, dict[str, list[Result]]] = {}
    for row in results:
        for name in (key(row), ALL):
            groups.setdefault(name, {}).setdefault(row.tool, []).append(row)
    if ALL in groups:
        groups[ALL] = groups.pop(ALL)
    return {
        name: {tool: tally(rows) for tool, rows in tools.items()} for name, tools in groups.items()
    }


def drifted(results: Iterable[Result]) -> list[Result]:
    """The cases that the figures are about: files that both kernels have, and that differ."""
    return [row for row in results if row.kind is Kind.MODIFIED and row.drifted]


def hard(results: Iterable[Result]) -> list[Result]:
    """Of these, the ones that take more than exact hunks at an offset: patch -F0 refuses them."""
    return [row for row in drifted(results) if not row.exact]


def other(results: Iterable[Result]) -> list[Result]:
    """All the rest: files without drift, and whatever is no change of lines."""
    return [row for row in results if row.kind is not Kind.MODIFIED or not row.drifted]


def patches(results: Iterable[Result]) -> list[Result]:
    """One result for each patch as a whole, by tool: it is right if all its files are, wrong
    without a word if all are clean and one differs."""
    groups: dict[tuple[str, str, str], list[Result]] = {}
    for row in results:
        groups.setdefault((row.tool, row.pair, row.case), []).append(row)
    return [_whole(rows) for rows in groups.values()]


def _whole(rows: Sequence[Result]) -> Result:
    verdicts = {row.verdict for row in rows}
    worst = next(v for v in (Verdict.CONFLICT, Verdict.DIFFERENT, Verdict.EQUAL) if v in verdicts)
    return Result(
        pair=rows[0].pair,
        case=rows[0].case,
        path="",
        kind=Kind.MODIFIED,
        drifted=any(row.drifted for row in rows),
        exact=all(row.exact for row in rows),
        drift=max((row.drift for row in rows), key=list(Drift).index),
        tool=rows[0].tool,
        verdict=worst,
        confidence=min(row.confidence for row in rows),
        how="",
        placed=tuple(word for row in rows for word in row.placed),
        seconds=sum(row.seconds for row in rows),
        same_lines=all(row.same_lines for row in rows),
    )


def by_tool(results: Iterable[Result]) -> dict[str, list[Result]]:
    """The results of each tool, in their order."""
    found: dict[str, list[Result]] = {}
    for row in results:
        found.setdefault(row.tool, []).append(row)
    return found
