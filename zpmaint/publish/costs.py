# SPDX-License-Identifier: GPL-2.0-only
"""What the patch costs and saves: the pictures of the full benchmarks."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial

from zpmaint.publish.bench import Pair, trade_svg
from zpmaint.publish.kernels import Line, picture
from zpmaint.publish.page import Page, made_of, shown
from zpmaint.publish.values import Site


def pages(site: Site) -> Iterator[Page]:
    """`SET/bench.svg` of a set with a full benchmark, and `SET/VERSION-ARCH-bench.svg` of each
    kernel that has one."""
    for one in site.sets:
        if one.bench_picture:
            lines = one.lines
            yield Page(one.bench_picture, made_of(lines), partial(_picture, lines))
        for row in one.rows:
            measured = one.benchmark(row)
            if row.page and measured:
                inputs = made_of(measured[0].key, measured[0].finished)
                yield Page(row.bench_picture, inputs, partial(_trade, measured))


def _picture(lines: list[Line]) -> bytes:
    return shown(picture(lines))


def _trade(measured: Pair) -> bytes:
    return shown(trade_svg(*measured))
