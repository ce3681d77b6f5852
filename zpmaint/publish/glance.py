# SPDX-License-Identifier: GPL-2.0-only
"""What pages of the whole site know of a part of its kernels: made with the part's own pages, and
kept as JSON, so that a part without news is neither read nor judged again. Pure."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from zpmaint.ledger.stages import MemberRecord
from zpmaint.publish.columns import Cell
from zpmaint.publish.facts import Facts, Suite
from zpmaint.publish.lag import Lag
from zpmaint.publish.line_looks import LineLook
from zpmaint.publish.strip import Strip
from zpmaint.timeline.kernels import Order, order_of
from zpmaint.timeline.values import Freshness, TransitionKind


@dataclass(frozen=True)
class Mention:
    """A kernel, where it is only named."""

    version: str
    arch: str = ""
    page: str = ""
    patch: str = ""
    """The address of its patch; '' where none is offered."""
    look: str = ""
    """Sign and words for its state."""
    verified: str = ""
    """The day."""
    why: str = ""


@dataclass(frozen=True)
class LineName:
    """A line, where it is only named."""

    patchset: str
    name: str
    series: str
    arch: str
    profile: str
    tracked_as: str
    note: str
    freshness: Freshness
    good: bool | None
    """Whether the patch holds on its newest kernel; None: nothing is known of any."""
    kernels: int
    """How many were tried."""

    @property
    def is_tracked(self) -> bool:
        return bool(self.tracked_as)


@dataclass(frozen=True)
class LineGlance:
    """A line as tables of many show it."""

    line: LineName
    address: str
    feed: str
    badge: str
    label: str
    """The series or the kernel, without its architecture."""
    look: LineLook
    lag: Lag
    strip: Strip
    good: Mention | None
    """The newest kernel that the patch holds on."""
    newest: Mention | None
    """The newest that something is known of."""
    ordered_as: str
    """The kernel that it stands at among other lines."""
    inputs: str
    """A digest of what is shown of it."""
    first: float | None
    """When the first try of any kernel of it ended."""

    @property
    def order(self) -> Order:
        """Sorts lines as their kernels were made."""
        return order_of(self.ordered_as)


@dataclass(frozen=True)
class RowGlance:
    """A kernel in a table of many; named as `Row` names the same."""

    version: str
    arch: str
    standing: str
    tracked_as: str
    note: str
    kernel: bool
    """Whether it was ever tried."""
    attempt: bool
    """Whether a later try had no result."""
    look: str
    tone: str
    is_good: bool
    change: str
    compared_with: str
    why: str
    verified: float | None
    page: str
    patch_file: str
    inputs: str
    cells: tuple[Cell | None, ...]
    told: dict[str, Any] = field(default_factory=dict)
    """Those of its facts that tables show."""

    @property
    def facts(self) -> Facts:
        return Facts.kept(self.told)

    @property
    def suite(self) -> Suite | None:
        return self.facts.suite


@dataclass(frozen=True)
class SeriesGlance:
    """A series, where kernels are looked for by name."""

    name: str
    digest: str
    """Another one where anything of its kernels is."""
    kernels: int
    good: int
    newest_good: Mention | None
    others: tuple[Mention, ...]
    """The newest few but for that one."""
    lines: tuple[tuple[str, ...], ...]
    """Address and name of the pages of its lines."""


@dataclass(frozen=True)
class FilesGlance:
    """A series with files to take away."""

    series: str
    page: str
    kernels: int
    offered: int
    """Of how many kernels a patch is offered today."""

    @property
    def json(self) -> str:
        """The same for programs."""
        return f"{self.page.removesuffix('.html')}.json"


@dataclass(frozen=True)
class News:
    """Something that became otherwise on a line, as feeds tell it."""

    kind: TransitionKind
    when: float
    version: str
    before: str | None
    words: str
    key: str
    page: str
    """The kernel's; '' where it has none."""
    patchset: str
    line: str
    arch: str
    profile: str
    line_page: str

    def told(self) -> list[Any]:
        """What is kept of it beside its line's names."""
        return [str(self.kind), self.when, self.version, self.before, self.words, self.key,
                self.page]  # fmt: skip


@dataclass(frozen=True)
class Verdict:
    """A kernel's, as the calendar has it."""

    verified: float
    page: str
    patchset: str
    version: str
    arch: str
    profile: str
    look: str
    why: str


@dataclass(frozen=True)
class Ported:
    """The newest kernel that the set was ported to, and how each patch of a series fared on it."""

    version: str
    members: tuple[MemberRecord, ...]


@dataclass(frozen=True)
class Glance:
    """What is small of a part. What is large is in pieces, each read where it is shown."""

    lines: tuple[LineGlance, ...] = ()
    """Tracked ones in the order of kernels.toml, then others, newest first."""
    tracked: tuple[RowGlance, ...] = ()
    """The newest kernel of each tracked line, newest first."""
    holding: tuple[tuple[str | None, ...], ...] = ()
    """By tracked line, architecture and profile: the line's name, the architecture, the newest
    kernel that the patch holds on."""
    series: tuple[SeriesGlance, ...] = ()
    files: tuple[FilesGlance, ...] = ()
    verifications: int = 0
    newest: float | None = None
    """When the newest of them ended."""
    signed: int = 0
    sourced: int = 0
    ported: Ported | None = None
