# SPDX-License-Identifier: GPL-2.0-only
"""The other files that a patch touches: what they define tells of what its lines may call."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from zpmaint.port.outlines import language
from zpmaint.port.scopes import Source, source


@dataclass(frozen=True)
class Beside:
    """A file of C that upstream has changed since the base."""

    path: str
    base: Source
    target: Source


def drifted(
    base: Mapping[str, bytes | None], target: Mapping[str, bytes | None]
) -> tuple[Beside, ...]:
    """The files of C that both kernels have, not the same."""
    found = []
    for path, before in base.items():
        after = target.get(path)
        told = before is not None and after is not None and before != after
        if told and language(path) == "c":
            found.append(Beside(path, source(before), source(after)))
    return tuple(found)
