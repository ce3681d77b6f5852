"""The full benchmark on paper: the break-even of a kernel, and all kernels side by side, as
pictures and as a Markdown table. Pure; the same records give the same bytes."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import pairwise

from zpmaint.guest.patterns import PAGE_KB
from zpmaint.judge.benchmark import HOLDS, Benchmark, Trade
from zpmaint.judge.reading import largest, pays, trade
from zpmaint.ledger.benchmarks import BenchRecord
from zpmaint.publish import plot
from zpmaint.publish.words import NONE, number, size

Pair = tuple[BenchRecord, Benchmark]

_ARROW = "\N{RIGHTWARDS ARROW}"
_SHARES = [0.0, 20.0, 40.0, 60.0, 80.0, 100.0]
_BOTH = ("stock", "patched")


@dataclass(frozen=True)
class Column:
    """What a row of all kernels shows: a pattern's pass, with base or huge pages."""

    title: str
    pattern: str
    name: str
    huge: bool = False


COLUMNS = (
    Column("read", "read", "read"),
    Column("then write", "read-write", "write"),
    Column("write first", "write", "write"),
    Column("unmap", "read", "unmap"),
    Column("huge: read", "read", "read", huge=True),
    Column("huge: then write", "read-write", "write", huge=True),
)
"""The passes of the table, by whose costs the break-even is made."""


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
    told = "; ".join(
        f"{'huge' if one.huge else 'base'} pages: the patch pays {pays(one.faults.pays_from)}, "
        f"{pays(one.life.pays_from)} with unmapping"
        for one in trades
    )
    return plot.document(width, 604, title, body, told)


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
            cost.crossing(share, up, f"{share:.1f}%", style, left=first and share > 12)
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
    """Names at the lines' right ends, kept apart where two ends are close."""
    ends = sorted(
        (
            (cost.at(100, curves[kernel, what][-1][1])[1], kernel, what)
            for kernel in _BOTH
            for what in ("faults", "life")
        ),
        reverse=True,
    )
    last = 1e9
    for end, kernel, what in ends:
        last = y = min(end, last - 14)
        words = kernel if what == "faults" else f"{kernel}, unmapped"
        cost.parts.append(plot.text(cost.x + cost.width + 8, y + 4, words, f"t-{kernel}"))


def _height(points: Sequence[tuple[float, float]], share: float) -> float:
    for (x1, y1), (x2, y2) in pairwise(points):
        if x1 <= share <= x2:
            return y1 + (y2 - y1) * (share - x1) / (x2 - x1)
    return points[0][1]


# --- all kernels ------------------------------------------------------------------------------

_ROW = 30
_PANELS = ((150, 230), (452, 230), (754, 150), (976, 250))


def versions_svg(pairs: Sequence[Pair]) -> str:
    """A row for each kernel: what reading a page costs and what writing it afterwards does, stock
    to patched; the memory; the break-even."""
    title = "What the patch costs and saves, kernel by kernel"
    height = 150 + _ROW * len(pairs)
    costs = [_cost(found, c) for _, found in pairs for c in COLUMNS[:2]]
    top = plot.ticks(max((v for two in costs if two for v in two if v is not None), default=1.0))
    read, write, held, share = (
        plot.Plot(x, 92, width, _ROW * len(pairs) + 6, scale, [0.0, 1.0])
        for (x, width), scale in zip(
            _PANELS, (top, top, [0.0, 1.0, 2.0, 3.0, 4.0], _SHARES), strict=True
        )
    )
    unit = pairs[0][1].unit if pairs else "instructions"
    heads = (
        (read, "reading an untouched page", f"{unit} per page", ""),
        (write, "the first write to it afterwards", f"{unit} per page", ""),
        (held, "memory after the read", "kB per page", ""),
        (share, "written later, so that the patch pays", "% of the read pages", "%"),
    )
    body = [plot.text(24, 34, title, "title")]
    for panel, head, of, suffix in heads:
        panel.up = []
        panel.frame(head, of, suffix=suffix)
        body += panel.parts
    for number_, (record, found) in enumerate(pairs):
        y = 92 + _ROW * number_ + _ROW / 2 + 3
        body.append(plot.text(24, y + 4, _name(record, pairs), "mono"))
        for panel, two in (
            (read, _cost(found, COLUMNS[0])),
            (write, _cost(found, COLUMNS[1])),
            (held, _held(found, HOLDS, PAGE_KB)),
        ):
            body += _dumbbell(panel, two, y)
        rss = _held(found, "VmRSS", 1)
        if rss and rss[1] is not None and abs(rss[1] - (rss[0] or 0)) < 0.04:
            body.append(
                plot.text(held.x + held.width / 2, y - 7, "VmRSS shows none", "dim", "middle")
            )
        body += _evens(share, found, y)
    low = height - 22
    body += [
        plot.dot(154, low - 4, "mark stock", 4), plot.text(164, low, "stock"),
        plot.dot(214, low - 4, "mark patched", 4), plot.text(224, low, "patched"),
        plot.dot(700, low - 4, "even", 4.5), plot.text(710, low, "base pages"),
        plot.dot(794, low - 4, "hollow", 4.5), plot.text(804, low, "base, unmapping counts"),
        _diamond(962, low - 4), plot.text(972, low, "huge pages, written spread evenly"),
    ]  # fmt: skip
    return plot.document(1260, height, title, body)


def _name(record: BenchRecord, pairs: Sequence[Pair]) -> str:
    arches = {other.arch for other, _ in pairs}
    return record.version if len(arches) == 1 else f"{record.version} {record.arch}"


def _dumbbell(
    panel: plot.Plot, two: tuple[float | None, float | None] | None, y: float
) -> list[str]:
    if two is None or two[0] is None:
        return [plot.text(panel.x + 4, y + 4, "not measured", "dim")]
    first, _ = _x(panel, two[0])
    if two[1] is None:
        return [plot.dot(first, y, "mark stock", 4)]
    second, _ = _x(panel, two[1])
    return [
        plot.bar(first, second, y, "span"),
        plot.dot(first, y, "mark stock", 4),
        plot.dot(second, y, "mark patched", 4),
    ]


def _x(panel: plot.Plot, value: float) -> tuple[float, float]:
    return panel.x + panel.width * value / panel.across[-1], panel.y


def _diamond(x: float, y: float) -> str:
    return f'<path class="even" d="M{x:.1f} {y - 5:.1f}l5 5l-5 5l-5-5z"/>'


def _evens(panel: plot.Plot, found: Benchmark, y: float) -> list[str]:
    base, huge = (trade(found, "mixed", huge=kind) for kind in (False, True))
    parts: list[str] = []
    if base is None:
        return [plot.text(panel.x + 4, y + 4, "no pair to compare", "dim")]
    if base.life.pays_from is not None:
        parts.append(plot.dot(_x(panel, base.life.pays_from)[0], y, "hollow", 4.5))
    if base.faults.pays_from is not None:
        parts.append(plot.dot(_x(panel, base.faults.pays_from)[0], y, "even", 4.5))
    if huge and huge.faults.pays_from is not None and huge.faults.by != "same":
        parts.append(_diamond(_x(panel, huge.faults.pays_from)[0], y))
    return parts


def _cost(found: Benchmark, column: Column) -> tuple[float | None, float | None] | None:
    row = largest(found, column.pattern, column.name, huge=column.huge)
    return (row.cost["stock"], row.cost.get("patched")) if row else None


def _held(found: Benchmark, level: str, times: int) -> tuple[float | None, float | None] | None:
    """kB a page after the read."""
    row = largest(found, "read", "read", huge=False)
    if row is None or level not in row.levels:
        return None
    two = row.levels[level]
    values = [two.get(name) for name in _BOTH]
    first, second = (None if v is None else v * times / row.pages for v in values)
    return first, second


# --- the table --------------------------------------------------------------------------------

_LEGEND = """\
{unit} per page, stock {arrow} patched, at the largest size of each kernel; one figure where there
is no patched kernel, as upstream itself behaves so. *pays*: from which share of the read pages that
are written later the patch costs no more, by faults alone / with unmapping; *held*: kB of memory
for each page that was only read, as the process's anonymous pages / as VmRSS. Huge pages: the
written pages spread evenly.
"""


def markdown(pairs: Sequence[Pair]) -> str:
    """All kernels as one table."""
    heads = [
        "kernel", "arch", *(c.title for c in COLUMNS[:4]), "pays", "held, kB",
        *(c.title for c in COLUMNS[4:]), "huge: pays",
    ]  # fmt: skip
    units = {found.unit for _, found in pairs}
    lines = [
        "# The full benchmark, kernel by kernel",
        "",
        _LEGEND.format(unit=" or ".join(sorted(units)).capitalize(), arrow=_ARROW),
        _line(heads),
        _line(["---", "---", *("---:" for _ in heads[2:])]),
        *(_line(_cells(record, found)) for record, found in reversed(pairs)),
    ]
    return "\n".join(lines) + "\n"


def _cells(record: BenchRecord, found: Benchmark) -> list[str]:
    held = " / ".join(_arrow(_held(found, name, times)) for name, times in
                      ((HOLDS, PAGE_KB), ("VmRSS", 1)))  # fmt: skip
    return [
        record.version,
        record.arch,
        *(_arrow(_cost(found, column)) for column in COLUMNS[:4]),
        _pays(found, huge=False),
        held,
        *(_arrow(_cost(found, column)) for column in COLUMNS[4:]),
        _pays(found, huge=True),
    ]


def _pays(found: Benchmark, *, huge: bool) -> str:
    one = trade(found, "mixed", huge=huge)
    if one is None:
        return NONE
    return " / ".join(
        "the same" if even.by == "same" else _percent(even.pays_from)
        for even in (one.faults, one.life)
    )


def _percent(share: float | None) -> str:
    return "never" if share is None else "always" if share == 0 else f"{share:.1f}%"


def _arrow(two: tuple[float | None, float | None] | None) -> str:
    if two is None or two[0] is None:
        return NONE
    return number(two[0]) if two[1] is None else f"{number(two[0])} {_ARROW} {number(two[1])}"


def _line(cells: Iterable[str]) -> str:
    return f"| {' | '.join(cells)} |"
