# SPDX-License-Identifier: GPL-2.0-only
"""What of a change ran in the guest, line by line, and in which cases. Pure."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass

from zpmaint.build.running.values import HunkAt, Kind, LineAt, Places, Spot

NAMED = 3
"""Cases that are named of a line."""


@dataclass(frozen=True)
class LineExecuted:
    """One line of the built file."""

    number: int
    cases: int = 0
    """How many cases run it."""
    named: tuple[str, ...] = ()
    """The first of them, of a few those that run the least of the change."""
    elsewhere: bool = False
    """Whether it runs while no case does: as the kernel comes up, or between two suites."""

    @property
    def ran(self) -> bool:
        return bool(self.cases) or self.elsewhere


@dataclass(frozen=True)
class HunkExecuted:
    header: str
    kind: str = Kind.ADDED.value
    """added, beside (it takes lines away alone: those next to them), none (it has no line that is
    an instruction)."""
    lines: tuple[LineExecuted, ...] = ()
    silent: int = 0
    """Lines of code that are no instruction of their own."""
    cases: int = 0
    """How many cases run any of its lines."""

    @property
    def ran(self) -> int:
        return sum(line.ran for line in self.lines)

    @property
    def words(self) -> str:
        """For a table: 7 of 8 lines, by all 120 cases."""
        if not self.lines:
            return "no instruction of its own"
        beside = " beside it" if self.kind == Kind.BESIDE else ""
        return f"{self.ran} of {len(self.lines)} lines{beside}"

    @property
    def never(self) -> tuple[int, ...]:
        return tuple(line.number for line in self.lines if not line.ran)


@dataclass(frozen=True)
class FileExecuted:
    path: str
    hunks: tuple[HunkExecuted, ...] = ()
    patch: str = ""
    why: str = ""
    """What is not known of it, and why; '' where all is."""


@dataclass(frozen=True)
class Executed:
    """What ran of a port."""

    files: tuple[FileExecuted, ...] = ()
    cases: int = 0
    """How many cases ran at all."""
    idle: tuple[str, ...] = ()
    """Those that run nothing of the change."""
    seconds: float = 0.0
    """Wall time of the boots in which that was seen, which are boots of their own."""
    differing: tuple[str, ...] = ()
    """Cases that reported otherwise than in the boots that are judged."""

    @property
    def _lines(self) -> list[tuple[str, HunkExecuted, LineExecuted]]:
        return [(f.path, h, line) for f in self.files for h in f.hunks for line in h.lines]

    @property
    def share(self) -> float:
        """0..1: of the lines that are known by an address, how many ran; 0 where none is known."""
        lines = self._lines
        return sum(line.ran for _, _, line in lines) / len(lines) if lines else 0.0

    @property
    def counts(self) -> str:
        """executed 21 of 24 changed lines, 2 of 2 lines beside what is taken away"""
        parts = []
        for kind, what in (
            (Kind.ADDED, "changed lines"),
            (Kind.BESIDE, "lines beside what is taken away"),
        ):
            of = [line for _, hunk, line in self._lines if hunk.kind == kind]
            if of:
                parts.append(f"{sum(line.ran for line in of)} of {len(of)} {what}")
        return f"executed {', '.join(parts)}" if parts else "no changed line is known in the kernel"

    @property
    def never(self) -> str:
        """The lines that did not run, by file: mm/memory.c:4123, 4130; '' where all did."""
        parts = []
        for path in dict.fromkeys(path for path, _, line in self._lines if not line.ran):
            numbers = sorted({n.number for p, _, n in self._lines if p == path and not n.ran})
            parts.append(f"{path}:{', '.join(map(str, numbers))}")
        return "; ".join(parts)

    @property
    def words(self) -> str:
        """The counts, and what never ran."""
        never = self.never
        return f"{self.counts}; never: {never}" if never else self.counts


class Ran:
    """The blocks of code that ran, by case; asked for instructions."""

    def __init__(self, reached: Mapping[str, Collection[int]]) -> None:
        """`reached`: by case the addresses at which a block began; "" has what belongs to none."""
        self._starts = {case: sorted(starts) for case, starts in reached.items()}

    def cases(self, spots: Sequence[Spot]) -> frozenset[str]:
        """The cases that run any of the spots."""
        return frozenset(
            case
            for case, starts in self._starts.items()
            if any(_is_in(starts, spot) for spot in spots)
        )


def _is_in(starts: Sequence[int], spot: Spot) -> bool:
    index = bisect_left(starts, spot.first)
    return index < len(starts) and starts[index] <= spot.at


def ranges(places: Places) -> tuple[tuple[int, int], ...]:
    """The addresses at which a block that matters may begin, joined where they touch."""
    found: list[tuple[int, int]] = []
    for first, last in sorted({(spot.first, spot.at) for spot in places.spots}):
        if found and first <= found[-1][1] + 1:
            found[-1] = found[-1][0], max(found[-1][1], last)
        else:
            found.append((first, last))
    return tuple(found)


def touching(places: Places, reached: Mapping[str, Collection[int]]) -> dict[str, int]:
    """By case how many of the lines it runs; those that run none are not in it."""
    ran = Ran(reached)
    found: dict[str, int] = {}
    for line in _all_lines(places):
        for case in ran.cases(line.spots):
            found[case] = found.get(case, 0) + 1
    found.pop("", None)
    return found


def _all_lines(places: Places) -> Iterator[LineAt]:
    for file in places.files:
        for hunk in file.hunks:
            yield from hunk.lines


def executed(
    places: Places,
    reached: Mapping[str, Collection[int]],
    cases: Sequence[str],
    *,
    seconds: float = 0.0,
    differing: Sequence[str] = (),
) -> Executed:
    """What ran. `cases` are those that ran, in order; one that was skipped is not among them."""
    ran = Ran(reached)
    counts = touching(places, reached)
    # Who runs least tells most of a line: a case that reaches it and little else is about it.
    order = sorted(cases, key=lambda case: (counts.get(case, 0), cases.index(case)))

    def hunk(one: HunkAt) -> HunkExecuted:
        by = [ran.cases(line.spots) for line in one.lines]
        lines = tuple(
            LineExecuted(
                line.number,
                len(told & {*cases}),
                tuple(case for case in order if case in told)[:NAMED],
                "" in told,
            )
            for line, told in zip(one.lines, by, strict=True)
        )
        together = frozenset[str]().union(*by) & {*cases}
        return HunkExecuted(one.header, one.kind.value, lines, one.silent, len(together))

    return Executed(
        tuple(
            FileExecuted(file.path, tuple(map(hunk, file.hunks)), file.patch, file.why)
            for file in places.files
        ),
        len(cases),
        tuple(case for case in cases if case not in counts),
        seconds,
        tuple(differing),
    )
