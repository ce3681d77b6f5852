# SPDX-License-Identifier: GPL-2.0-only
"""bench.toml: the full memory benchmark's patterns, for the guest's compiler and for the judge."""

from __future__ import annotations

import fnmatch
import functools
from collections.abc import Sequence
from pathlib import Path
from typing import Literal

from pydantic import BaseModel, ConfigDict, Field, model_validator

from zpmaint.core.config import checked
from zpmaint.core.errors import UserError
from zpmaint.core.toml import parse_toml
from zpmaint.core.versions import KernelVersion

TABLE = Path(__file__).parent / "bench.toml"
PAGE_KB = 4

Amount = float | Literal["share"]


class _Row(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class Expected(_Row):
    """A figure as a share of the pattern's size, on either kind of kernel."""

    zero_page: Amount
    private: Amount

    def of(self, *, private: bool, share: int) -> float:
        amount = self.private if private else self.zero_page
        return share / 100 if amount == "share" else amount


class Level(_Row):
    """A counter of how much there is."""

    name: str
    unit: Literal["kB", "pages"]
    of: Literal["process", "system"]
    anon: bool = False
    slack: int = 0
    """Pages that it may be off, where it is asserted."""
    why: str

    @property
    def kb(self) -> int:
        """kB in one of its units."""
        return 1 if self.unit == "kB" else PAGE_KB


class Pass(_Row):
    """One measured part of a pattern."""

    name: str
    faults: Expected | None = None
    anon: Expected | None = None
    system: Expected | None = None
    huge_anon: Expected | None = None
    huge_system: Expected | None = None

    def anonymous(self, level: Level, *, huge: bool) -> Expected | None:
        """What `level` must show after it; None where nothing is asserted."""
        own, whole = (self.huge_anon, self.huge_system) if huge else (self.anon, self.system)
        return (whole or own) if level.of == "system" else own


class Pattern(_Row):
    """One thing to do to memory."""

    name: str = Field(pattern="^[a-z]+(-[a-z]+)*$")
    why: str
    memory: float
    """The most that it holds, of its size."""
    most_mb: int = 0
    """The largest size that it is run at, in MiB; 0 for any."""
    shares: tuple[int, ...] = ()
    """Of 100 read pages how many are written, one run for each; () where it has no such share."""
    passes: tuple[Pass, ...] = Field(alias="pass")

    @property
    def function(self) -> str:
        """The C function that runs it."""
        return f"pattern_{self.name.replace('-', '_')}"

    @model_validator(mode="after")
    def _sound(self) -> Pattern:
        names = [one.name for one in self.passes]
        if len(set(names)) != len(names):
            raise ValueError("two passes of one name")
        given = (e for p in self.passes for e in (p.faults, p.anon, p.system) if e)
        if not self.shares and any("share" in (e.zero_page, e.private) for e in given):
            raise ValueError("a share is expected, and there are no `shares`")
        if any(not 0 <= share <= 100 for share in self.shares):
            raise ValueError("a share is 0 to 100 of 100 pages")
        return self


class Bench(_Row):
    """The whole table."""

    huge_since: str
    fault_slack: int
    level: tuple[Level, ...]
    pattern: tuple[Pattern, ...]

    def holds_huge(self, version: KernelVersion) -> bool:
        """Whether what is expected with huge pages is expected of this kernel."""
        return version >= KernelVersion.parse(self.huge_since)

    def select(self, glob: str) -> tuple[Pattern, ...]:
        """The patterns whose name matches. Raises UserError where none does."""
        chosen = tuple(p for p in self.pattern if fnmatch.fnmatchcase(p.name, glob))
        if not chosen:
            raise UserError(
                f"no pattern matches {glob!r}",
                f"patterns are: {', '.join(p.name for p in self.pattern)}",
            )
        return chosen


def read_bench(text: str, name: str = "bench.toml") -> Bench:
    """The benchmark of a table. Raises UserError: file, key, what would be right."""
    return checked(Bench, parse_toml(text, name), Path(name))


@functools.cache
def full_bench() -> Bench:
    """The benchmark that `zpmaint bench` runs."""
    return read_bench(TABLE.read_text(encoding="utf-8"), str(TABLE))


def patterns_header(patterns: Sequence[Pattern]) -> str:
    """patterns.gen.h: the prototypes of the patterns' functions."""
    return '#include "patterns.h"\n' + "".join(
        f"void {pattern.function}(const struct ground *on);\n" for pattern in patterns
    )


def patterns_source(patterns: Sequence[Pattern]) -> str:
    """patterns.gen.c: the table itself."""
    rows = "".join(
        f'\t{{"{pattern.name}", {pattern.function}, {share}, {round(100 * pattern.memory)}, '
        f"{pattern.most_mb * 1024 // PAGE_KB}}},\n"
        for pattern in patterns
        for share in pattern.shares or (100,)
    )
    return (
        '#include "patterns.gen.h"\n\n'
        f"const struct pattern patterns[] = {{\n{rows}}};\n"
        "const int pattern_count = sizeof patterns / sizeof *patterns;\n"
    )
