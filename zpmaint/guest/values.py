"""What the suite consists of."""

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
    """Kernels of one architecture that lack what a case looks at: the guest skips it there."""

    arch: str
    era: Era
    why: str


@dataclass(frozen=True)
class Case:
    """One case of the fault-path suite, as cases.toml declares it."""

    name: str
    reason: str
    """What would be broken if it failed."""
    tags: tuple[str, ...]
    era: Era
    """The kernels it runs on; the guest skips it on others."""
    needs: str = ""
    """What a kernel of the era may lack; '' where the case must run."""
    expect: str = "ok"
    """The word it reports on every kernel, unless a patch set's flip says otherwise."""
    defects: tuple[Defect, ...] = ()
    lacks: tuple[Lack, ...] = ()
    profile: str = MINIMAL
    """The profile that it takes to tell: in the minimal one the guest skips what needs the full."""

    @property
    def function(self) -> str:
        """The C function that runs it."""
        return self.name.replace(".", "_").replace("-", "_")

    def defect(self, version: KernelVersion) -> Defect | None:
        """What is known to be wrong with `version`, patched or not."""
        return next((defect for defect in self.defects if version in defect.era), None)

    def expected(self, version: KernelVersion) -> str:
        """The word it must report on `version` where no flip says otherwise."""
        known = self.defect(version)
        return known.word if known else self.expect

    def must_run(self, version: KernelVersion, profile: str = MINIMAL) -> bool:
        """Whether a skip on this kernel, booted in `profile`, is a failure of the case."""
        return version in self.era and not self.needs and self.profile in (MINIMAL, profile)
