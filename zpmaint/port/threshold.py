# SPDX-License-Identifier: GPL-2.0-only
"""Holding back what is placed, and not as surely as is asked for."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from zpmaint.port.placed import Placed
from zpmaint.port.values import FilePort, HunkPort


def held_back(files: Sequence[FilePort], least: float) -> tuple[FilePort, ...] | None:
    """The files with each hunk that is less sure than `least` a conflict; None where none is.
    Such a hunk keeps its confidence and says which strategy would have placed it."""
    if all(hunk.sure >= least for file in files for hunk in file.hunks):
        return None
    return tuple(
        replace(file, hunks=tuple(_held(hunk, least) for hunk in file.hunks)) for file in files
    )


def _held(hunk: HunkPort, least: float) -> HunkPort:
    if hunk.sure >= least:
        return hunk
    why = f"{hunk.sure:.2f} sure ({hunk.placed}), {least:.2f} is asked for: {hunk.why}"
    return replace(hunk, placed=Placed.CONFLICT, why=why)
