# SPDX-License-Identifier: GPL-2.0-only
"""Reports of guests that ran the full benchmark, as bytes would come from the machine."""

from __future__ import annotations

import fnmatch
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from zpmaint.judge.measured import Place
from zpmaint.suites.guest.patterns import PAGE_KB, Pass, Pattern, full_bench

PAGES = 4096


@dataclass
class Guest:
    """A guest whose costs are made up, and whose counters say what the table asks for."""

    private: bool
    """Whether its read faults allocate."""
    release: str = "6.12.107"
    maps: int = 900
    """Ticks to map the zero page."""
    allocates: int = 2300
    """Ticks to allocate at once."""
    copies: int = 2400
    """Ticks for the write fault on the zero page."""
    frees: int = 400
    runs: int = 1
    jitter: int = 0
    """Ticks that each further run takes more, per page."""
    changed: dict[tuple[str, str, str], int] = field(default_factory=dict)
    """By pattern, pass and counter: what it says instead."""
    left_out: Mapping[tuple[str, int], str] = field(default_factory=dict)
    """By pattern and size: the reason."""

    def report(
        self, glob: str = "*", pages: Sequence[int] = (PAGES,), *, huge: bool = False
    ) -> str:
        """The whole report, as `zp.patterns` and `zp.pages` ask for it."""
        lines = ["KTAP version 1", f"# kernel {self.release} x86_64", "1..0"]
        for run in range(1, self.runs + 1):
            for kind in (False, True) if huge else (False,):
                for size in pages:
                    for pattern in full_bench().pattern:
                        if fnmatch.fnmatchcase(pattern.name, glob):
                            for share in pattern.shares or (100,):
                                place = Place(pattern.name, share, size, kind)
                                lines += self._pattern(pattern, place, run)
        return "\n".join([*lines, "# done"]) + "\n"

    def _pattern(self, pattern: Pattern, place: Place, run: int) -> list[str]:
        named = (
            f"pattern={place.pattern} pages={place.pages} huge={int(place.huge)} "
            f"share={place.share} run={run}"
        )
        if why := self.left_out.get((pattern.name, place.pages)):
            return [f"# unmeasured {named} why={why}"]
        first = {level.name: 40 for level in full_bench().level}
        lines = [f"# measured {named} pass=start touched=0 {_words(first)}"]
        for one in pattern.passes:
            counters = self._counters(one, place, run)
            for (name, of, counter), value in self.changed.items():
                if (name, of) == (pattern.name, one.name):
                    counters[counter] = value
            lines.append(
                f"# measured {named} pass={one.name} touched={place.pages} {_words(counters)}"
            )
        return lines

    def _counters(self, one: Pass, place: Place, run: int) -> dict[str, int]:
        pages, share = place.pages, place.share
        expected = one.faults
        faults = expected.of(private=self.private, share=share) if expected else 0
        each = {
            "read": self.allocates if self.private else self.maps,
            "write": 5 if self.private else self.copies * share / 100,
            "unmap": self.frees if self.private else self.frees * share / 100,
        }.get(one.name, 100)
        took = round(pages * (each + self.jitter * (run - 1)))
        counters = {"tsc": took, "ns": took, "MinorFaults": round(faults * pages)}
        for level in full_bench().level:
            amount = one.anonymous(level, huge=place.huge) if level.anon else None
            held = amount.of(private=self.private, share=share) if amount else 0
            counters[level.name] = 40 + round(held * pages * PAGE_KB / level.kb)
        return counters


def _words(counters: Mapping[str, int]) -> str:
    return " ".join(f"{name}={value}" for name, value in counters.items())
