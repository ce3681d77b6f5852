# SPDX-License-Identifier: GPL-2.0-only
"""Pages that a set declares in its folder, pages/NAME.toml: what others claimed, word for word with
its source, and by which figures it is answered. The figures themselves are the ledger's."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import Annotated, Literal

from pydantic import Field, StringConstraints, model_validator

from zpmaint.core.config import checked
from zpmaint.core.eras import Era
from zpmaint.core.errors import UserError
from zpmaint.core.toml import read_toml
from zpmaint.patchset.schema import Version
from zpmaint.patchset.table_base import Said, Slug, Table

FOLDER = "pages"
Of = Literal["cost", "faults", "memory"]
Quoted = Annotated[str, StringConstraints(min_length=1)]
"""Kept as it stands, line breaks too."""


@dataclass(frozen=True)
class Measure:
    """One answer: a figure of verifications (counter and phase), or a pass of the full benchmark
    (pattern and step)."""

    says: str
    """What is measured, in words."""
    command: str
    """What measures it on one kernel; VERSION stands for it."""
    unit: str
    counter: str = ""
    phase: str = ""
    pattern: str = ""
    step: str = ""
    huge: bool = False
    of: Of = "cost"
    """Of a pass: what it cost per page, its faults per page, what the process held after it."""
    era: Era = field(default_factory=Era)
    """The kernels that are asked."""


@dataclass(frozen=True)
class Claim:
    """What somebody said."""

    about: str
    quote: str
    """Exactly as it stands there."""
    by: str
    date: str
    source: str
    url: str
    measures: tuple[Measure, ...]
    unmeasured: str
    """What of it nothing here measures, and why; '' where all is."""
    reading: str
    """How claim and figures go together; no figures in it."""


@dataclass(frozen=True)
class ClaimPage:
    """One page."""

    name: str
    """Its address without .html."""
    title: str
    lead: str
    claims: tuple[Claim, ...]


class MeasureTable(Table):
    """[[claim.measure]]"""

    says: Said
    """What the figure is."""
    command: Said
    """The command that finds it out."""
    unit: Said
    """As it is shown."""
    counter: str = ""
    """A counter of verifications; goes with `phase`."""
    phase: str = ""
    """The pass after which, or of which, it is the figure."""
    pattern: str = ""
    """A pattern of the full benchmark; goes with `step`."""
    step: str = ""
    """The pass of that pattern."""
    huge: bool = False
    """Of the benchmark with huge pages."""
    of: Of = "cost"
    """What of the pattern is asked."""
    since: Version | None = None
    """The first kernel that is asked."""
    until: Version | None = None
    """The first kernel that is no longer asked."""

    @model_validator(mode="after")
    def _one_kind(self) -> MeasureTable:
        verified = bool(self.counter and self.phase)
        benched = bool(self.pattern and self.step)
        if verified == benched:
            raise ValueError("give either counter and phase, or pattern and step")
        return self

    @property
    def value(self) -> Measure:
        fields = self.model_dump(exclude={"since", "until"})
        return Measure(**fields, era=Era(self.since, self.until))


class ClaimTable(Table):
    """[[claim]]"""

    about: Said
    """The heading."""
    quote: Quoted
    """The claim, word for word."""
    by: Said
    """Who said it."""
    date: Annotated[str, StringConstraints(pattern=r"^\d{4}-\d\d-\d\d$")]
    """When: 2007-10-16."""
    source: Said
    """Where."""
    url: Annotated[str, StringConstraints(pattern=r"^https?://[^\s\"'<>]+$")]
    """Its address."""
    measure: tuple[MeasureTable, ...] = ()
    """The figures that answer it."""
    unmeasured: str = ""
    """What of it nothing here measures, and why."""
    reading: str = ""
    """How claim and figures go together; no figures in it."""

    @model_validator(mode="after")
    def _answered(self) -> ClaimTable:
        if not self.measure and not self.unmeasured.strip():
            raise ValueError("a claim needs a [[claim.measure]], or `unmeasured` with the reason")
        return self

    @property
    def value(self) -> Claim:
        fields = self.model_dump(exclude={"measure", "quote"})
        measures = tuple(row.value for row in self.measure)
        return Claim(**fields, quote=self.quote.strip("\n"), measures=measures)


class PageTable(Table):
    """The whole of pages/NAME.toml."""

    title: Said
    """The page's heading."""
    lead: Said
    """What it is about, above the claims."""
    claim: Annotated[tuple[ClaimTable, ...], Field(min_length=1)]
    """What was claimed, each with the figures that answer it."""


class _Name(Table):
    name: Slug


TAKEN = frozenset({"index", "costs", "badge", "bench"})
"""Names of pages that every set has."""


def load_pages(folder: Path) -> tuple[ClaimPage, ...]:
    """The pages of a set, by name. Raises UserError: file, key, what would be right."""
    return tuple(_load(path) for path in sorted((folder / FOLDER).glob("*.toml")))


def _load(path: Path) -> ClaimPage:
    name = checked(_Name, {"name": path.stem}, path).name
    if name in TAKEN:
        raise UserError(f"{path}: every set has a page of this name", "choose another name")
    read = checked(PageTable, read_toml(path), path)
    return ClaimPage(name, read.title, read.lead, tuple(row.value for row in read.claim))
