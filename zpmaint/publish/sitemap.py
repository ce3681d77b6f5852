# SPDX-License-Identifier: GPL-2.0-only
"""sitemap.xml: the pages for search engines (sitemaps.org, protocol 0.9). Pure."""

from __future__ import annotations

from collections.abc import Sequence
from xml.sax.saxutils import escape

from zpmaint.publish.page import Page, made_of
from zpmaint.publish.values import Site

_MOST = 50_000
"""The protocol's limit of one file."""


def page_of(site: Site, addresses: Sequence[str]) -> Page | None:
    """`sitemap.xml` of those of `addresses` that are pages; None where nobody says where the site
    will stand: a sitemap has whole addresses."""
    if not site.base_url:
        return None
    pages = [address for address in addresses if address.endswith(".html")][:_MOST]
    return Page("sitemap.xml", made_of(site.base_url, pages), lambda: _sitemap(site, pages))


def _sitemap(site: Site, pages: Sequence[str]) -> bytes:
    rows = "".join(f"<url><loc>{escape(site.canonical(page))}</loc></url>\n" for page in pages)
    return (
        '<?xml version="1.0" encoding="utf-8"?>\n'
        '<urlset xmlns="http://www.sitemaps.org/schemas/sitemap/0.9">\n'
        f"{rows}</urlset>\n"
    ).encode()
