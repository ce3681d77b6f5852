# SPDX-License-Identifier: GPL-2.0-only
"""`fault-path`: the embedded suite and the memory benchmark that a verification runs."""

from __future__ import annotations

import functools
from pathlib import Path

from zpmaint.core.progress import SILENT, Reporter
from zpmaint.patchset.values import Flip
from zpmaint.suites.cases import read_cases
from zpmaint.suites.counters import Counter, read_counters
from zpmaint.suites.fault_path.conditions import (
    conditions_header,
    conditions_source,
    covering,
    read_table,
)
from zpmaint.suites.guest.compile import Program, compiled
from zpmaint.suites.guest.start import runtime_guest
from zpmaint.suites.protocol import Ask, Ready
from zpmaint.suites.values import Case, Figure

NAME = "fault-path"
HERE = Path(__file__).parent
SOURCES = HERE / "c"


@functools.cache
def all_cases() -> tuple[Case, ...]:
    """The suite's cases, in the order they run."""
    table = HERE / "cases.toml"
    return read_cases(table.read_text(encoding="utf-8"), str(table))


@functools.cache
def all_counters() -> tuple[Counter, ...]:
    """What the benchmark measures."""
    table = HERE / "counters.toml"
    return read_counters(table.read_text(encoding="utf-8"), str(table))


@functools.cache
def condition_tables() -> tuple[tuple[str, str], ...]:
    """The tables of conditions, as C: a name and a text each."""
    made: list[tuple[str, str]] = []
    for name in ("conditions", "sharing"):
        path = HERE / f"{name}.toml"
        table = read_table(path.read_text(encoding="utf-8"), str(path))
        made.append((f"{name}.gen.h", conditions_header(table)))
        made.append((f"{name}.gen.c", conditions_source(table, covering(table), name)))
    return tuple(made)


def init_program(arch: str, *, cache: Path, reporter: Reporter = SILENT) -> Path:
    """The static /init for `arch`. Raises as `compiled`."""
    program = Program(
        "init", all_cases(), tuple(sorted(SOURCES.glob("*.[ch]"))), tables=condition_tables()
    )
    return compiled(program, arch, cache=cache, reporter=reporter)


class FaultPath:
    """Every kernel has it; in the full and debug profiles it tells more."""

    name = NAME
    open_names: tuple[str, ...] = ()
    figures: tuple[Figure, ...] = ()
    flips: tuple[Flip, ...] = ()

    @property
    def cases(self) -> tuple[Case, ...]:
        return all_cases()

    @property
    def counters(self) -> tuple[Counter, ...]:
        return all_counters()

    def ready(self, ask: Ask) -> Ready:
        program = init_program(ask.arch, cache=ask.cache, reporter=ask.reporter)
        return Ready(self.cases, functools.partial(runtime_guest, program))
