# SPDX-License-Identifier: GPL-2.0-only
"""The full benchmark for people, on a terminal."""

from __future__ import annotations

from rich import box
from rich.console import Console
from rich.table import Table

from zpmaint.judge.benchmark import HOLDS, Benchmark, PassRow, Trade, Two
from zpmaint.judge.reading import pays, sentences
from zpmaint.ledger.benchmarks import BenchRecord
from zpmaint.publish.words import size


def benchmark(out: Console, record: BenchRecord, found: Benchmark) -> None:
    """Every pass, the break-evens, and what it all means."""
    out.print(
        f"{record.patchset} on {record.version} {record.arch} ({record.accelerator}), "
        f"{found.unit} per page",
        style="bold",
    )
    for huge in (False, True):
        _passes(out, [row for row in found.passes if row.huge is huge], huge=huge)
    _trades(out, found.trades)
    # Both kernels leave the same out; once is enough to read.
    for line in dict.fromkeys(text.partition(": ")[2] for text in found.unmeasured):
        out.print(f"  not measured: {line}", markup=False)
    for line in sentences(found):
        out.print(f"  {line}", markup=False, soft_wrap=True)
    for line in found.failures:
        out.print(f"  against it: {line}", style="red", markup=False, soft_wrap=True)


def _table(*titles: str, right: int, title: str) -> Table:
    table = Table(box=box.SIMPLE_HEAD, title=title, title_justify="left", title_style="bold")
    for number, name in enumerate(titles):
        table.add_column(name, justify="right" if number >= right else "left")
    return table


def _passes(out: Console, rows: list[PassRow], *, huge: bool) -> None:
    if not rows:
        return
    pages = max((row.pages for row in rows if _whole(row)), default=rows[0].pages)
    table = _table(
        "pattern", "pass", "size", "stock", "patched", "delta", "faults a page", "",
        "held, kB a page", "", right=2, title=f"{'huge' if huge else 'base'} pages",
    )  # fmt: skip
    for row in rows:
        # Of mixed patterns the break-even says more; of sizes the largest and the smallest do.
        if row.pattern.startswith("mixed") or row.pages not in (pages, rows[0].pages):
            continue
        stock, patched = row.cost["stock"], row.cost.get("patched")
        delta = "-" if stock is None or patched is None else f"{patched - stock:+,.1f}"
        spread = (
            f" {row.spread['stock'][0]:,.0f}..{row.spread['stock'][1]:,.0f}" if row.spread else ""
        )
        table.add_row(
            row.pattern,
            row.name,
            size(row.pages),
            _number(stock) + spread,
            _number(patched),
            delta,
            *_two(row.faults, row.pages, 1),
            *_two(row.levels.get(HOLDS, {}), row.pages, 4),
        )
    out.print(table)


def _whole(row: PassRow) -> bool:
    return all(cost is not None for cost in row.cost.values())


def _trades(out: Console, trades: tuple[Trade, ...]) -> None:
    if not trades:
        return
    table = _table(
        "written pages", "pages", "size", "pays", "with unmapping", "same memory", right=2,
        title="break-even: of the read pages, how many have to be written later",
    )  # fmt: skip
    for one in trades:
        table.add_row(
            "in one piece" if one.pattern == "mixed-apart" else "spread evenly",
            "huge" if one.huge else "base",
            size(one.pages),
            "the same" if one.faults.by == "same" else pays(one.faults),
            "the same" if one.life.by == "same" else pays(one.life),
            "never" if one.even_memory is None else f"from {one.even_memory}% on",
        )
    out.print(table)


def _number(value: float | None) -> str:
    return "-" if value is None else f"{value:,.1f}"


def _two(figures: Two, pages: int, times: int) -> list[str]:
    cells = []
    for name in ("stock", "patched"):
        value = figures.get(name)
        cells.append("-" if value is None else f"{value * times / pages:.2f}")
    return cells
