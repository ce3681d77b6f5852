# SPDX-License-Identifier: GPL-2.0-only
"""An object compiled once more, beside the build, with the compiler's line table in it.

The kernel that is judged has none: it would be another image. That the code is the same all the
same is not believed but looked at (linked_at.py).
"""

from __future__ import annotations

import tempfile
from dataclasses import dataclass
from pathlib import Path

from zpmaint.build.limits import limits
from zpmaint.build.make import environment
from zpmaint.build.preprocess import words_again
from zpmaint.build.records import Record
from zpmaint.build.running.disassembly import straights
from zpmaint.build.running.elf import Elf
from zpmaint.cell.launch import run
from zpmaint.cell.values import Cell
from zpmaint.core.errors import InfraError

_TABLE = ("-w", "-g", "-gdwarf-4", "-gno-column-info", "-gstatement-frontiers")
"""Where statements begin, as GCC 8 and later say it."""


@dataclass(frozen=True)
class Made:
    """One object."""

    elf: Elf
    straight: dict[str, list[int]]
    """By section where straight code begins; see disassembly.straights."""


def made(record: Record, obj: Path) -> Made:
    """The object of a record. Raises InfraError where the compiler refuses what it took before."""
    with tempfile.TemporaryDirectory(prefix="zpmaint-") as folder:
        scratch = Path(folder)
        fresh = scratch / "lines.o"
        words = words_again(record, obj, scratch)
        # Foreign, as all of a build is: the build's own Makefile wrote the record.
        inside = Cell(
            "lines",
            writable=(scratch,),
            readable=(obj.parent,),
            environment=environment({"CCACHE_DISABLE": "1"}),
            limits=limits(),
            cwd=obj,
        )
        _run([*words, *_TABLE, "-c", "-o", str(fresh)], inside, record)
        said = _run(["objdump", "-d", "--no-show-raw-insn", str(fresh)], inside, record)
        try:
            elf = Elf(fresh.read_bytes())
        except (OSError, ValueError) as error:
            raise InfraError(f"{record.target}: no object with a line table: {error}") from None
    return Made(elf, straights(said))


def _run(words: list[str], inside: Cell, record: Record) -> str:
    done = run(words, inside)
    if done.ended.status or done.ended.limits_met:
        said = [*done.ended.limits_met]
        said += done.stderr.decode(errors="replace").strip().splitlines()
        raise InfraError(
            f"{record.target}: its recorded command does not compile a second time: "
            f"{said[0] if said else f'exit status {done.ended.status}'}",
            f"rm -r {inside.cwd and inside.cwd.parent}, and build again",
        )
    return done.stdout.decode("utf-8", "replace")
