# SPDX-License-Identifier: GPL-2.0-only
"""What a patch costs and saves: a page for each set, and the pictures of the full benchmarks."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial

from zpmaint.publish.bench import Pair, trade_svg
from zpmaint.publish.costs_page import ALL_KERNELS, CSV_HEAD, page_of
from zpmaint.publish.figures import series_of
from zpmaint.publish.kernels import Verified, lines_of, picture
from zpmaint.publish.page import Page, made_of, shown
from zpmaint.publish.rendering import rendered
from zpmaint.publish.values import Frame, Piece, Shown, Site, Whole
from zpmaint.timeline.changepoints import FEWEST


def part_pages(frame: Frame, one: Shown) -> Iterator[Page]:
    """`SET/VERSION-ARCH-bench.svg` of each kernel that has a full benchmark."""
    for row in one.rows:
        measured = one.benchmark(row)
        if row.page and measured:
            inputs = made_of(measured[0].key, measured[0].finished)
            yield Page(row.bench_picture, inputs, partial(_trade, measured))


def passes_of(one: Shown) -> list[Verified]:
    """What the picture of all kernels shows of these."""
    return [(row.version, row.arch, row.facts.passes) for row in one.rows if row.kernel]


def pages(site: Site) -> Iterator[Page]:
    """`SET/costs.html` and `SET/costs.csv` of a set that declares panels, `SET/bench.svg` of one
    with a full benchmark."""
    for one in site.sets:
        if one.costs_page:
            yield Page(one.costs_page, _inputs(site, one), partial(_costs, site, one))
            figures = made_of(one.digests(Piece.CSV))
            yield Page(f"{one.folder}/costs.csv", figures, partial(_csv, one))
        if one.bench_picture:
            told = [(record.key, record.finished) for record, _ in one.benchmarks]
            inputs = made_of(one.digests(Piece.PASSES), told)
            yield Page(one.bench_picture, inputs, partial(_picture, one))


def _inputs(site: Site, one: Whole) -> str:
    """All that the page of the costs shows, without reading it."""
    links = [(page.name, page.title) for page in one.info.pages] if one.info else []
    return made_of(
        site.base_url,
        one.title,
        one.bench_picture,
        links,
        one.digests(Piece.NAMES),
        one.costs_told,
    )


def _costs(site: Site, one: Whole) -> bytes:
    address = one.costs_page
    return rendered(
        "costs.html.j2",
        set=one,
        page=page_of(one.panels, one.figures, one.pages, one.changes),
        fewest=FEWEST,
        crumbs=[(f"../{one.folder}/index.html", one.title)],
        root="../",
        here=address,
        canonical=site.canonical(address),
    )


def _csv(one: Whole) -> bytes:
    oldest_first = reversed(list(one.pieces(Piece.CSV)))
    return shown(CSV_HEAD + b"".join(oldest_first).decode("utf-8", "surrogatepass"))


def _picture(one: Whole) -> bytes:
    verified = [
        (v, arch, passes) for told in one.read(Piece.PASSES) for v, arch, passes in told if passes
    ]
    if len(verified) > ALL_KERNELS:  # newest first: of each series that one
        firsts = {(series_of(one[0]), one[1]): one for one in reversed(verified)}
        verified = list(firsts.values())
    return shown(picture(lines_of(one.benchmarks, verified)))


def _trade(measured: Pair) -> bytes:
    return shown(trade_svg(*measured))
