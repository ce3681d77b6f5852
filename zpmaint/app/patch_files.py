# SPDX-License-Identifier: GPL-2.0-only
"""Reading patch files: those that zstd packed are unpacked by its program, which Python lacks."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

from zpmaint.cell.launch import start
from zpmaint.cell.values import Cell, Limits
from zpmaint.core import tools
from zpmaint.core.errors import UserError
from zpmaint.diffs.packed import LIMIT, ZSTD

_MEMORY = 512 << 20
"""Bytes; zstd takes 128 MB at most for what it was not asked to pack with --long."""
_SECONDS = 60.0


def read_file(place: Path) -> bytes:
    """The bytes of a patch file. Raises UserError for a damaged one and one of more than `LIMIT`,
    InfraError where zstd is wanted and not installed."""
    with place.open("rb") as stream:
        if stream.read(len(ZSTD)) != ZSTD:
            stream.seek(0)
            return stream.read()
    tools.need("zstd")
    cell = Cell(
        "zstd",
        environment={"PATH": os.environ.get("PATH", os.defpath)},
        limits=Limits(memory=_MEMORY, seconds=_SECONDS),
    )
    with (
        place.open("rb") as packed,
        start(
            ["zstd", "-dcq"], cell, stdin=packed, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL
        ) as zstd,
    ):
        assert zstd.process.stdout is not None
        out = zstd.process.stdout.read(LIMIT + 1)
        zstd.process.stdout.close()
        status = zstd.wait().status
    if len(out) > LIMIT:
        raise UserError(f"{place}: a compressed patch of more than {LIMIT >> 20} MB", "split it")
    if status:
        raise UserError(f"{place}: a compressed patch (zstd) that is damaged", "fetch it anew")
    return out
