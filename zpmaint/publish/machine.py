# SPDX-License-Identifier: GPL-2.0-only
"""What programs read: status.json with its schema, feeds, badges, the calendar."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial

from zpmaint.publish import badges, calendar, feeds, status
from zpmaint.publish.addresses import SCHEMA, STATUS
from zpmaint.publish.page import Page, made_of
from zpmaint.publish.values import Frame, Shown, Site


def pages(site: Site) -> Iterator[Page]:
    """`status.json`, `schema/status-2.json`, and what feeds, badges and calendar have."""
    yield Page(STATUS, None, partial(_status, site))
    yield Page(SCHEMA, made_of(), status.schema)  # a part of the program
    yield from feeds.pages(site)
    yield from badges.pages(site)
    yield from calendar.pages(site)


def part_pages(frame: Frame, one: Shown) -> Iterator[Page]:
    """The feeds and badges of lines."""
    yield from feeds.part_pages(frame, one)
    yield from badges.part_pages(frame, one)


def _status(site: Site) -> bytes:
    return status.status_json(site)
