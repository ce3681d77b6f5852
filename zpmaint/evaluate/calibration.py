# SPDX-License-Identifier: GPL-2.0-only
"""How often ports that are so sure are equal, learned from ports that were measured. Pure.

Each clean port counts for its weakest hunk: for the strategy that placed it, and for how sure that
strategy was by itself (the raw score, which the reasons that make it less sure lower). Per strategy
the share that is equal is fitted as a rising function of the raw score (isotonic regression by
pooling adjacent violators), and kept as a table that zpmaint/port reads.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import groupby

FEW = 30
"""So many ports have to be measured before their share alone is believed."""
FEW_AT_MOST = 0.85
"""How sure ports can be of whose score fewer were measured, unless less sure ones are surer."""


@dataclass(frozen=True)
class Sample:
    """A clean port."""

    placed: str
    """The strategy of its weakest hunk."""
    raw: float
    equal: bool


@dataclass(frozen=True)
class Row:
    """What was measured of a strategy at a raw score."""

    placed: str
    raw: float
    confidence: float
    n: int
    """Ports measured at this very score."""
    equal: int


@dataclass(frozen=True)
class _Block:
    """Neighbouring scores that are taken together: the lower did not come out the less equal."""

    n: int
    equal: int
    rows: tuple[Row, ...]

    @property
    def share(self) -> float:
        """The share that is equal, by the rule of succession: of few nothing is certain."""
        return (self.equal + 1) / (self.n + 2)

    def __add__(self, other: _Block) -> _Block:
        return _Block(self.n + other.n, self.equal + other.equal, self.rows + other.rows)


def pooled(rows: Iterable[Row]) -> list[Row]:
    """The rows of one strategy, raw scores rising, with a confidence that never falls."""
    blocks: list[_Block] = []
    for row in rows:
        blocks.append(_Block(row.n, row.equal, (row,)))
        while len(blocks) > 1 and _raw_share(blocks[-2]) >= _raw_share(blocks[-1]):
            blocks[-2:] = [blocks[-2] + blocks[-1]]
    found: list[Row] = []
    for block in blocks:
        for row in block.rows:
            # A score that few ports had is not as sure as its many neighbours for their sake.
            sure = block.share if row.n >= FEW else min(block.share, FEW_AT_MOST)
            # But it may not fall behind what is known of less sure ones.
            sure = max(round(sure, 3), found[-1].confidence if found else 0.0)
            found.append(replace(row, confidence=sure))
    return found


def _raw_share(block: _Block) -> float:
    return block.equal / block.n


def fitted(samples: Iterable[Sample]) -> list[Row]:
    """The table: by strategy and raw score."""
    ordered = sorted(samples, key=lambda s: (s.placed, s.raw))
    found: list[Row] = []
    for placed, own in groupby(ordered, key=lambda s: s.placed):
        rows = []
        for raw, same in groupby(own, key=lambda s: s.raw):
            group = list(same)
            rows.append(Row(placed, raw, 0.0, len(group), sum(s.equal for s in group)))
        found += pooled(rows)
    return found


def learned(
    ports: Sequence[tuple[Sequence[tuple[str, float]], bool]], rounds: int = 4
) -> list[Row]:
    """The table from whole ports: their hunks (strategy, raw score), and whether they are equal.

    Which hunk is the weakest depends on the table: it is made again until that stands, at most
    `rounds` times."""
    ports = [([(way, round(raw, 3)) for way, raw in hunks], equal) for hunks, equal in ports]
    table: list[Row] = []
    for _ in range(rounds):
        known = {(row.placed, row.raw): row.confidence for row in table}
        samples = [Sample(*_weakest(hunks, known), equal) for hunks, equal in ports if hunks]
        again = fitted(samples)
        if again == table:
            break
        table = again
    return table


def _weakest(
    hunks: Sequence[tuple[str, float]], known: Mapping[tuple[str, float], float]
) -> tuple[str, float]:
    return min(hunks, key=lambda hunk: (known.get(hunk, hunk[1]), hunk[1]))


def as_toml(rows: Sequence[Row], measured: str) -> str:
    """The table as port/confidence.toml holds it."""
    head = (
        "# SPDX-License-Identifier: GPL-2.0-only\n"
        "# How often ports whose weakest hunk was placed so, and so sure by itself (raw), are\n"
        "# byte for byte the maintainers': written by `zpmaint evaluate --pairs FILE\n"
        "# --calibrate OUT`, which fits a rising share per strategy. n ports were measured at the\n"
        "# very score, `equal` of them were equal; scores that did not tell them apart share one\n"
        "# confidence.\n"
        f"# Measured on {measured}.\n"
    )
    return head + "".join(
        f'\n[[row]]\nplaced = "{row.placed}"\nraw = {row.raw:.3f}\n'
        f"confidence = {row.confidence:.3f}\nn = {row.n}\nequal = {row.equal}\n"
        for row in rows
    )
