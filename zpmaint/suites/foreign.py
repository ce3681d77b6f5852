# SPDX-License-Identifier: GPL-2.0-only
"""Compiling what others wrote: cases of a patch set, selftests of a kernel, LTP; in a cell."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from zpmaint.build.limits import limits
from zpmaint.build.make import environment
from zpmaint.cell.launch import run
from zpmaint.cell.values import Cell, Done
from zpmaint.core.errors import InfraError


def run_foreign(
    command: Sequence[str | Path],
    *,
    writable: Sequence[Path] = (),
    readable: Sequence[Path] = (),
    cwd: Path | None = None,
) -> Done:
    """Run a compiler, a make, or what looks at foreign programs, where it can write `writable` and
    read `readable`. Its exit status is the caller's to judge. Raises InfraError where it cannot be
    started or runs into a limit of its cell."""
    name = Path(command[0]).name
    inside = Cell(
        name,
        tuple(path.absolute() for path in writable),
        tuple(path.absolute() for path in readable),
        environment=environment({}),
        limits=limits(),
        cwd=cwd.absolute() if cwd else None,
    )
    done = run(command, inside)
    if done.ended.limits_met:
        raise InfraError(f"{name} ran into its {'; '.join(done.ended.limits_met)}")
    return done
