# SPDX-License-Identifier: GPL-2.0-only
"""sitemap.xml and robots.txt: the pages for search engines (sitemaps.org, protocol 0.9). Pure."""

from __future__ import annotations

from collections.abc import Sequence
from html import escape

from zpmaint.publish.page import Page, made_of
from zpmaint.publish.values import Piece, Site

_MOST = 50_000
"""The protocol's limit of one file."""


def page_of(site: Site, addresses: Sequence[str]) -> Page | None:
    """`sitemap.xml` of those of `addresses` that are pages, and of those of all parts; None where
    nobody says where the site will stand: a sitemap has whole addresses."""
    if not site.base_url:
        return None
    mine = [address for address in addresses if address.endswith(".html")]
    inputs = made_of(site.base_url, mine, [one.digests(Piece.HTML) for one in site.sets])
    return Page("sitemap.xml", inputs, lambda: _sitemap(site, _listed(site, mine)))


def _listed(site: Site, mine: Sequence[str]) -> list[str]:
    parts = (told.decode() for one in site.sets for told in one.pieces(Piece.HTML))
    return sorted([*mine, *(address for told in parts for address in told.splitlines())])[:_MOST]


def robots_of(site: Site) -> Page:
    """`robots.txt` (RFC 9309): all may be looked at, and where the list of pages is. It counts
    where the site stands at the root of its host."""
    return Page("robots.txt", made_of(site.base_url), lambda: _robots(site))


def _robots(site: Site) -> bytes:
    where = f"Sitemap: {site.canonical('sitemap.xml')}\n" if site.base_url else ""
    return f"User-agent: *\nDisallow:\n{where}".encode()


def _sitemap(site: Site, pages: Sequence[str]) -> bytes:
    rows = "".join(
        f"<url><loc>{escape(site.canonical(page), quote=False)}</loc></url>\n" for page in pages
    )
    return (
        '<?xml version="1.0" encoding="utf-8"?>\n'
        '<urlset xmlns="http://www.sitemaps.org/schemas/sitemap/0.9">\n'
        f"{rows}</urlset>\n"
    ).encode()
