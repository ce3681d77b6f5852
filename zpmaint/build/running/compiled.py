# SPDX-License-Identifier: GPL-2.0-only
"""An object compiled once more, beside the build, with the compiler's line table in it.

The kernel that is judged has none: it would be another image. That the code is the same all the
same is not believed but looked at (linked_at.py).
"""

from __future__ import annotations

import tempfile
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from zpmaint.build.again import run_again, words_again
from zpmaint.build.records import Record
from zpmaint.build.running.disassembly import straights
from zpmaint.build.running.elf import Elf
from zpmaint.build.running.machines import code_of
from zpmaint.core.errors import InfraError

_TABLE = ("-w", "-g", "-gdwarf-4", "-gno-column-info")
_OF_GCC = ("-gstatement-frontiers",)
"""Where statements begin, as GCC 8 and later say it; clang always does."""


@dataclass(frozen=True)
class Made:
    """One object."""

    elf: Elf
    straight: dict[str, list[int]]
    """By section where straight code begins; see disassembly.straights."""


def made(record: Record, obj: Path, cross: str = "") -> Made:
    """The object of a record; `cross` is what the names of its binutils begin with. Raises
    InfraError where the compiler refuses what it took before."""
    with tempfile.TemporaryDirectory(prefix="zpmaint-") as folder:
        scratch = Path(folder)
        fresh = scratch / "lines.o"
        again = partial(
            run_again,
            record,
            obj,
            does="compile a second time",
            readable=(obj.parent,),
            writable=(scratch,),
        )
        words = words_again(record, obj, scratch)
        more = _TABLE if Path(words[0]).name.startswith("clang") else (*_TABLE, *_OF_GCC)
        again([*words, *more, "-c", "-o", str(fresh)])
        said = again([f"{cross}objdump", "-d", "--no-show-raw-insn", str(fresh)])
        try:
            elf = Elf(fresh.read_bytes())
        except (OSError, ValueError) as error:
            raise InfraError(f"{record.target}: no object with a line table: {error}") from None
    return Made(elf, straights(said.decode("utf-8", "replace"), code_of(elf.machine).jump))
