# SPDX-License-Identifier: GPL-2.0-only
"""Of what an installed zpmaint was built: ci/release leaves a word of it in the package."""

from __future__ import annotations

import functools
import tomllib
from dataclasses import dataclass
from pathlib import Path

_PLACE = Path(__file__).parent.parent / "built.toml"


@dataclass(frozen=True)
class Built:
    """The commit that a release was made of."""

    commit: str
    """40 hex digits."""
    committed: int
    """When, seconds since the epoch."""


@functools.cache
def built() -> Built | None:
    """What this package says of itself; None in a checkout, and where somebody else packed it."""
    try:
        table = tomllib.loads(_PLACE.read_text(encoding="utf-8"))
        return Built(str(table["commit"]), int(table["committed"]))
    except (FileNotFoundError, KeyError):
        return None
