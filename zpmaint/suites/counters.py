# SPDX-License-Identifier: GPL-2.0-only
"""A suite's counters (counters.toml): what a benchmark measures, and what a stock kernel shows."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Literal

from pydantic import BaseModel, ConfigDict, Field, model_validator

from zpmaint.core.config import checked
from zpmaint.core.eras import Era
from zpmaint.core.toml import parse_toml
from zpmaint.core.versions import KernelVersion

Phase = Literal["read", "write", "fresh-write"]


class _Row(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)

    since: str | None = None
    until: str | None = None
    why: str

    @property
    def era(self) -> Era:
        return Era.parse(self.since, self.until)


class StockShares(_Row):
    """[[counter.stock]]: kernels on which a stock kernel's counter shows shares of its own."""

    shares: dict[Phase, float]


class StockBehaviour(_Row):
    """[[stock]]: kernels whose own figures are one of the two kinds; elsewhere zero_page."""

    shares: Literal["zero_page", "private"]


class Counter(BaseModel):
    """One counter of the benchmark. Shares are of the benchmark's mapping, 1.0 being all of it."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    name: str
    unit: Literal["kB", "pages", "faults"]
    kind: Literal["level", "flow"]
    """A level grows from the mapping's start to the end of a pass; a flow is a pass's own."""
    why: str
    lags: bool = False
    """The kernel's own figure is approximate."""
    zero_page: dict[Phase, float] = {}
    """What a kernel that maps the zero page must show after each pass."""
    private: dict[Phase, float] = {}
    """What one that allocates must show."""
    tolerance: float = 0.0
    stock: tuple[StockShares, ...] = ()
    behaviours: tuple[StockBehaviour, ...] = Field(default=(), exclude=True)
    """The table's [[stock]] rows, which hold for each of its counters."""

    def on_stock(self, version: KernelVersion) -> Mapping[Phase, float]:
        """What a stock kernel of `version` must show after each pass; {} where nothing is said."""
        for own in self.stock:
            if version in own.era:
                return own.shares
        for row in self.behaviours:
            if version in row.era:
                return self.private if row.shares == "private" else self.zero_page
        return self.zero_page

    @model_validator(mode="after")
    def _sound(self) -> Counter:
        if set(self.zero_page) != set(self.private):
            raise ValueError("zero_page and private must name the same passes")
        if self.zero_page and not self.tolerance:
            raise ValueError("expected shares need a tolerance")
        if self.lags and self.zero_page:
            raise ValueError("a counter that lags cannot be asserted")
        return self


class _Table(BaseModel):
    model_config = ConfigDict(extra="forbid")

    stock: tuple[StockBehaviour, ...] = ()
    counter: tuple[Counter, ...]


def read_counters(text: str, name: str = "counters.toml") -> tuple[Counter, ...]:
    """The counters of a table. Raises UserError: file, key, what would be right."""
    read = checked(_Table, parse_toml(text, name), Path(name))
    return tuple(row.model_copy(update={"behaviours": read.stock}) for row in read.counter)
