# SPDX-License-Identifier: GPL-2.0-only
"""The break-even of a kernel as a picture. Pure; the same record gives the same bytes."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise

from zpmaint.judge.benchmark import Benchmark, Trade
from zpmaint.judge.reading import pays, trade
from zpmaint.ledger.benchmarks import BenchRecord
from zpmaint.publish import plot
from zpmaint.publish.words import size

Pair = tuple[BenchRecord, Benchmark]
"""What was measured of a kernel, and what it means."""

_SHARES = [0.0, 20.0, 40.0, 60.0, 80.0, 100.0]
_BOTH = ("stock", "patched")


def trade_svg(record: BenchRecord, found: Benchmark) -> str:
    """What a page costs over the share of pages that are written later, stock against patched, and
    where the lines cross; below it the memory that is held."""
    trades = [one for huge in (False, True) if (one := trade(found, "mixed", huge=huge))]
    width, left = 50 + 500 * max(len(trades), 1), 62
    title = (
        f"{record.version} {record.arch}: from which share of later-written pages the patch pays"
    )
    body = [plot.text(24, 30, title, "title")]
    if not trades:
        body.append(plot.text(24, 60, "no break-even was measured", "dim"))
    for place, one in enumerate(trades):
        body += _trade_parts(one, left + 500 * place, found.unit)
    body.append(
        plot.text(
            24, 588, "solid: faults alone; dashed: unmapping counts, too. Instructions, not time: "
            "caches and TLB are not in them." if found.unit == "instructions"
            else "solid: faults alone; dashed: unmapping counts, too. Medians of the runs.",
            "dim",
        )
    )  # fmt: skip
    description = "; ".join(
        f"{'huge' if one.huge else 'base'} pages: the patch pays {pays(one.faults)}, "
        f"{pays(one.life)} with unmapping"
        for one in trades
    )
    return plot.document(width, 604, title, body, description)


def _points(one: Trade, kernel: str, what: str) -> list[tuple[float, float]]:
    return [(float(share), value) for share, value in one.curves[kernel][what].items()]


def _trade_parts(one: Trade, x: int, unit: str) -> list[str]:
    curves = {(k, w): _points(one, k, w) for k in _BOTH for w in ("faults", "life", "held")}
    most = max(value for k in _BOTH for _, value in curves[k, "life"])
    cost = plot.Plot(x, 92, 330, 270, _SHARES, plot.ticks(most))
    kind = "huge pages" if one.huge else "base pages"
    cost.frame(
        f"{kind}, {size(one.pages)}, written pages spread evenly", f"{unit} per page", suffix="%"
    )
    for kernel in _BOTH:
        cost.line(f"thin {kernel}", curves[kernel, "life"])
        cost.line(f"line {kernel}", curves[kernel, "faults"])
        cost.dots(kernel, curves[kernel, "faults"])
    _labels(cost, curves)
    shares = [one.faults.pays_from, one.life.pays_from]
    for what, even, style in (("life", one.life, "hollow"), ("faults", one.faults, "even")):
        if even.pays_from is not None and even.by != "same":
            share = even.pays_from
            first = share == min(p for p in shares if p is not None)
            up = _height(curves["stock", what], share)
            # Between two points it may be anywhere, where the cost is a step.
            words = f"{share:.1f}%"
            if even.between:
                words = "{}\N{EN DASH}{}%".format(*even.between)
            cost.crossing(share, up, words, style, left=first and share > 15)
    held = plot.Plot(x, 436, 330, 92, _SHARES, [0.0, 1.0, 2.0, 3.0, 4.0])
    held.frame("memory held", "kB per page that was read", suffix="%",
               across="of the read pages are written later")  # fmt: skip
    for kernel in _BOTH:
        held.line(f"line {kernel}", curves[kernel, "held"])
    low = curves["stock", "held"][5 if len(curves["stock", "held"]) > 5 else 0]
    held.parts.append(plot.text(*_moved(held.at(*low), 10, 12), "stock", "t-stock"))
    held.label(100, curves["patched", "held"][-1][1], "patched", "t-patched")
    return [*cost.parts, *held.parts]


def _moved(point: tuple[float, float], right: float, down: float) -> tuple[float, float]:
    return point[0] + right, point[1] + down


def _labels(cost: plot.Plot, curves: dict[tuple[str, str], list[tuple[float, float]]]) -> None:
    """Names at the lines' right ends, from the top down; kept apart where ends are close."""
    ends = sorted(
        (cost.at(100, curves[kernel, what][-1][1])[1], kernel, what)
        for kernel in _BOTH
        for what in ("faults", "life")
    )
    last = 0.0
    for end, kernel, what in ends:
        last = y = max(end, last + 14)
        words = kernel if what == "faults" else f"{kernel}, unmapped"
        cost.parts.append(plot.text(cost.x + cost.width + 8, y + 4, words, f"t-{kernel}"))


def _height(points: Sequence[tuple[float, float]], share: float) -> float:
    for (x1, y1), (x2, y2) in pairwise(points):
        if x1 <= share <= x2:
            return y1 + (y2 - y1) * (share - x1) / (x2 - x1)
    return points[0][1]
