# SPDX-License-Identifier: GPL-2.0-only
"""What a patch costs and saves: a page for each set, and the pictures of the full benchmarks."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial

from zpmaint.publish.bench import Pair, trade_svg
from zpmaint.publish.costs_page import as_csv, page_of
from zpmaint.publish.kernels import lines_of, picture
from zpmaint.publish.page import Page, made_of, shown
from zpmaint.publish.rendering import rendered
from zpmaint.publish.values import Frame, Shown, Site, Whole
from zpmaint.timeline.changepoints import FEWEST


def part_pages(frame: Frame, one: Shown) -> Iterator[Page]:
    """`SET/VERSION-ARCH-bench.svg` of each kernel that has a full benchmark."""
    for row in one.rows:
        measured = one.benchmark(row)
        if row.page and measured:
            inputs = made_of(measured[0].key, measured[0].finished)
            yield Page(row.bench_picture, inputs, partial(_trade, measured))


def measured_of(one: Shown) -> str:
    """A digest of what the picture of all kernels shows of these."""
    return made_of([(row.version, row.arch, row.facts.passes) for row in one.rows if row.kernel])


def pages(site: Site) -> Iterator[Page]:
    """`SET/costs.html` and `SET/costs.csv` of a set that declares panels, `SET/bench.svg` of one
    with a full benchmark."""
    for one in site.sets:
        if one.costs_page:
            inputs = _inputs(site, one)
            yield Page(one.costs_page, inputs, partial(_costs, site, one))
            yield Page(f"{one.folder}/costs.csv", inputs, partial(_csv, one))
        if one.bench_picture:
            measured = [glance.measured for glance in one.glances]
            told = [(record.key, record.finished) for record, _ in one.benchmarks]
            yield Page(one.bench_picture, made_of(measured, told), partial(_picture, one))


def _inputs(site: Site, one: Whole) -> str:
    """All that the page of the costs shows, without reading it."""
    links = [(page.name, page.title) for page in one.info.pages] if one.info else []
    return made_of(
        site.base_url,
        one.title,
        one.bench_picture,
        one.costs.panels,
        links,
        [list(name) for glance in one.glances for name in glance.names],
        one.costs.digest,
    )


def _costs(site: Site, one: Whole) -> bytes:
    address = one.costs_page
    return rendered(
        "costs.html.j2",
        set=one,
        page=page_of(
            one.costs.panels, one.costs.costs, one.pages, one.costs.changes, one.costs.figures
        ),
        fewest=FEWEST,
        crumbs=[(f"../{one.folder}/index.html", one.title)],
        root="../",
        here=address,
        canonical=site.canonical(address),
    )


def _csv(one: Whole) -> bytes:
    return shown(as_csv(one.costs.panels, one.costs.costs, one.costs.figures))


def _picture(one: Whole) -> bytes:
    verified = [(row.version, row.arch, row.facts) for row in one.rows if row.kernel]
    return shown(picture(lines_of(one.benchmarks, verified)))


def _trade(measured: Pair) -> bytes:
    return shown(trade_svg(*measured))
