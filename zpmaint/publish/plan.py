# SPDX-License-Identifier: GPL-2.0-only
"""All pages of the site, one kind after another. Pure.

A new kind of page is a module with a function `pages(site)` as page.py tells, and a line here.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator

from zpmaint.publish import (
    claim_pages,
    compare,
    costs,
    docs,
    files,
    front,
    kernel_page,
    line_pages,
    logs,
    machine,
    set_page,
    sitemap,
    works,
)
from zpmaint.publish.page import Page
from zpmaint.publish.values import Site

KINDS: tuple[Callable[[Site], Iterator[Page]], ...] = (
    front.pages,
    works.pages,
    set_page.pages,
    line_pages.pages,
    kernel_page.pages,
    logs.pages,
    compare.pages,
    files.pages,
    costs.pages,
    claim_pages.pages,
    machine.pages,
    docs.pages,
)


def pages_of(site: Site) -> Iterator[Page]:
    """Every page, once. Raises ValueError where two kinds claim one address: one of them would be
    lost."""
    seen: set[str] = set()
    for kind in KINDS:
        for page in kind(site):
            if page.address in seen:
                raise ValueError(f"two pages have the address {page.address}")
            seen.add(page.address)
            yield page
    if last := sitemap.page_of(site, sorted(seen)):
        yield last
