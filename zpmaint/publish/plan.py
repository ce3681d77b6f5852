# SPDX-License-Identifier: GPL-2.0-only
"""All pages of the site, one kind after another. Pure.

A new kind of page is a module with a function `pages(site)` or `part_pages(frame, part)` as page.py
tells, and a line here.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from itertools import chain

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
from zpmaint.publish.addresses import LASTING
from zpmaint.publish.page import Page, made_of
from zpmaint.publish.values import Frame, Shown, Site

_PART = r"[A-Za-z0-9_~+-][A-Za-z0-9._~+-]*"
_ADDRESS = re.compile(rf"(?:{_PART}/)*{_PART}")
"""Names that are safe on every disk and in every address, none of them hidden."""

KINDS: tuple[Callable[[Site], Iterator[Page]], ...] = (
    front.pages,
    works.pages,
    set_page.pages,
    compare.pages,
    files.pages,
    file_lists.pages,
    costs.pages,
    claim_pages.pages,
    machine.pages,
    docs.pages,
)
"""Pages of the site and of its sets: of all kernels at a glance."""

PART_KINDS: tuple[Callable[[Frame, Shown], Iterator[Page]], ...] = (
    works.part_pages,
    line_pages.part_pages,
    kernel_page.part_pages,
    logs.part_pages,
    compare.part_pages,
    files.part_pages,
    file_lists.part_pages,
    costs.part_pages,
    machine.part_pages,
)
"""Pages of one kernel, line or series: of the part that it is in."""


def part_pages(frame: Frame, one: Shown) -> Iterator[Page]:
    """The pages of a part of a set's kernels."""
    for kind in PART_KINDS:
        yield from kind(frame, one)


def pages_of(site: Site) -> Iterator[Page]:
    """Every page, once. What all pages show is among what each is made of: where the site will
    stand, its patch sets, what patches/ says of them.

    Raises ValueError for an address that is not one (see `_ADDRESS`), and where two kinds claim the
    same for other content: one of them would be lost."""
    frame = made_of(
        site.base_url, site.config.patch, [(s.name, s.title, repr(s.info)) for s in site.sets]
    )
    seen: dict[str, str | None] = {}
    parts = (part.pages() for one in site.sets for part in one.parts)
    for page in chain.from_iterable((*(kind(site) for kind in KINDS), *parts)):
        address = page.address
        if address in seen:
            # Of a patch that several kernels have one file is enough.
            if address.startswith(LASTING) and seen[address] == page.inputs:
                continue
            raise ValueError(f"two pages have the address {address!r}")
        if not _ADDRESS.fullmatch(address):
            raise ValueError(f"no page can have the address {address!r}")
        seen[address] = None if page.inputs is None else str(page.inputs)
        if page.inputs is None:
            yield page
        else:
            yield Page(address, f"{frame} {page.inputs!s}", page.make)
    yield sitemap.robots_of(site)
    if last := sitemap.page_of(site, sorted(seen)):
        yield last
