# SPDX-License-Identifier: GPL-2.0-only
"""What makes a kernel a good or a bad one in a bisection: what was observed on it, held against
what was observed on the two that are known. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from math import sqrt

from zpmaint.core.errors import UserError
from zpmaint.core.result import Result
from zpmaint.ledger.stages import CaseRecord, DeltaRecord
from zpmaint.ledger.values import Record
from zpmaint.matrix.narrowing import Answer
from zpmaint.timeline.costs import BREAK_EVEN, costs_of

_HINT = "result, port, build, case:NAME or figure:COUNTER:PHASE[:stock|patched]"


class Depth(StrEnum):
    """How far a kernel has to be taken to be judged."""

    PORT = "port"
    """The patch carried onto it: nothing is built."""
    BUILD = "build"
    """Both kernels built."""
    BOOT = "boot"
    """Both booted, tested and judged."""


class Kind(StrEnum):
    """What is looked at."""

    RESULT = "result"
    PORT = "port"
    BUILD = "build"
    CASE = "case"
    FIGURE = "figure"


@dataclass(frozen=True)
class Criterion:
    """What is looked at, as `--run` names it."""

    kind: Kind = Kind.RESULT
    name: str = ""
    """The case, or the counter."""
    phase: str = ""
    side: str = ""
    """Whose figure: stock, patched; '' the patched one's, of both alike the stock one's."""

    @classmethod
    def parse(cls, text: str) -> Criterion:
        """Raises UserError, naming what would be right."""
        word, *rest = text.split(":")
        try:
            kind = Kind(word)
        except ValueError:
            raise UserError(f"--run {text!r}: no such criterion", _HINT) from None
        wanted = {Kind.CASE: (1,), Kind.FIGURE: (2, 3)}.get(kind, (0,))
        if kind is Kind.CASE:
            rest = [":".join(rest)] if rest else []
        if len(rest) not in wanted or not all(rest):
            raise UserError(f"--run {text!r}: not whole", _HINT)
        if len(rest) == 3 and rest[2] not in ("stock", "patched"):
            raise UserError(f"--run {text!r}: no such kernel {rest[2]!r}", "stock or patched")
        return cls(kind, *rest)

    @property
    def depth(self) -> Depth:
        return {Kind.PORT: Depth.PORT, Kind.BUILD: Depth.BUILD}.get(self.kind, Depth.BOOT)

    def __str__(self) -> str:
        return ":".join(part for part in (self.kind, self.name, self.phase, self.side) if part)


@dataclass(frozen=True)
class Observed:
    """What was seen on one kernel, as far as the criterion asks."""

    words: str
    """For people, in a line."""
    state: str | None = None
    """A word to compare; None: it shows nothing."""
    fine: str | None = None
    """A closer word, for two ends that have the same."""
    is_good: bool | None = None
    """What it says by itself; None: it has to be held against the ends."""
    signs: frozenset[str] = frozenset()
    """Of a failing kernel: what fails, without what may differ."""
    figure: float | None = None


BUILT, BROKEN = "builds", "build-failed"
_CARRIED = {"applies": "carried", "ported": "carried"}
"""States of a port that come to the same: the patch goes in."""


def of_port(state: str, why: str, *, leads_on: bool) -> Observed:
    """Of a port: its state (port.values.State)."""
    return Observed(f"{state}: {why}", _CARRIED.get(state, state), state, leads_on)


def of_build(*, builds: bool, why: str) -> Observed:
    """Of a pair of kernels."""
    return Observed(why, BUILT if builds else BROKEN, is_good=builds)


def of_record(criterion: Criterion, record: Record) -> Observed:
    """Of a verification, as far as it went."""
    words = f"{record.result}: {record.why}"
    if not record.result.settles:
        return Observed(words)
    if criterion.kind is Kind.PORT and record.port:
        return of_port(
            record.port.state, record.port.why, leads_on=record.result is not Result.CONFLICT
        )
    if record.result is Result.CONFLICT:
        return (
            Observed(words, str(record.result))
            if criterion.kind is Kind.RESULT
            else Observed(words)
        )
    if criterion.kind is Kind.BUILD:
        return of_build(builds=record.result is not Result.BUILD, why=words)
    if criterion.kind is Kind.RESULT:
        failures = record.verdict.failures if record.verdict else ()
        signs = frozenset(": ".join(one.split(": ")[:2]) for one in failures)
        good = True if record.result.is_good else None
        return Observed(words, str(record.result), is_good=good, signs=signs)
    if criterion.kind is Kind.CASE:
        return _of_case(criterion.name, record, words)
    return _of_figure(criterion, record, words)


def _of_case(name: str, record: Record, words: str) -> Observed:
    cases: list[CaseRecord] = [
        one
        for one in (record.verdict.cases if record.verdict else ())
        if name in (one.name, f"{one.suite}:{one.name}")
    ]
    marks = {(one.suite, side): mark for one in cases for side, mark in one.results.items()}
    if not marks or any(one.mark == "skip" for one in marks.values()):
        return Observed(f"{name} was not run ({words})")
    bad = [(side, one) for (_, side), one in marks.items() if one.is_bad]
    told = "; ".join(f"{side}: {one.mark} {one.observed}".strip() for side, one in bad)
    return Observed(f"{name}: {told or 'pass'}", "fail" if bad else "pass", is_good=not bad)


def _of_figure(criterion: Criterion, record: Record, words: str) -> Observed:
    label = f"{criterion.name} ({criterion.phase})"
    stock, patched, unit = _figures(criterion, record)
    wanted = {"stock": stock, "patched": patched}
    value = wanted[criterion.side] if criterion.side else stock if patched is None else patched
    if value is None:
        return Observed(f"{label} was not measured ({words})")
    return Observed(f"{label}: {value:,.6g} {unit}".rstrip(), figure=value)


def _figures(criterion: Criterion, record: Record) -> tuple[float | None, float | None, str]:
    if criterion.name == BREAK_EVEN:
        costs = costs_of(record)
        found = costs.figure(criterion.name, criterion.phase) if costs else None
        return (found.stock, found.patched, found.unit) if found else (None, None, "")
    deltas: tuple[DeltaRecord, ...] = record.verdict.deltas if record.verdict else ()
    for one in deltas:
        if (one.counter, one.phase) == (criterion.name, criterion.phase):
            return one.stock, one.patched, one.unit
    return None, None, ""


def check_ends(good: Observed, bad: Observed, names: tuple[str, str]) -> None:
    """Raises UserError where the two kernels, by their `names`, do not differ as they have to."""
    for name, one, wanted in zip(names, (good, bad), (Answer.GOOD, Answer.BAD), strict=True):
        if (seen := answer(good, bad, one)) is not wanted:
            told = "cannot be judged" if seen is Answer.SKIP else f"is {seen}"
            raise UserError(
                f"{name} {told}, so there is no turn to look for: {one.words}",
                f"name a kernel that is {wanted}, or another --run ({_HINT})",
            )


def answer(good: Observed, bad: Observed, seen: Observed) -> Answer:
    """What `seen` is, where `good` and `bad` are what the ends of the row showed. What is like
    neither of them is skipped: a kernel that fails for another reason tells nothing of this one."""
    if good.figure is not None and bad.figure is not None:
        return _by_figure(good.figure, bad.figure, seen.figure)
    if seen.state is None:
        return Answer.SKIP
    if good.is_good is True and bad.is_good is not True:
        if seen.is_good is not None:
            return Answer.GOOD if seen.is_good else Answer.BAD
        if seen.state != bad.state or (bad.signs and not bad.signs & seen.signs):
            return Answer.SKIP
        return Answer.BAD
    # Both lead on, or neither does: what tells them apart is the state alone, or its finer word.
    if good.state != bad.state:
        told: tuple[str | None, ...] = (good.state, bad.state, seen.state)
    elif seen.state == good.state:
        told = (good.fine, bad.fine, seen.fine)
    else:
        return Answer.SKIP
    if told[0] == told[1] or told[2] not in told[:2]:
        return Answer.SKIP
    return Answer.GOOD if told[2] == told[0] else Answer.BAD


def _by_figure(good: float, bad: float, seen: float | None) -> Answer:
    """On which side of the middle between the two it lies: by ratio where that makes sense."""
    if seen is None or good == bad:
        return Answer.SKIP
    middle = sqrt(good * bad) if good > 0 and bad > 0 else (good + bad) / 2
    return Answer.GOOD if (seen < middle) == (good < middle) else Answer.BAD
