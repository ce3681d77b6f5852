# SPDX-License-Identifier: GPL-2.0-only
"""What programs read: status.json with its schema, feeds, badges, the calendar."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial

from zpmaint.publish import badges, calendar, feeds, status
from zpmaint.publish.addresses import SCHEMA, STATUS
from zpmaint.publish.page import Page, made_of, shown_json
from zpmaint.publish.values import Site


def pages(site: Site) -> Iterator[Page]:
    """`status.json`, `schema/status-2.json`, and what feeds, badges and calendar have."""
    yield Page(STATUS, None, partial(_status, site))
    yield Page(SCHEMA, made_of(), status.schema)  # a part of the program
    yield from feeds.pages(site)
    yield from badges.pages(site)
    yield from calendar.pages(site)


def _status(site: Site) -> bytes:
    return shown_json(status.status_json(site, feeds.transitions(site)))
