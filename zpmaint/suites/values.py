# SPDX-License-Identifier: GPL-2.0-only
"""What a suite consists of."""

from __future__ import annotations

from dataclasses import dataclass

from zpmaint.core.eras import Era
from zpmaint.core.versions import KernelVersion

MINIMAL = "minimal"
"""One CPU, the fewest options: what every verification boots."""
FULL = "full"
"""More CPUs, swap, memory cgroups, NUMA, core dumps."""
PROFILES = (MINIMAL, FULL)


@dataclass(frozen=True)
class Defect:
    """Kernels that are known to answer a case wrongly, patched or not."""

    era: Era
    word: str
    """What they report."""
    why: str


@dataclass(frozen=True)
class Lack:
    """Kernels of one architecture that lack what a case looks at: the guest skips it there. All of
    them where the era is a whole one."""

    arch: str
    era: Era
    why: str


@dataclass(frozen=True)
class StockWord:
    """Kernels on which a stock kernel answers a case by another word than `Case.expect`."""

    era: Era
    word: str
    why: str


@dataclass(frozen=True)
class Case:
    """One case of a suite. What it must report is said of a stock kernel; a patch set's flips say
    what a patched one reports instead."""

    name: str
    reason: str
    """What would be broken if it failed."""
    tags: tuple[str, ...]
    era: Era
    """The kernels it runs on; the guest skips it on others."""
    needs: str = ""
    """What a kernel of the era may lack; '' where the case must run."""
    expect: str = "ok"
    """The word it reports on every kernel, but for `stocks` and `defects`."""
    defects: tuple[Defect, ...] = ()
    lacks: tuple[Lack, ...] = ()
    profile: str = MINIMAL
    """The profile that it takes to tell: in the minimal one the guest skips what needs the full."""
    stocks: tuple[StockWord, ...] = ()
    also: tuple[StockWord, ...] = ()
    """Words that a stock kernel may report instead of `stock`: which of them, its version does not
    say. A patched kernel still has to do what the patch promises."""
    relative: bool = False
    """Nobody knows beforehand what it reports: patched is held to what stock reported."""

    @property
    def function(self) -> str:
        """The C function that runs it."""
        return self.name.replace(".", "_").replace("-", "_")

    def defect(self, version: KernelVersion) -> Defect | None:
        """What is known to be wrong with `version`, patched or not."""
        return next((defect for defect in self.defects if version in defect.era), None)

    def stock(self, version: KernelVersion) -> str:
        """The word that a stock kernel of `version` must report."""
        found = next((row for row in self.stocks if version in row.era), None)
        return found.word if found else self.expected(version)

    def may(self, version: KernelVersion) -> frozenset[str]:
        """The words that a stock kernel of `version` may report instead of `stock`."""
        return frozenset(row.word for row in self.also if version in row.era)

    def expected(self, version: KernelVersion) -> str:
        """The word it must report on `version` where nothing is said of stock kernels."""
        known = self.defect(version)
        return known.word if known else self.expect

    def must_run(
        self, version: KernelVersion, profile: str = MINIMAL, arch: str = "x86_64"
    ) -> bool:
        """Whether a skip on this kernel of `arch`, booted in `profile`, is a failure."""
        return (
            version in self.era
            and not self.needs
            and self.profile in (MINIMAL, profile)
            and not any(lack.arch == arch and version in lack.era for lack in self.lacks)
        )

    def is_for(self, arch: str) -> bool:
        """Whether any kernel of an architecture has what the case looks at: where none has, its
        program has no such case to run."""
        return not any(lack.arch == arch and lack.era == Era() for lack in self.lacks)


@dataclass(frozen=True)
class Figure:
    """A number that cases may report beside their word, as a patch set declares it."""

    name: str
    unit: str
    why: str
    patched: str = ""
    """How patched must stand to stock: less, more, same; '' where it is shown only."""

    def holds(self, stock: float, patched: float) -> bool:
        """Whether two figures stand to each other as declared."""
        return {
            "": True,
            "less": patched < stock,
            "more": patched > stock,
            "same": patched == stock,
        }[self.patched]
