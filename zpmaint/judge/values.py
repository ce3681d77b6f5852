# SPDX-License-Identifier: GPL-2.0-only
"""What judging hands on: case by case, stock and patched, and the deltas that carry meaning."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from zpmaint.build.executed import Executed
from zpmaint.core.result import Result


class Mark(StrEnum):
    """How one case on one kernel compares with what was expected."""

    PASS = "pass"
    """As expected."""
    FAIL = "fail"
    """Another word than the one expected, or the kernel complained while it ran."""
    SKIP = "skip"
    """The guest said why it cannot be run there. Never counted as a pass."""
    LOST = "lost"
    """No result: it was never run, for the guest died before. Counts as a failure."""


@dataclass(frozen=True)
class CaseResult:
    """One case on one kernel."""

    mark: Mark
    observed: str
    """The word the guest gave for what it saw, or its reason for a skip; how the guest ended
    (panic, hang, ...) where it died of the case."""
    expected: str
    """The word expected here: 'ok', or the flip's word."""
    detail: str = ""
    console: tuple[str, ...] = ()
    """What the kernel said in its time."""

    @property
    def ok(self) -> bool:
        return self.mark not in (Mark.FAIL, Mark.LOST)


@dataclass(frozen=True)
class CaseVerdict:
    """One case on both kernels; None for a kernel that there is not, or was not asked for."""

    name: str
    stock: CaseResult | None
    patched: CaseResult | None
    flips: bool
    """Whether the patch changes what this case sees."""
    suite: str = "fault-path"
    """The suite that it belongs to, by name."""

    @property
    def ok(self) -> bool:
        return all(result.ok for result in (self.stock, self.patched) if result)

    @property
    def contradicts(self) -> bool:
        """Whether stock did otherwise than the suite says of it, and the patch has no part in that:
        patched did as it must, or the same as stock."""
        if not self.stock or not self.patched or self.stock.mark is not Mark.FAIL:
            return False
        same = self.patched.mark is Mark.FAIL and self.patched.observed == self.stock.observed
        return self.patched.ok or same


@dataclass(frozen=True)
class Delta:
    """One measured counter: after a pass over the memory, stock and patched."""

    counter: str
    """VmRSS, RssAnon, AnonPages, ..., instructions/page."""
    phase: str
    """'read', 'write' or 'fresh-write'."""
    unit: str
    """'kB', 'pages', 'faults', 'instructions/page'."""
    stock: float
    patched: float | None
    telling: bool
    """Whether this counter carries the patch's meaning on this kernel (the RSS trap)."""
    exact: bool = True
    """False where the figure is not repeatable (no -icount)."""
    note: str = ""


@dataclass(frozen=True)
class SuiteVerdict:
    """What one suite showed of a pair."""

    cases: tuple[CaseVerdict, ...]
    deltas: tuple[Delta, ...]
    failures: tuple[str, ...]
    """Every reason against the pair, one line each."""
    shown_by: tuple[str, ...]
    """The cases that showed the patch's effect, and the counters (`counter NAME`)."""
    contradicted: tuple[str, ...] = ()
    """Cases in which stock did otherwise than the suite says of it, and patched did as the patch
    promises or as stock: what was seen. They say nothing against the patch, and nothing for it."""


@dataclass(frozen=True)
class Verdict:
    """The judgement on a pair: good only if every case of every suite and every telling counter is
    as expected on both kernels and neither console complains."""

    result: Result
    """PASS, NO_REGRESSION, NOT_COMPILED, NOT_EXECUTED or FAIL; INDETERMINATE where all that speaks
    against the pair is that stock contradicts the suite. The others are known before a guest is
    booted."""
    why: str
    """One line: what passed, or the first thing that did not."""
    cases: tuple[CaseVerdict, ...]
    deltas: tuple[Delta, ...]
    failures: tuple[str, ...]
    """Every reason against it, one line each; empty when passed."""
    shown_by: tuple[str, ...] = ()
    """The cases that showed the patch's effect: they report otherwise on the patched kernel. A
    counter that did so is there as `counter NAME`."""
    executed: Executed | None = None
    """What of the change was seen to run; None where nobody looked."""

    @property
    def passed(self) -> bool:
        """Whether nothing speaks against it."""
        return self.result.is_good
