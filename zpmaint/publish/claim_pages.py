# SPDX-License-Identifier: GPL-2.0-only
"""The pages that a set declares itself: claims of others, answered."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial
from hashlib import sha256

from zpmaint.patchset.claims import ClaimPage
from zpmaint.publish.answers import answered, wanted_by
from zpmaint.publish.costs_of_set import costs_with
from zpmaint.publish.page import Page, made_of
from zpmaint.publish.rendering import rendered
from zpmaint.publish.values import Shown, Site


def pages(site: Site) -> Iterator[Page]:
    """`SET/NAME.html` of each page that a set's folder declares."""
    for one in site.sets:
        declared = one.info.pages if one.info else ()
        if declared:
            figures = _figures(one)
        for page in declared:
            inputs = made_of(
                site.base_url, site.config.patch, one.title, _said(page), figures, bool(one.info)
            )
            yield Page(f"{one.folder}/{page.name}.html", inputs, partial(_page, site, one, page))


def _page(site: Site, one: Shown, page: ClaimPage) -> bytes:
    address = f"{one.folder}/{page.name}.html"
    kernels = [row.kernel for row in one.rows if row.kernel]
    named = "" if one.name == site.config.patch else one.name
    return rendered(
        "claims.html.j2",
        set=one,
        page=page,
        claims=answered(
            page.claims, costs_with(wanted_by(page.claims), kernels), one.benchmarks, named
        ),
        has_costs=bool(one.info and one.info.panels),
        pages={(row.version, row.arch): row.page.split("/")[-1] for row in one.rows if row.page},
        crumbs=[(f"../index.html#{one.folder}", one.title)],
        root="../",
        here=address,
        canonical=site.canonical(address),
    )


def _said(page: ClaimPage) -> str:
    """All that the page declares, as text."""
    return repr(page)


def _figures(one: Shown) -> str:
    found = sha256()
    for row in one.rows:
        for word in (row.version, row.arch, row.page, row.facts.costs):
            found.update(f"{word}\0".encode("utf-8", "surrogatepass"))
    for record, _ in one.benchmarks:
        found.update(f"{record.key} {record.finished!r}\0".encode())
    return found.hexdigest()
