# SPDX-License-Identifier: GPL-2.0-only
"""All pages of the site, one kind after another. Pure.

A new kind of page is a module with a function `pages(site)` or `part_pages(frame, part)` as page.py
tells, and a line here.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import partial
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
from zpmaint.publish.claimed import Addresses
from zpmaint.publish.page import Bundle, Page, made_of
from zpmaint.publish.values import Frame, Part, Shown, Site

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
    """Every page, once: the whole site's, and the parts'. Raises ValueError as Addresses."""
    addresses = Addresses()
    parts = (page for bundle in bundles_of(site) for page in bundle.pages())
    return (page for page in chain(whole_pages(site), parts) if addresses.take(page))


def whole_pages(site: Site) -> Iterator[Page]:
    """Pages of the whole site and of its sets. What all pages show is among what each is made of:
    where the site will stand, its patch sets, what patches/ says of them."""
    frame = _frame(site)
    listed: list[str] = []
    for page in chain.from_iterable(kind(site) for kind in KINDS):
        listed.append(page.address)
        yield _framed(frame, page)
    yield sitemap.robots_of(site)
    if last := sitemap.page_of(site, listed):
        yield last


def bundles_of(site: Site) -> Iterator[Bundle]:
    """The pages of each part of each set."""
    frame = _frame(site)

    def pages(part: Part) -> Iterator[Page]:
        return (_framed(frame, page) for page in part.pages())

    for one in site.sets:
        for part in one.parts:
            yield Bundle(part.file, made_of(frame, part.told), partial(pages, part))


def _frame(site: Site) -> str:
    """A digest of what all pages show."""
    return made_of(
        site.base_url, site.config.patch, [(s.name, s.title, repr(s.info)) for s in site.sets]
    )


def _framed(frame: str, page: Page) -> Page:
    if page.inputs is None:
        return page
    return Page(page.address, f"{frame} {page.inputs!s}", page.make)
