# SPDX-License-Identifier: GPL-2.0-only
"""From which share of later-written pages on the patch pays. Pure.

A program reads all pages of a mapping that it never wrote, and writes a share p of them afterwards
(0 <= p <= 1). With R what the read of a page costs, W what the first write to a page that was read
costs, and the indices s for stock, p for patched:

    stock(p)   = Rs + p * Ws        Rs maps the zero page; Ws is a second fault that allocates
    patched(p) = Rp + p * Wp        Rp allocates at once; Wp is a plain store

    the patch pays where patched(p) <= stock(p):    p >= p* = (Rp - Rs) / (Ws - Wp)

With unmapping, U(p) is added on either side: a stock kernel has p of the pages to free, a patched
one all of them, so p* grows.

What this rests on:
- Each page is written at most once for the count: what a second write costs is the same on both.
- Costs per page do not depend on p. They are measured at p = 0, 1, 10, ... 100% and each kernel's
  line is fitted to that by least squares; `bend` is the point farthest off its line, as a share of
  the patched kernel's cost. Where it is more than BENT one line does not hold for all p. With huge
  pages the first write to each is a step (it is split, or allocated whole), and past the step the
  costs are lines again: they are fitted to the points from the least p > 0 on, and tell where they
  cross there. Where they do not, or are no lines either, the measured points on either side of the
  last crossing are all that is known.
- Instructions of kernel and loop are counted. Caches and the TLB are not: clearing a page that is
  written at once may cost less than clearing one much earlier, and a zero page that stays in the
  cache is read faster than pages of one's own.
- In memory there is no such trade: a patched kernel holds every page that was read, a stock one p
  of them. It never holds less; `even` is the least measured share from which on both hold the same.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from statistics import linear_regression

BENT = 0.01
"""Farther off its line than this share of the cost, and a cost is no line over p."""
SAME = 0.005
"""Nowhere farther apart than this share of the cost, and two kernels cost the same: timer ticks
that fall into the one pass and not into the other make as much."""

Curve = Mapping[int, float]
"""Cost for each page that was read, by the share in percent."""


@dataclass(frozen=True)
class Line:
    """cost(p) = at_none + p * each."""

    at_none: float
    each: float
    """What a page that is written later adds."""
    bend: float
    """How far the farthest measured point is off it, in the curve's unit."""


@dataclass(frozen=True)
class BreakEven:
    """Where two cost curves cross."""

    stock: Line
    patched: Line
    bend: float
    """Of both lines, as a share of the patched kernel's cost at p = 0."""
    pays_from: float | None
    """Percent of the read pages that are written later, from which on the patch costs no more, up
    to 100%; 0.0 if it never costs more, None if it does even at 100%."""
    by: str
    """'lines', 'step' (the lines past a step between the first two shares) or 'points': what the
    crossing was solved on; 'same' where there is nothing to solve, as both cost the same at every
    share."""
    between: tuple[int, int] | None = None
    """Of points: the measured shares on either side. Where the cost is a step (7.x: the first write
    to a huge page allocates all of it) it may be anywhere between them."""


def line(curve: Curve) -> Line:
    """The least-squares line through a curve's points."""
    shares = sorted(curve)
    slope, intercept = linear_regression([p / 100 for p in shares], [curve[p] for p in shares])
    bend = max(abs(intercept + slope * p / 100 - curve[p]) for p in shares)
    return Line(intercept, slope, bend)


def break_even(stock: Curve, patched: Curve) -> BreakEven:
    """The crossing of two curves that were measured at the same shares, two at least."""
    if set(stock) != set(patched) or len(stock) < 2:
        raise ValueError("two curves of the same shares, at least two, make a crossing")
    ours, theirs = line(stock), line(patched)
    bend = max(ours.bend, theirs.bend) / (patched[min(patched)] or 1.0)
    if all(abs(stock[p] - patched[p]) <= SAME * max(stock[p], patched[p]) for p in stock):
        return BreakEven(ours, theirs, bend, 0.0, "same")
    if bend <= BENT:
        return BreakEven(ours, theirs, bend, _by_lines(ours, theirs), "lines")
    if past := _past_the_step(stock, patched):
        return past
    return BreakEven(ours, theirs, bend, *_by_points(stock, patched))


def _past_the_step(stock: Curve, patched: Curve) -> BreakEven | None:
    """The crossing of the lines that the costs are from the second share on; None where they are
    none, or have crossed before it."""
    first, *rest = sorted(stock)
    if len(rest) < 3:
        return None
    ours, theirs = (line({share: curve[share] for share in rest}) for curve in (stock, patched))
    bend = max(ours.bend, theirs.bend) / (patched[first] or 1.0)
    pays_from = _by_lines(ours, theirs)
    if bend > BENT or (pays_from is not None and pays_from < rest[0]):
        return None
    return BreakEven(ours, theirs, bend, pays_from, "step")


def _by_lines(stock: Line, patched: Line) -> float | None:
    if patched.at_none + patched.each > stock.at_none + stock.each:
        return None
    more = patched.at_none - stock.at_none
    if more <= 0:
        return 0.0
    return 100 * more / (stock.each - patched.each)


def _by_points(stock: Curve, patched: Curve) -> tuple[float | None, str, tuple[int, int] | None]:
    """The last crossing, straight between the two points on either side of it."""
    shares = sorted(stock)
    saved = [stock[p] - patched[p] for p in shares]
    if saved[-1] < 0:
        return None, "points", None
    for at in range(len(shares) - 1, 0, -1):
        if saved[at - 1] < 0:
            low, high = shares[at - 1], shares[at]
            part = saved[at - 1] / (saved[at - 1] - saved[at])
            return low + part * (high - low), "points", (low, high)
    return 0.0, "points", None


def even(stock: Curve, patched: Curve, slack: float) -> int | None:
    """The least measured share from which on the patched kernel holds no more than `slack` above
    the stock one; None if it does even at the largest."""
    found: int | None = None
    for share in sorted(stock, reverse=True):
        if patched[share] - stock[share] > slack:
            break
        found = share
    return found


def total(curves: Sequence[Curve]) -> dict[int, float]:
    """Several passes' costs as one curve."""
    return {share: sum(curve[share] for curve in curves) for share in curves[0]}
