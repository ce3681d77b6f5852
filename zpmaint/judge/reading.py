# SPDX-License-Identifier: GPL-2.0-only
"""The honest reading of a benchmark: what the patch costs, what it saves, when it pays. Pure.

Sentences are made of the figures at the largest size that was measured of what they speak of.
"""

from __future__ import annotations

from collections.abc import Iterator

from zpmaint.judge.benchmark import HOLDS, Benchmark, PassRow, Trade
from zpmaint.judge.breakeven import BreakEven
from zpmaint.suites.guest.patterns import PAGE_KB

_SAME = 0.005
"""Costs closer than this share are called the same: it is what timer ticks make."""

_SAID = (
    ("read", "read", "reading untouched memory"),
    ("read-random", "read", "reading it in a scattered order"),
    ("read-write", "write", "the first write to what was read"),
    ("write", "write", "writing untouched memory"),
    ("read", "unmap", "unmapping what was read"),
    ("sparse", "walk", "the first walk over a sparse matrix"),
    ("sparse", "walk-again", "walking it again"),
    ("calloc", "read", "reading what calloc gave"),
    ("fork-read", "fork", "a fork with memory that was read"),
    ("fork-read", "child-write", "its child's writes"),
    ("fork-read", "parent-write", "its parent's writes when the child has gone"),
    ("fork-written", "child-write", "a child's writes to memory that was written"),
)


def largest(found: Benchmark, pattern: str, name: str, *, huge: bool) -> PassRow | None:
    """The pass at the largest size that both kernels have it at."""
    rows = [
        row
        for row in found.passes
        if (row.pattern, row.name, row.huge) == (pattern, name, huge)
        and all(cost is not None for cost in row.cost.values())
    ]
    return max(rows, key=lambda row: row.pages, default=None)


def trade(found: Benchmark, pattern: str, *, huge: bool) -> Trade | None:
    """The break-even at the largest size."""
    rows = [one for one in found.trades if (one.pattern, one.huge) == (pattern, huge)]
    return max(rows, key=lambda one: one.pages, default=None)


def sentences(found: Benchmark) -> list[str]:
    """What to say of a pair, in order; base pages first."""
    made = [*_of(found, huge=False), *_of(found, huge=True)]
    if found.failures:
        made.append(f"not as it must be in {len(found.failures)} places: {found.failures[0]}")
    return made


def _of(found: Benchmark, *, huge: bool) -> Iterator[str]:
    kind = "with huge pages, " if huge else ""
    for pattern, name, what in _SAID:
        row = largest(found, pattern, name, huge=huge)
        if row:
            yield kind + _cost(row, what, found.unit)
    for pattern, how in (("mixed", "evenly spread"), ("mixed-apart", "in one piece")):
        one = trade(found, pattern, huge=huge)
        if one:
            yield kind + _trade(one, how)


def _cost(row: PassRow, what: str, unit: str) -> str:
    stock, patched = row.cost["stock"], row.cost.get("patched")
    assert stock is not None
    if patched is None:
        return f"{what}: {stock:,.0f} {unit} a page"
    text = f"{what}: {stock:,.0f} {unit} a page on stock, {patched:,.0f} on patched"
    if abs(patched - stock) <= _SAME * max(stock, patched):
        text += ", the same"
    else:
        text += f", {patched - stock:+,.0f}"
    held = row.levels.get(HOLDS, {})
    ours, theirs = held.get("stock"), held.get("patched")
    if ours is not None and theirs is not None and row.name in ("read", "walk"):
        text += (
            f"; then the process holds {ours / row.pages * PAGE_KB:.2f} kB for each page on stock, "
            f"{theirs / row.pages * PAGE_KB:.2f} on patched"
        )
    return text


def _trade(one: Trade, how: str) -> str:
    if one.faults.by == "same" and one.life.by == "same":
        return f"read, then a share written {how}: both cost the same whatever the share"
    text = (
        f"read, then a share written {how}: the patch pays {pays(one.faults)}, "
        f"and {pays(one.life)} if unmapping counts"
    )
    if one.even_memory is None:
        return text + "; it holds more memory at any share"
    if one.even_memory == 0:
        return text + "; both hold the same memory"
    return text + f"; it holds more memory below {one.even_memory}%, and never less"


def pays(even: BreakEven) -> str:
    """From which share of later-written pages on."""
    share = even.pays_from
    if share is None:
        return "at no share"
    if share == 0:
        return "at any share"
    between = f" (measured: {even.between[0]}% and {even.between[1]}%)" if even.between else ""
    return f"from {share:.1f}%{between} on"
