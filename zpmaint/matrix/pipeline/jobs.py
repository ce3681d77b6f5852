# SPDX-License-Identifier: GPL-2.0-only
"""The programs that a pipeline's jobs run: shell programs of the package, so that a project needs
nothing of a checkout of zpmaint."""

from __future__ import annotations

import functools
import tomllib
from dataclasses import dataclass
from pathlib import Path

_HERE = Path(__file__).parent
PYTHON = "ZPMAINT_PYTHON"
"""The variable that tells a program which Python has zpmaint."""


@dataclass(frozen=True)
class Job:
    """One program of programs.toml."""

    name: str
    line: str
    """One sentence."""
    takes: str
    """Its arguments, as a usage line has them."""

    @property
    def program(self) -> Path:
        """What `sh` runs."""
        return _HERE / "programs" / f"{self.name}.sh"


@functools.cache
def jobs() -> dict[str, Job]:
    """Every program by name, in the order of the table."""
    table = tomllib.loads((_HERE / "programs.toml").read_text(encoding="utf-8"))
    return {name: Job(name, row["line"], row["takes"]) for name, row in table.items()}
