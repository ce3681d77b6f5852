# SPDX-License-Identifier: GPL-2.0-only
"""From how sure a strategy is by itself to how often ports as sure as that were right.

The strategies and checks speak in raw scores, which keep their reasons apart. What a port says is
what confidence.toml has for the strategy and the score; how it was learned, docs/evaluation.md
tells. Without a row the raw score stands.
"""

from __future__ import annotations

import tomllib
from bisect import bisect_left
from collections.abc import Mapping, Sequence
from dataclasses import replace
from functools import cache
from pathlib import Path

from zpmaint.port.values import FilePort, HunkPort

Points = Sequence[tuple[float, float]]
"""Raw scores, rising, each with its confidence."""


PLACE = Path(__file__).parent / "confidence.toml"


@cache
def table() -> Mapping[str, Points]:
    """The table that ports are told by."""
    return read(PLACE)


def read(place: Path) -> Mapping[str, Points]:
    """By strategy what a table has of it; none where nothing was measured yet."""
    rows = tomllib.loads(place.read_text(encoding="utf-8")).get("row", ())
    found: dict[str, list[tuple[float, float]]] = {}
    for row in sorted(rows, key=lambda row: row["raw"]):
        found.setdefault(row["placed"], []).append((row["raw"], row["confidence"]))
    return found


def confidence(placed: str, raw: float, known: Mapping[str, Points]) -> float:
    """How sure a hunk is that `placed` put there with this score."""
    points, raw = known.get(placed), round(raw, 3)
    if not points or raw <= 0.0:
        return raw
    scores = [score for score, _ in points]
    at = bisect_left(scores, raw)
    if at == len(points):
        return points[-1][1]  # surer than any that was measured
    score, sure = points[at]
    if score == raw:
        return sure
    low, least = points[at - 1] if at else (0.0, 0.0)
    return least + (sure - least) * (raw - low) / (score - low)


def calibrated(files: Sequence[FilePort]) -> tuple[FilePort, ...]:
    """The files with every hunk as sure as was measured; once is enough, and more does no harm."""
    known = table()
    return tuple(
        replace(file, hunks=tuple(_calibrated(hunk, known) for hunk in file.hunks))
        for file in files
    )


def _calibrated(hunk: HunkPort, known: Mapping[str, Points]) -> HunkPort:
    if hunk.placed.is_conflict:
        return hunk
    raw = hunk.confidence if hunk.raw is None else hunk.raw
    return replace(hunk, confidence=confidence(hunk.placed, raw, known), raw=raw)
