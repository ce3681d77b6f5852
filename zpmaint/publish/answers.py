# SPDX-License-Identifier: GPL-2.0-only
"""Claims of a set's own pages, each with what is measured here. Pure.

No figure is declared: each comes from the ledger, of the newest measured kernel of each series that
the measure asks for. Where there is none it says so.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import astuple, dataclass
from typing import Any

from zpmaint.judge.reading import largest
from zpmaint.patchset.claims import Claim, Measure
from zpmaint.publish.bench import Pair
from zpmaint.publish.figures import series_of
from zpmaint.publish.units import in_unit
from zpmaint.publish.words import number, size
from zpmaint.timeline.cost_changes import order
from zpmaint.timeline.costs import BREAK_EVEN, Costs
from zpmaint.timeline.kernels import order_of, parsed

MOST = 8
"""Kernels for each measure; the page of the costs has all."""
_RSS = "VmRSS"


@dataclass(frozen=True)
class Found:
    """One kernel's figures, as they are shown."""

    version: str
    arch: str
    stock: str
    """'' where it has none; so the next."""
    patched: str
    note: str
    """What the figure was taken at, where that is not said by the measure."""


@dataclass(frozen=True)
class Answer:
    """A measure with its figures."""

    measure: Measure
    is_pair: bool
    """Whether there is one figure of stock and patched together."""
    found: tuple[Found, ...]
    """Newest kernel first; empty: not measured."""
    more: int
    """Series that are left out."""
    command: str
    """With the newest kernel that it was, or could be, asked of."""


@dataclass(frozen=True)
class Answered:
    """A claim with its answers."""

    claim: Claim
    answers: tuple[Answer, ...]


@dataclass(frozen=True)
class Told:
    """What verifications say to a measure."""

    found: tuple[Found, ...] = ()
    """Of each series and architecture its newest kernel that has the figure; newest first."""
    asked: tuple[str, str] | None = None
    """Version and architecture of the newest measured kernel that is asked; None: there is none."""

    def as_json(self) -> list[Any]:
        """It in JSON's own types."""
        return [[astuple(one) for one in self.found], self.asked]

    @classmethod
    def kept(cls, told: Sequence[Any]) -> Told:
        """What `as_json` gave."""
        found, asked = told
        return cls(tuple(Found(*one) for one in found), tuple(asked) if asked else None)


def told_of(measures: Iterable[Measure], costs: Iterable[Costs]) -> list[Told]:
    """Of each measure what kernels say to it."""
    newest_first = sorted(costs, key=order, reverse=True)
    return [_told(measure, newest_first) for measure in measures]


def merged(parts: Iterable[Sequence[Told]]) -> list[Told]:
    """Of each measure what all kernels say, of parts with the newest first. A series is in one."""
    return [
        Told(
            tuple(found for one in mine for found in one.found),
            next((one.asked for one in mine if one.asked), None),
        )
        for mine in zip(*parts, strict=True)
    ]


def measures_of(claims: Iterable[Claim]) -> list[Measure]:
    """All measures of some claims, in order."""
    return [measure for claim in claims for measure in claim.measures]


def answered(
    claims: Sequence[Claim], told: Sequence[Told], benchmarks: Sequence[Pair], patchset: str
) -> list[Answered]:
    """Every claim in order. `told` is what verifications say to each of `measures_of(claims)`, ()
    where there are none; `patchset` is named in the commands, '' where it is the project's."""
    pairs = sorted(benchmarks, key=lambda pair: order_of(pair[0].version), reverse=True)
    said = iter(told)

    def answer(measure: Measure) -> Answer:
        of = next(said, Told())
        found = of.found if measure.counter else tuple(_benched(measure, pairs))
        return Answer(
            measure=measure,
            is_pair=measure.counter == BREAK_EVEN,
            found=found[:MOST],
            more=max(0, len(found) - MOST),
            command=_command(measure, found, of.asked, patchset),
        )

    return [Answered(claim, tuple(map(answer, claim.measures))) for claim in claims]


def wanted_by(claims: Sequence[Claim]) -> frozenset[tuple[str, str]]:
    """Counter and phase of all figures of verifications that claims are answered by."""
    return frozenset(
        (one.counter, one.phase) for claim in claims for one in claim.measures if one.counter
    )


def _told(measure: Measure, newest_first: Sequence[Costs]) -> Told:
    asked = next((one for one in newest_first if _is_asked(measure, one.version)), None)
    found = tuple(_verified(measure, newest_first)) if measure.counter else ()
    return Told(found, (asked.version, asked.arch) if asked else None)


def _verified(measure: Measure, newest_first: Iterable[Costs]) -> Iterator[Found]:
    """Of each series and architecture its newest kernel that has the figure."""
    seen: set[tuple[str, str]] = set()
    for one in newest_first:
        name = (series_of(one.version), one.arch)
        figure = None if name in seen else one.figure(measure.counter, measure.phase)
        if figure is None or not _is_asked(measure, one.version):
            continue
        seen.add(name)
        stock, patched = (
            "" if side is None else number(in_unit(side, figure.unit, measure.unit))
            for side in (figure.stock, figure.patched)
        )
        yield Found(one.version, one.arch, stock, patched or figure.word, "")


def _benched(measure: Measure, newest_first: Iterable[Pair]) -> Iterator[Found]:
    """Likewise, by the full benchmark."""
    seen: set[tuple[str, str]] = set()
    for record, found in newest_first:
        name = (series_of(record.version), record.arch)
        row = largest(found, measure.pattern, measure.step, huge=measure.huge)
        if row is None or name in seen or not _is_asked(measure, record.version):
            continue
        if measure.of == "cost":
            both, each = row.cost, 1.0
        elif measure.of == "faults":
            both, each = row.faults, 1 / row.pages
        else:
            both, each = row.levels.get(_RSS, {}), 1 / row.pages
        stock, patched = (
            "" if (side := both.get(kernel)) is None else number(side * each)
            for kernel in ("stock", "patched")
        )
        if stock or patched:
            seen.add(name)
            yield Found(record.version, record.arch, stock, patched, size(row.pages))


def _is_asked(measure: Measure, version: str) -> bool:
    kernel = parsed(version)
    return kernel is not None and kernel in measure.era


def _command(
    measure: Measure, shown: Sequence[Found], asked: tuple[str, str] | None, patchset: str
) -> str:
    """What measures it on the newest kernel that it was measured on; if on none, on the newest that
    could be asked."""
    version, arch = (shown[0].version, shown[0].arch) if shown else asked or ("VERSION", "")
    command = measure.command.replace("VERSION", version)
    if arch not in ("", "x86_64"):
        command += f" --arch {arch}"
    return command + (f" --patch {patchset}" if patchset else "")
