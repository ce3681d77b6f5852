# SPDX-License-Identifier: GPL-2.0-only
"""What the status page shows of a set's figures, as its patch.toml declares it: `[[panel]]`, a
chart over kernels, and `[[column]]`, a figure in the table of kernels. A set that declares none has
none.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated, Literal

from pydantic import Field

from zpmaint.patchset.table_base import Said, Slug, Table

Show = Literal["both", "difference"]


@dataclass(frozen=True)
class Panel:
    """A chart over kernels: stock and patched."""

    name: str
    """Its anchor on the page."""
    title: str
    counters: tuple[str, ...]
    """The first of them that a kernel has is the one that is drawn."""
    phase: str
    """The pass of the benchmark after which, or of which, it is the figure."""
    unit: str
    """As it is shown; figures in kB or pages are converted to MiB where that is asked for."""
    means: str
    """What the figure means, in a sentence."""
    bound: float
    """How far a figure may move between kernels until that is a change: as a share, 0.05 is 5 %."""
    floor: float = 0.0
    """Moves that are no larger than this, in the counter's own unit, are none."""


@dataclass(frozen=True)
class Column:
    """A figure in the table of kernels."""

    title: str
    counters: tuple[str, ...]
    phase: str
    unit: str
    show: Show
    telling: bool = False
    """Whether a counter is shown on those kernels alone on which it tells."""
    silent: str = ""
    """A counter that misleads on some kernels: where it does, the cell says so."""


class PanelTable(Table):
    """[[panel]]"""

    name: Slug
    """Its anchor on the page."""
    title: Said
    """Above the chart."""
    counters: Annotated[tuple[Said, ...], Field(min_length=1)]
    """The first of them that a kernel has is drawn."""
    phase: Said
    """The pass of the benchmark after which, or of which, it is the figure."""
    unit: Said
    """As it is shown; kB and pages become MiB where that is asked for."""
    means: Said
    """What the figure means, in a sentence."""
    bound: Annotated[float, Field(gt=0.0, le=10.0)]
    """How far a figure may move between kernels until that is a change; 0.05 is 5 %."""
    floor: Annotated[float, Field(ge=0.0)] = 0.0
    """Moves that are no larger than this, in the counter's own unit, are none."""

    @property
    def value(self) -> Panel:
        return Panel(**self.model_dump())


class ColumnTable(Table):
    """[[column]]"""

    title: Said
    """The heading."""
    counters: Annotated[tuple[Said, ...], Field(min_length=1)]
    """The first of them that a kernel has is shown."""
    phase: Said
    """The pass of the benchmark after which, or of which, it is the figure."""
    unit: Said
    """As it is shown."""
    show: Show
    """Stock and patched, or what lies between them."""
    telling: bool = False
    """Shown on those kernels alone on which the counter tells."""
    silent: str = ""
    """A counter that misleads on some kernels: where it does, the cell says so."""

    @property
    def value(self) -> Column:
        return Column(**self.model_dump())
