# SPDX-License-Identifier: GPL-2.0-only
"""What a patch set is: one intent, and the anchors that carry it into each era of the kernel."""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path

from zpmaint.core.eras import Era
from zpmaint.core.text import to_bytes, to_text
from zpmaint.core.versions import KernelVersion
from zpmaint.core.wishes import Fragment
from zpmaint.diffs.series import Member, Series, one_text
from zpmaint.patchset.claims import ClaimPage
from zpmaint.patchset.panels import Column, Panel


def single(text: str) -> Series:
    """One patch as a series of one; its name is ''."""
    return Series("", (Member("", to_bytes(text)),), ())


@dataclass(frozen=True)
class Anchor:
    """The patch, or the series of them, as cut against one kernel by a person; every port starts
    from one."""

    name: str
    """Its file or folder in the set, without .patch or .mbox: v2.6.20.4."""
    version: KernelVersion
    """The kernel it was made for."""
    base: KernelVersion
    """The kernel whose blobs are its pre-image (a release that sources serve)."""
    era: Era
    """Where it is the right start; outside of it the anchor is superseded."""
    series: Series
    """Its patches in order. That of one .patch file is a series of one, named ''."""
    why: str
    """Why the engine cannot carry an older anchor here."""

    @property
    def is_single(self) -> bool:
        """Whether it is one patch, without a series around it."""
        return [member.name for member in self.series.members] == [""]

    @cached_property
    def patch(self) -> str:
        """All of it as text; the patches of a series one after the other, as `patch` takes them."""
        return to_text(one_text(member.data for member in self.series.members))


@dataclass(frozen=True)
class Adoption:
    """A range of kernels in which upstream itself behaves as the patch wants."""

    era: Era
    commits: tuple[str, ...]
    why: str


@dataclass(frozen=True)
class Flip:
    """A suite case whose observation the patch changes."""

    case: str
    stock: str
    """The word the case must report on a stock kernel; '' where that is left to the suite."""
    patched: str
    """The word it must report on a patched one, and where upstream has adopted the change."""
    why: str
    era: Era = field(default_factory=Era)
    """Where it does; elsewhere the case says the same on both."""


@dataclass(frozen=True)
class Telling:
    """Which benchmark counters carry the patch's meaning in an era, and which mislead."""

    era: Era
    counters: tuple[str, ...]
    silent: tuple[str, ...]
    """Counters that look as if they should tell and do not."""
    why: str


@dataclass(frozen=True)
class ConfigRow:
    """A configuration fragment of the set, and the kernels that it is for."""

    fragment: Fragment
    era: Era
    arch: str | None
    """None for all."""
    why: str


@dataclass(frozen=True)
class Branch:
    """The branch that a set was made from; its anchor's patches are the branch's commits."""

    repository: str
    """As patch.toml names it: a folder, absolute or below the project's."""
    name: str
    """Without refs/heads/."""
    commit: str
    """The newest one that the set holds."""
    since: str
    """The commit that they stand on."""


@dataclass(frozen=True)
class Edit:
    """Lines of an open conflict, markers included, and what a person made of them."""

    before: tuple[str, ...]
    after: tuple[str, ...]


@dataclass(frozen=True)
class Resolution:
    """A conflict that a person solved; the same conflict on another kernel is solved so, too."""

    key: str
    """Of the conflict's content; see port/resolution.py."""
    path: str
    scope: str
    anchor: str
    """The anchor that met it, by name."""
    version: KernelVersion
    """The kernel it was solved on."""
    by: str
    """Who solved it: name and address."""
    date: str
    """When, YYYY-MM-DD."""
    why: str
    """In one line, as the person or the upstream commits say it."""
    edits: tuple[Edit, ...]

    @property
    def person(self) -> str:
        """The name alone of who solved it."""
        return self.by.partition(" <")[0]


@dataclass(frozen=True)
class PatchSet:
    """One out-of-tree change and all that is known of it, as patches/NAME/ holds it."""

    name: str
    title: str
    author: str
    origin: str
    intent: str
    anchors: tuple[Anchor, ...]
    """Oldest first."""
    adoptions: tuple[Adoption, ...]
    flips: tuple[Flip, ...]
    telling: tuple[Telling, ...]
    leaves: tuple[str, ...]
    """What the change deliberately does not touch, one line each."""
    folder: Path
    resolutions: tuple[Resolution, ...] = ()
    """Conflicts that were solved by hand, by key."""
    config: tuple[ConfigRow, ...] = ()
    """On top of the build profile, of both kernels of a pair."""
    date: str = ""
    """YYYY-MM-DD: when the author published it; '' where that is not said."""
    min_confidence: float = 0.0
    """0..1: a port with a hunk that is less sure is held back, a conflict for a person to read."""
    min_executed: float = 0.0
    """0..1: the share of the changed lines that has to run in the guest; 0 asks for nothing."""
    config_follows: bool = True
    """Whether what the change needs is switched on, beyond the profile and `config`."""
    suites: tuple[str, ...] = ()
    """The suites that it wants, by name; () where it says nothing of them."""
    suite_targets: tuple[tuple[str, tuple[str, ...]], ...] = ()
    """By suite: what of it is wanted (folders of selftests, lists of LTP)."""
    panels: tuple[Panel, ...] = ()
    """The charts that the status page has of it."""
    columns: tuple[Column, ...] = ()
    """The figures in its table of kernels."""
    pages: tuple[ClaimPage, ...] = ()
    """Pages of its own."""
    branch: Branch | None = None
    """None where it was not made from one."""

    def fragments(self, version: KernelVersion, arch: str) -> tuple[Fragment, ...]:
        """The fragments that a kernel is configured with, in their order."""
        return tuple(
            row.fragment for row in self.config if version in row.era and row.arch in (None, arch)
        )

    def asked_of(self, suite: str) -> tuple[str, ...]:
        """What is wanted of a suite, over all rows that name it."""
        return tuple(
            one for name, targets in self.suite_targets if name == suite for one in targets
        )
