# SPDX-License-Identifier: GPL-2.0-only
"""What every home of zpmaint makes anew though it is the same in all of them: the suite's compiled
program and the digests of zpmaint's own code, some seconds of processor time. The first home of a
process makes them, the others get copies."""

from __future__ import annotations

import shutil
import tempfile
from functools import cache
from pathlib import Path

_SHARED = ("cache/guest", "cache/code.json")


@cache
def _kept() -> tempfile.TemporaryDirectory[str]:
    return tempfile.TemporaryDirectory(prefix="zpmaint-warm-")


def give(home: Path) -> None:
    """Give a home that is about to be used for the first time what an earlier one made."""
    if not (home / "cache").exists():
        _copy(Path(_kept().name), home)


def keep(home: Path) -> None:
    """Keep what a home made, for the next ones."""
    kept = Path(_kept().name)
    if not (kept / "cache").exists() and all((home / part).exists() for part in _SHARED):
        _copy(home, kept)


def _copy(source: Path, target: Path) -> None:
    for part in _SHARED:
        if (source / part).is_dir():
            shutil.copytree(source / part, target / part)
        elif (source / part).exists():
            (target / part).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy2(source / part, target / part)
