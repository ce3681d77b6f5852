# SPDX-License-Identifier: GPL-2.0-only
"""What a patch costs and saves: a page for each set, and the pictures of the full benchmarks."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial

from zpmaint.publish.bench import Pair, trade_svg
from zpmaint.publish.costs_page import as_csv, page_of
from zpmaint.publish.kernels import Line, picture
from zpmaint.publish.page import Page, made_of, shown
from zpmaint.publish.rendering import rendered
from zpmaint.publish.values import Shown, Site
from zpmaint.timeline.changepoints import FEWEST


def pages(site: Site) -> Iterator[Page]:
    """`SET/costs.html` and `SET/costs.csv` of a set that declares panels, `SET/bench.svg` of one
    with a full benchmark, and `SET/VERSION-ARCH-bench.svg` of each kernel that has one."""
    for one in site.sets:
        if one.costs_page:
            inputs = _inputs(site, one)
            yield Page(one.costs_page, inputs, partial(_costs, site, one))
            yield Page(f"{one.folder}/costs.csv", inputs, partial(_csv, one))
        if one.bench_picture:
            lines = one.lines
            yield Page(one.bench_picture, made_of(lines), partial(_picture, lines))
        for row in one.rows:
            measured = one.benchmark(row)
            if row.page and measured:
                inputs = made_of(measured[0].key, measured[0].finished)
                yield Page(row.bench_picture, inputs, partial(_trade, measured))


def _inputs(site: Site, one: Shown) -> str:
    """All that the page of the costs shows, without reading it."""
    links = [(page.name, page.title) for page in one.info.pages] if one.info else []
    pages = [row.page for row in one.rows]
    return made_of(
        site.base_url,
        one.title,
        one.bench_picture,
        one.costs.panels,
        links,
        pages,
        one.costs.digest,
    )


def _costs(site: Site, one: Shown) -> bytes:
    address = one.costs_page
    kernels = {(row.version, row.arch): row.page.split("/")[-1] for row in one.rows if row.page}
    return rendered(
        "costs.html.j2",
        set=one,
        page=page_of(
            one.costs.panels, one.costs.costs, kernels, one.costs.changes, one.costs.figures
        ),
        fewest=FEWEST,
        crumbs=[(f"../{one.folder}/index.html", one.title)],
        root="../",
        here=address,
        canonical=site.canonical(address),
    )


def _csv(one: Shown) -> bytes:
    return shown(as_csv(one.costs.panels, one.costs.costs, one.costs.figures))


def _picture(lines: list[Line]) -> bytes:
    return shown(picture(lines))


def _trade(measured: Pair) -> bytes:
    return shown(trade_svg(*measured))
