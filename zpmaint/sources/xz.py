# SPDX-License-Identifier: GPL-2.0-only
"""An .xz archive decoded as it is read, by xz itself, in a cell."""

from __future__ import annotations

import os
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import IO

from zpmaint.cell.launch import start
from zpmaint.cell.values import Cell, Limits
from zpmaint.core.progress import Step
from zpmaint.core.tools import need
from zpmaint.sources.pipes import wide
from zpmaint.sources.source import SourceFailedError
from zpmaint.sources.tree_rules import RefusedError, limits


@dataclass(frozen=True)
class Decoded:
    """What comes out of an archive."""

    stream: IO[bytes]
    _packed: IO[bytes]
    _size: int

    def tell(self, step: Step) -> None:
        """Advance a step by the packed bytes that are decoded so far."""
        # The offset is shared with xz.
        step.advance(os.lseek(self._packed.fileno(), 0, os.SEEK_CUR), self._size)


@contextmanager
def decoded(archive: Path, *, threads: int = 1) -> Iterator[Decoded]:
    """The contents of `archive`, to be read to their end.

    Raises SourceFailedError where xz cannot decode all of it; and for a ValueError or RefusedError
    that is raised inside, as the archive's fault."""
    need("xz")
    memory = limits().memory
    command = ["nice", "xz", "--decompress", "--stdout"]
    command += [f"--threads={threads}", f"--memlimit-decompress={memory}"]
    cell = Cell(
        "xz",
        environment={"PATH": os.environ.get("PATH", os.defpath), "LC_ALL": "C"},
        limits=Limits(memory=memory + (256 << 20)),
    )
    wrong = ""
    with (
        archive.open("rb") as packed,
        tempfile.TemporaryFile() as said,
        start(command, cell, stdin=packed, stdout=subprocess.PIPE, stderr=said) as xz,
        wide(xz.process.stdout) as stream,
    ):
        try:
            yield Decoded(stream, packed, archive.stat().st_size)
        except RefusedError as error:
            raise SourceFailedError(
                f"{archive}: refused: {error}",
                "no kernel's archive has that: where does this one come from?",
            ) from None
        except ValueError as error:
            wrong = str(error)
        stream.close()
        ended = xz.wait()
        if ended.status > 0:  # below: it was told to end, as nobody read on
            said.seek(0)
            words = said.read(4096).decode("utf-8", "replace").strip()
            wrong = words.replace("\n", "; ") or f"xz ended with {ended.status}"
        elif ended.status:
            wrong = wrong or "; ".join(ended.limits_met) or f"xz: signal {-ended.status}"
    if wrong:
        raise SourceFailedError(
            f"{archive}: cannot be read: cut, corrupt or not a .tar.xz archive: {wrong}",
            f"remove {archive} to fetch it again",
        )
