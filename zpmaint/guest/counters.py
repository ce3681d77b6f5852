"""counters.toml: what the benchmark measures, for the judge."""

from __future__ import annotations

import functools
import tomllib
from pathlib import Path
from typing import Literal

from pydantic import BaseModel, ConfigDict, model_validator

from zpmaint.core.config import checked
from zpmaint.core.errors import UserError

TABLE = Path(__file__).parent / "counters.toml"

Phase = Literal["read", "write", "fresh-write"]


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

    counter: tuple[Counter, ...]


def read_counters(text: str, name: str = "counters.toml") -> tuple[Counter, ...]:
    """The counters of a table. Raises UserError: file, key, what would be right."""
    try:
        table = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise UserError(f"{name}: not TOML: {error}") from None
    return checked(_Table, table, Path(name)).counter


@functools.cache
def all_counters() -> tuple[Counter, ...]:
    """What the benchmark measures."""
    return read_counters(TABLE.read_text(encoding="utf-8"), str(TABLE))
