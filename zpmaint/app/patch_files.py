# SPDX-License-Identifier: GPL-2.0-only
"""Reading patch files: those that zstd packed are unpacked by its program, which Python lacks."""

from __future__ import annotations

import subprocess
from pathlib import Path

from zpmaint.core import tools
from zpmaint.core.errors import UserError
from zpmaint.diffs.packed import LIMIT, ZSTD


def read_file(place: Path) -> bytes:
    """The bytes of a patch file. Raises UserError for a damaged one and one of more than `LIMIT`,
    InfraError where zstd is wanted and not installed."""
    with place.open("rb") as stream:
        if stream.read(len(ZSTD)) != ZSTD:
            stream.seek(0)
            return stream.read()
    tools.need("zstd")
    with subprocess.Popen(
        ["zstd", "-dcq", "--", str(place)], stdout=subprocess.PIPE, stderr=subprocess.DEVNULL
    ) as process:
        assert process.stdout is not None
        out = process.stdout.read(LIMIT + 1)
        process.stdout.close()
        status = process.wait()
    if len(out) > LIMIT:
        raise UserError(f"{place}: a compressed patch of more than {LIMIT >> 20} MB", "split it")
    if status:
        raise UserError(f"{place}: a compressed patch (zstd) that is damaged", "fetch it anew")
    return out
