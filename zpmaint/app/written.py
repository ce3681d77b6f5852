# SPDX-License-Identifier: GPL-2.0-only
"""A port as files: one patch, or the folder of a series. Either lands whole or not at all."""

from __future__ import annotations

from pathlib import Path

from zpmaint.app.series import SeriesPort, write_series
from zpmaint.core.files import write_whole
from zpmaint.patchset.values import PatchSet
from zpmaint.port.values import Port


def write_port(patchset: PatchSet, result: Port, out: Path) -> Path:
    """Write OUT/vVERSION.patch; of a series OUT/vVERSION/ with its patches, the file `series` and
    port.json. Only of a port that has something to apply."""
    start = next(anchor for anchor in patchset.anchors if anchor.name == result.anchor)
    if start.is_single:
        path = out / f"{result.version.tag}.patch"
        write_whole(path, result.patch)
        return path
    whole = SeriesPort(start.series, result.version, start.base, result.members)
    return write_series(whole, out / result.version.tag)
