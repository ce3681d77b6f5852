# SPDX-License-Identifier: GPL-2.0-only
"""What of an object's code depends on the machine that it is for, declared in machines.toml."""

from __future__ import annotations

import functools
import re
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True)
class CodeOf:
    """One row of machines.toml."""

    jump: re.Pattern[str]
    """Finds an instruction, as objdump writes it, behind which straight code ends."""
    filled: Mapping[int, int]
    """By the kind of a relocation the bytes that the linker fills in, where they are not 4."""
    changes: str
    """Why the linker makes other code of an object than it was given; '' where it does not."""


@functools.cache
def _declared() -> dict[int, CodeOf]:
    table = tomllib.loads((Path(__file__).parent / "machines.toml").read_text())
    return {
        row["elf"]: CodeOf(
            re.compile(row["jump"]),
            {int(kind): size for kind, size in row.get("filled", {}).items()},
            row.get("changes", ""),
        )
        for row in table["machine"]
    }


def code_of(elf: int) -> CodeOf:
    """The row of an ELF header's number. Raises ValueError where there is none."""
    try:
        return _declared()[elf]
    except KeyError:
        raise ValueError(f"code of a machine that is not known here (ELF {elf})") from None
