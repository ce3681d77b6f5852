# SPDX-License-Identifier: GPL-2.0-only
"""A series step by step: does the kernel compile after each patch, and which one turns a case.

Every step is built, in one work tree: what bisects through the series later meets each of them.
Booted is the last one, and where that fails as few of the others as name the patch.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Any

from zpmaint.app.bisect import first_bad
from zpmaint.build.values import Pair
from zpmaint.core.errors import KernelError
from zpmaint.core.progress import SILENT, Reporter
from zpmaint.core.result import Result
from zpmaint.judge.values import Verdict
from zpmaint.port.values import Port

Build = Callable[[int], Pair]
"""The pair with the first so many patches that go in. Raises KernelError if it does not build."""
Judge = Callable[[Pair], Verdict]
"""Boots a pair and judges it."""


@dataclass(frozen=True)
class Step:
    """The kernel after one more patch."""

    number: int
    """How many patches are in, counted from 1."""
    patch: str
    """The last of them, by name; '' where the set is one patch."""
    error: str
    """Why it does not build, in one line; '' where it does."""
    seconds: float
    """Wall time of the build; 0.0 where it was there."""
    result: Result | None = None
    """How its boot was judged; None where it was not booted."""
    turned: tuple[str, ...] = ()
    """The cases that it turns."""

    @property
    def builds(self) -> bool:
        return not self.error

    def as_json(self) -> dict[str, Any]:
        return {
            "step": self.number,
            "patch": self.patch or None,
            "builds": self.builds,
            "error": self.error or None,
            "seconds": round(self.seconds, 3),
            "booted": None if self.result is None else str(self.result),
            "turned": list(self.turned),
        }


@dataclass(frozen=True)
class Each:
    """What came of all steps."""

    port: Port
    steps: tuple[Step, ...]
    result: Result
    why: str
    first: str = ""
    """The first patch that does not compile, or that turns a case; '' if there is none."""

    def as_json(self) -> dict[str, Any]:
        """The object that `zpmaint verify --each --json` prints for a kernel."""
        return {
            "version": str(self.port.version),
            "patchset": self.port.patchset,
            "anchor": self.port.anchor,
            "result": str(self.result),
            "why": self.why,
            "first": self.first or None,
            "dropped": list(self.port.dropped),
            "steps": [step.as_json() for step in self.steps],
        }


def each(port: Port, build: Build, judge: Judge, reporter: Reporter = SILENT) -> Each:
    """Build after every patch of `port`, then boot as much as is needed.

    A step that does not build ends as such and the next is built all the same: a later patch may
    mend it. Where the last one does not build, nothing is booted. Raises InfraError."""
    steps: list[Step] = []
    pairs: dict[int, Pair] = {}
    title = f"build {port.patchset} on {port.version} step by step"
    with reporter.step(title, "patches") as progress:
        for number, patch in enumerate((step.name for step in port.steps), 1):
            try:
                pair = pairs[number] = build(number)
            except KernelError as error:
                steps.append(Step(number, patch, error.what, 0.0))
                progress.note(f"{patch}: {error.what}")
            else:
                took = pair.patched.seconds if pair.patched else 0.0
                steps.append(Step(number, patch, "", took))
            progress.advance(number, len(port.steps))
    broken = [step for step in steps if not step.builds]
    if not steps[-1].builds:
        return Each(port, tuple(steps), Result.BUILD, _broken(broken), broken[0].patch)
    seen: dict[int, Verdict] = {}

    def verdict(number: int) -> Verdict:
        if number not in seen:
            seen[number] = judge(pairs[number])
        return seen[number]

    last = verdict(len(steps))
    culprit = _turning(sorted(pairs), verdict) if last.result is Result.FAIL else 0
    judged = tuple(_with_verdict(step, seen.get(step.number), last, culprit) for step in steps)
    if broken:
        return Each(port, judged, Result.BUILD, _broken(broken), broken[0].patch)
    if culprit:
        turned = ", ".join(judged[culprit - 1].turned) or "what the console says"
        why = f"{judged[culprit - 1].patch} is the first that turns {turned}: {last.why}"
        return Each(port, judged, last.result, why, judged[culprit - 1].patch)
    return Each(port, judged, last.result, last.why)


def _broken(broken: Sequence[Step]) -> str:
    more = f"; {len(broken) - 1} more steps do not build" if len(broken) > 1 else ""
    return f"{broken[0].patch} does not compile: {broken[0].error}{more}"


def _turning(numbers: Sequence[int], verdict: Callable[[int], Verdict]) -> int:
    """The number of the step that turns what fails at the last one; 0 where the stock kernel shows
    the same, so that no patch of the series turned it."""
    wrong = _signs(verdict(numbers[-1]))
    if not wrong:
        return 0
    return first_bad(numbers, lambda number: bool(wrong & _signs(verdict(number))))


def _signs(verdict: Verdict) -> frozenset[tuple[str, str]]:
    """What a kernel shows that it should not, and stock does not show: case and observation; of a
    failure that no case saw the failure itself."""
    failing = [case for case in verdict.cases if case.patched and not case.patched.ok]
    if failing:
        return frozenset(
            (case.name, f"{case.suite}: {case.patched.observed}")
            for case in failing
            if case.patched and not (case.stock and case.stock.observed == case.patched.observed)
        )
    return frozenset(("", text) for text in verdict.failures if text.startswith("patched"))


def _with_verdict(step: Step, seen: Verdict | None, last: Verdict, culprit: int) -> Step:
    if seen is None:
        return step
    result = last.result if seen is last else None
    if result is None:
        # A part of a series is not held to what the whole is for: only to what fails at its end.
        result = Result.FAIL if step.number >= culprit else Result.NO_REGRESSION
    turned = _signs(last) & _signs(seen) if step.number == culprit else frozenset()
    names = tuple(sorted(name for name, _ in turned if name))
    return replace(step, result=result, turned=names)
