# SPDX-License-Identifier: GPL-2.0-only
"""What programs read: status.json, the feed, the badges."""

from __future__ import annotations

import json
import uuid
from collections.abc import Iterator
from functools import partial
from typing import Any
from urllib.parse import quote

from zpmaint.core.result import Tone
from zpmaint.publish.looks import LOOKS, PENDING
from zpmaint.publish.page import Page, shown_json
from zpmaint.publish.rendering import rendered
from zpmaint.publish.status import status_json
from zpmaint.publish.values import Shown, Site

_FEED_ENTRIES = 60
_NAMESPACE = uuid.UUID("6f0c1f0e-7a70-5d74-9c3e-2b1d9a6f4e10")
"""Makes the feed's entries' names, which must stay the same for ever."""


def pages(site: Site) -> Iterator[Page]:
    """`status.json`, `feed.xml` and `SET/badge.svg` of each set."""
    yield Page("status.json", None, partial(_status, site))
    yield Page("feed.xml", None, partial(_feed, site))
    for one in site.sets:
        yield Page(one.badge, None, partial(_badge, one))


def _status(site: Site) -> bytes:
    sets = [(one.name, one.title, one.rows) for one in site.sets]
    return shown_json(status_json(sets, site.generated))


def _badge(one: Shown) -> bytes:
    return rendered("badge.svg.j2", badge=_badge_words(one))


def _badge_words(one: Shown) -> dict[str, Any]:
    passing, tracked = one.passing
    held = one.holding
    tones = {row.tone for row in one.tracked}
    if Tone.BAD in tones:
        look, words = LOOKS["fail"], f"{passing + held} of {tracked} kernels"
    elif tones == {Tone.GOOD}:
        look, words = LOOKS["pass"], f"{passing} of {tracked} kernels"
    elif tracked and passing + held == tracked:
        # Never green: on some the patch's effect was not shown.
        look, words = LOOKS["no regression"], f"no regression on {tracked} kernels"
    else:
        look, words = LOOKS[PENDING], f"{passing + held} of {tracked} kernels"
    left, right = one.name, f"{look.sign} {words}"
    # About as wide as Verdana 11 px sets it; textLength makes it exact.
    widths = [round(len(text) * 6.3) + 12 for text in (left, right)]
    return {"left": left, "right": right, "widths": widths, "colour": look.colour}


def _feed(site: Site) -> bytes:
    """The newest records; an attempt without a result is no news."""
    news = sorted(
        (
            (record, row.page)
            for one in site.sets
            for row in one.rows
            for record in row.history
            if record.result.settles
        ),
        key=lambda e: (
            e[0].turn or e[0].finished,
            e[0].finished,
            e[0].version,
            e[0].arch,
            e[0].patchset,
            e[0].key,
        ),
        reverse=True,
    )[:_FEED_ENTRIES]
    entries = [
        {
            "record": record,
            "id": uuid.uuid5(
                _NAMESPACE,
                json.dumps(
                    [
                        record.patchset,
                        record.version,
                        record.arch,
                        record.key,
                        record.finished,
                    ]
                ),
            ),
            "page": site.base_url + quote(page),
        }
        for record, page in news
    ]
    return rendered(
        "feed.xml.j2",
        entries=entries,
        generated=site.generated,
        base=site.base_url,
        id=uuid.uuid5(_NAMESPACE, site.base_url or "zpmaint"),
        sets=site.sets,
    )
