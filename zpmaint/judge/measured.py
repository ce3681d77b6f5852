# SPDX-License-Identifier: GPL-2.0-only
"""What the full benchmark's guest said, read strictly. Pure.

Beside what `ktap` knows, these diagnostics have a meaning (zpmaint/suites/guest/c/patterns.h):

    # measured pattern=P pages=N huge=0|1 share=S run=R pass=NAME touched=N COUNTER=VALUE...
    # unmeasured pattern=P pages=N huge=0|1 share=S run=R why=TEXT
    # unmeasured huge=1 why=TEXT
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field

from zpmaint.judge.ktap import read_report
from zpmaint.suites.guest.patterns import Pattern

START = "start"
"""The pass that only has the levels before the first one."""

# No number of a guest's has more digits than 64 bits have.
_NUMBER = r"[0-9]{1,20}"
_PLACE = rf"pattern=(\S+) pages=({_NUMBER}) huge=([01]) share=({_NUMBER}) run=({_NUMBER})"
_MEASURED = re.compile(rf"# measured {_PLACE} pass=(\S+) touched=({_NUMBER})((?: \w+={_NUMBER})*)")
_UNMEASURED = re.compile(rf"# unmeasured {_PLACE} why=(\S.*)")
_NO_HUGE = re.compile(r"# unmeasured huge=1 why=(\S.*)")


@dataclass(frozen=True, order=True)
class Place:
    """One pattern at one size."""

    pattern: str
    share: int
    """Of a mixed pattern: how many of 100 read pages are written; else 100."""
    pages: int
    huge: bool

    def __str__(self) -> str:
        kind = ", huge pages" if self.huge else ""
        return f"{self.pattern} ({self.share}%, {self.pages} pages{kind})"


@dataclass
class Measured:
    """A guest's whole report: figures by place, pass and counter; a list has one for each run."""

    release: str = ""
    figures: dict[Place, dict[str, dict[str, list[int]]]] = field(default_factory=dict)
    unmeasured: dict[Place, str] = field(default_factory=dict)
    """Why the guest left a place out."""
    no_huge: str = ""
    """Why it left huge pages out altogether; '' if it did not."""
    problems: list[str] = field(default_factory=list)

    def flow(self, place: Place, name: str, counter: str) -> list[int]:
        """What a pass took, run by run; [] where the guest has no such figure."""
        return self.figures.get(place, {}).get(name, {}).get(counter, [])

    def growth(self, place: Place, name: str, counter: str) -> list[int]:
        """How much a level has grown since before the first pass, run by run; [] where one of the
        two is missing."""
        before = self.flow(place, START, counter)
        after = self.flow(place, name, counter)
        if len(before) != len(after):
            return []  # it is among the problems
        return [late - early for early, late in zip(before, after, strict=True)]


def places(patterns: Iterable[Pattern], pages: Iterable[int], *, huge: bool) -> list[Place]:
    """Where a guest measures that was asked so."""
    return [
        Place(pattern.name, share, size, kind)
        for pattern in patterns
        for size in pages
        for share in pattern.shares or (100,)
        for kind in ((False, True) if huge else (False,))
    ]


def read_measured(
    text: str, patterns: Iterable[Pattern], runs: int = 1, wanted: Iterable[Place] = ()
) -> Measured:
    """Read what came through the result channel. Never raises: faults are `problems`, a pass that
    is missing among them, and a place of `wanted` that has neither figures nor a reason."""
    said = read_report(text)
    found = Measured(release=said.release, problems=list(said.problems))
    for line in text.split("\n"):
        if line.startswith("# measured"):
            _measured(found, line)
        elif line.startswith("# unmeasured"):
            _unmeasured(found, line)
    found.problems += _missing(found, {pattern.name: pattern for pattern in patterns}, runs)
    known = found.figures.keys() | found.unmeasured.keys()
    found.problems += [
        f"{place} was not measured, and no reason given"
        for place in wanted
        if place not in known and not (place.huge and found.no_huge)
    ]
    return found


def _place(match: re.Match[str]) -> Place:
    return Place(match[1], int(match[4]), int(match[2]), match[3] == "1")


def _measured(found: Measured, line: str) -> None:
    match = _MEASURED.fullmatch(line)
    if match is None:
        found.problems.append(f"not a figure: {line[:60]!r}")
        return
    place, run, name = _place(match), int(match[5]), match[6]
    counters = found.figures.setdefault(place, {}).setdefault(name, {})
    for word in match[8].split():
        counter, value = word.split("=")
        values = counters.setdefault(counter, [])
        if len(values) != run - 1:
            found.problems.append(f"{place}: {counter} of {name}, run {run}, is out of turn")
        values.append(int(value))


def _unmeasured(found: Measured, line: str) -> None:
    if match := _NO_HUGE.fullmatch(line):
        found.no_huge = match[1]
    elif match := _UNMEASURED.fullmatch(line):
        found.unmeasured[_place(match)] = match[6]
    else:
        found.problems.append(f"not a reason: {line[:60]!r}")


def _missing(found: Measured, known: dict[str, Pattern], runs: int) -> Iterator[str]:
    for place, passes in found.figures.items():
        pattern = known.get(place.pattern)
        if pattern is None:
            yield f"{place} was not asked for"
            continue
        for name in (START, *(one.name for one in pattern.passes)):
            flow = ["tsc", "ns", "MinorFaults"] if name != START else []
            for counter in (*flow, "StatmAnon", "AnonPages"):
                had = len(passes.get(name, {}).get(counter, ()))
                if had != runs:
                    yield f"{place}: {counter} of the pass {name} has {had} figures, not {runs}"
