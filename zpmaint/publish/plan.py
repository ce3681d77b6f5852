# SPDX-License-Identifier: GPL-2.0-only
"""All pages of the site, one kind after another. Pure.

A new kind of page is a module with a function `pages(site)` as page.py tells, and a line here.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator

from zpmaint.publish import (
    claim_pages,
    compare,
    costs,
    docs,
    file_lists,
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
from zpmaint.publish.page import Page, made_of
from zpmaint.publish.values import Site

_PART = r"[A-Za-z0-9_~+-][A-Za-z0-9._~+-]*"
_ADDRESS = re.compile(rf"(?:{_PART}/)*{_PART}")
"""Names that are safe on every disk and in every address, none of them hidden."""

KINDS: tuple[Callable[[Site], Iterator[Page]], ...] = (
    front.pages,
    works.pages,
    set_page.pages,
    line_pages.pages,
    kernel_page.pages,
    logs.pages,
    compare.pages,
    files.pages,
    file_lists.pages,
    costs.pages,
    claim_pages.pages,
    machine.pages,
    docs.pages,
)


def pages_of(site: Site) -> Iterator[Page]:
    """Every page, once. What all pages show is among what each is made of: where the site will
    stand, its patch sets, what patches/ says of them.

    Raises ValueError for an address that is not one (see `_ADDRESS`), and where two kinds claim the
    same: one of them would be lost."""
    frame = made_of(
        site.base_url, site.config.patch, [(s.name, s.title, repr(s.info)) for s in site.sets]
    )
    seen: set[str] = set()
    for kind in KINDS:
        for page in kind(site):
            if page.address in seen or not _ADDRESS.fullmatch(page.address):
                raise ValueError(f"no page can have the address {page.address!r}, or two have it")
            seen.add(page.address)
            if page.inputs is None:
                yield page
            else:
                yield Page(page.address, f"{frame} {page.inputs!s}", page.make)
    if last := sitemap.page_of(site, sorted(seen)):
        yield last
