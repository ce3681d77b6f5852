# SPDX-License-Identifier: GPL-2.0-only
"""The pages that a set declares itself: claims of others, answered."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial

from zpmaint.patchset.claims import ClaimPage
from zpmaint.publish.answers import Told, answered, measures_of, merged
from zpmaint.publish.page import Page, made_of
from zpmaint.publish.rendering import rendered
from zpmaint.publish.values import Piece, Site, Whole


def pages(site: Site) -> Iterator[Page]:
    """`SET/NAME.html` of each page that a set's folder declares."""
    for one in site.sets:
        first = 0  # of the page's measures among those of all pages
        for page in one.info.pages if one.info else ():
            inputs = made_of(
                (site.base_url, site.config.patch, one.title, one.costs_page, repr(page)),
                one.digests(Piece.ANSWERS, Piece.NAMES),
                [(record.key, record.finished) for record, _ in one.benchmarks],
            )
            make = partial(_page, site, one, page, first)
            yield Page(f"{one.folder}/{page.name}.html", inputs, make)
            first += len(measures_of(page.claims))


def _page(site: Site, one: Whole, page: ClaimPage, first: int) -> bytes:
    address = f"{one.folder}/{page.name}.html"
    parts = [[Told.kept(said) for said in mine] for mine in one.read(Piece.ANSWERS)]
    told = merged(parts)
    named = "" if one.name == site.config.patch else one.name
    return rendered(
        "claims.html.j2",
        set=one,
        page=page,
        claims=answered(page.claims, told[first:], one.benchmarks, named),
        pages=one.pages,
        crumbs=[(f"../{one.folder}/index.html", one.title)],
        root="../",
        here=address,
        canonical=site.canonical(address),
    )
