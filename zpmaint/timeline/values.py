# SPDX-License-Identifier: GPL-2.0-only
"""What timelines are made of. Versions are text, as the ledger has them: a name that is no kernel's
is kept, too. Times are seconds since the epoch."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from functools import cached_property
from typing import Protocol

from zpmaint.core.result import Result
from zpmaint.timeline.cost_changes import CostChange
from zpmaint.timeline.kernels import padded


class Recorded(Protocol):
    """What an attempt is read from: a Record or a Summary of the ledger."""

    @property
    def key(self) -> str: ...
    @property
    def version(self) -> str: ...
    @property
    def arch(self) -> str: ...
    @property
    def patchset(self) -> str: ...
    @property
    def result(self) -> Result: ...
    @property
    def why(self) -> str: ...
    @property
    def profile(self) -> str: ...
    @property
    def finished(self) -> float: ...
    @property
    def turn(self) -> float: ...


@dataclass(frozen=True, slots=True)
class Attempt:
    """One verification, as light as can be: tens of thousands are held at once."""

    turn: float
    """Its place in the ledger's order; larger is newer."""
    version: str
    arch: str
    patchset: str
    profile: str
    """The build profile that was asked for; '' the one that fits the tree."""
    result: Result
    finished: float
    key: str
    """The hash over all inputs: attempts with the same key tried the very same thing."""
    why: str = ""

    @classmethod
    def of(cls, record: Recorded) -> Attempt:
        """The attempt that a Record or a Summary tells of."""
        return cls(
            turn=record.turn or record.finished,
            version=record.version,
            arch=record.arch,
            patchset=record.patchset,
            profile=record.profile,
            result=record.result,
            finished=record.finished,
            key=record.key,
            why=record.why,
        )


@dataclass(frozen=True)
class Standing:
    """What is known of one kernel."""

    version: str
    arch: str
    profile: str
    attempts: tuple[Attempt, ...]
    """Newest first; never empty."""
    settled: Attempt | None
    """The newest knowledge: the newest attempt that says something about the kernel. A later one
    that failed for the infrastructure's sake takes nothing away from it."""
    flaky: bool = False
    """Whether the very inputs of `settled` came out otherwise at another time."""

    @property
    def later(self) -> tuple[Attempt, ...]:
        """The tries after that knowledge; none of them had a result."""
        if self.settled is None:
            return self.attempts
        return self.attempts[: self.attempts.index(self.settled)]

    @property
    def is_good(self) -> bool:
        """Whether the patch holds there as far as it was looked at, each time that it was."""
        return self.settled is not None and self.settled.result.is_good and not self.flaky


class EpisodeKind(StrEnum):
    """What holds over a run of kernels."""

    WORKS = "works"
    """The patch's effect was shown, and nothing else changed."""
    UNTESTED_EFFECT = "effect untested"
    """As on stock; no case showed the patch's effect."""
    BROKEN = "broken"
    """The patch does not hold: a conflict, a build, a boot or a case failed."""
    FLAKY = "flaky"
    """The same inputs came out well at one time and not at another."""

    @property
    def is_good(self) -> bool:
        return self in (EpisodeKind.WORKS, EpisodeKind.UNTESTED_EFFECT)


@dataclass(frozen=True)
class Episode:
    """A run of kernels of one line, one after another, of which the same is known."""

    kind: EpisodeKind
    first: str
    """The oldest kernel of it: since which it is so."""
    last: str
    versions: tuple[str, ...]
    """All of them of which something is known, oldest first."""
    last_good: str | None = None
    """The newest kernel before `first` that the patch held on; None: none is known."""
    ended_by: str | None = None
    """The first kernel after it of which something else is known: of a broken run that is followed
    by a good one, what it is fixed in. None: it goes on."""
    reason: str = ""
    """In words: what was found on `first`, and on `last` if that is another thing."""
    when: float = 0.0
    """When it was first seen on `first`."""
    fixed: bool = False
    """Whether it was broken or flaky and the run after it is good."""


class FreshnessState(StrEnum):
    """How far what is known of a line's newest kernel is of now. Not about its being good."""

    FRESH = "fresh"
    """The newest kernel of the line is known, and was looked at lately."""
    BEHIND = "behind"
    """A newer kernel is out, and untested."""
    STALE = "stale"
    """Verified long ago, and nobody made sure since that the inputs are still the same."""
    END_OF_LIFE = "end of life"
    """Its series has ended: nothing newer will come."""
    SILENT = "silent"
    """Nobody has looked lately, or ever, what is out."""
    NEVER = "never"
    """Nothing was ever found out about any kernel of the line."""


@dataclass(frozen=True)
class Freshness:
    """How fresh the knowledge of a line is."""

    state: FreshnessState
    verified: float | None
    """When the newest kernel that something is known of was last verified."""
    newest_out: str | None
    """The newest kernel of the line that a source offered; None: not known."""
    untested: str | None
    """That kernel where nothing is known of it, or of a newer one."""
    out_since: float | None
    """When that came out, or was first seen."""
    looked: float | None
    """When somebody last looked for new kernels; None: never."""
    silent_from: float | None
    """From when on it is silence that nobody looked again, by the schedule of who did; None: nobody
    ever looked."""
    confirmed: float | None
    """When the inputs of that verification were last found to be those of now."""
    words: str
    """All of it in a sentence or two."""


@dataclass(frozen=True)
class Line:
    """One series (or one kernel that is tracked by itself) with one patch set, architecture and
    build profile."""

    patchset: str
    series: str
    """6.12, or the kernel where the line is of one alone; what is no kernel's name as it is."""
    arch: str
    profile: str
    """'' the one that fits the tree."""
    tracked_as: str
    """As kernels.toml writes it ("6.12.*"); '' where no line of it covers these kernels."""
    note: str
    """That line's note."""
    standings: tuple[Standing, ...]
    """Newest kernel first; empty where none was ever tried."""
    episodes: tuple[Episode, ...]
    """Oldest first."""
    freshness: Freshness
    cost_changes: tuple[CostChange, ...] = ()
    """Oldest first."""

    @property
    def name(self) -> str:
        """What tells it apart among the lines of its patch set: 6.12-x86_64, 6.12-x86_64-PROFILE.
        A kernel that is tracked by itself and is its series' first has its last nought, so that it
        is not taken for the series. Unsafe for a file name where the ledger holds such a name."""
        series = padded(self.series) if self.is_single else self.series
        return "-".join(part for part in (series, self.arch, self.profile) if part)

    @property
    def is_single(self) -> bool:
        """Whether it is of one kernel alone."""
        return bool(self.tracked_as) and not self.tracked_as.endswith(".*")

    @property
    def is_tracked(self) -> bool:
        return bool(self.tracked_as)

    @property
    def newest(self) -> Standing | None:
        """The newest kernel of which something is known."""
        return next((one for one in self.standings if one.settled), None)

    @property
    def newest_good(self) -> str | None:
        """The newest kernel that the patch holds on."""
        return next((one.version for one in self.standings if one.is_good), None)

    @property
    def current(self) -> Episode | None:
        """What holds on the newest kernel of which something is known."""
        return self.episodes[-1] if self.episodes else None

    def episode_of(self, version: str) -> Episode | None:
        """The run that a kernel belongs to; None where nothing is known of it."""
        return self._episodes.get(version)

    @cached_property
    def _episodes(self) -> dict[str, Episode]:
        return {version: one for one in self.episodes for version in one.versions}


class TransitionKind(StrEnum):
    """What is news of a line."""

    TURNED_RED = "turned red"
    """It worked on an older kernel, and is broken on this one."""
    TURNED_GREEN = "turned green"
    """It was broken, and works on this kernel."""
    FLAKE = "flake"
    """The same inputs came out both ways."""
    COST_CHANGED = "cost changed"
    """A watched figure moved by more than the patch set lets it move."""
    NEW_KERNEL_UNTESTED = "new kernel untested"
    """A kernel is out for a while, and has no verdict."""
    SERVICE_SILENT = "service silent"
    """Nobody has looked for new kernels lately."""


@dataclass(frozen=True)
class Transition:
    """Something that became otherwise."""

    kind: TransitionKind
    when: float
    line: Line
    version: str
    """The kernel on which it was seen; of SERVICE_SILENT the newest that something is known of."""
    before: str | None
    """The kernel on which it was otherwise last; None where there is none."""
    words: str
    key: str = ""
    """The inputs of the verification that showed it; '' where none did."""
