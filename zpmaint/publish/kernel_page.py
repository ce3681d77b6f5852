# SPDX-License-Identifier: GPL-2.0-only
"""A page for each kernel."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial

from zpmaint.core.errors import UserError
from zpmaint.core.versions import KernelVersion
from zpmaint.judge.reading import sentences
from zpmaint.patchset.values import PatchSet, Telling
from zpmaint.publish.page import Page, made_of
from zpmaint.publish.rendering import rendered
from zpmaint.publish.rows import Row
from zpmaint.publish.values import Shown, Site
from zpmaint.publish.whole import Whole


def pages(site: Site) -> Iterator[Page]:
    """`SET/VERSION-ARCH.html` of each kernel that was ever tried."""
    for one in site.sets:
        story = made_of(one.title, one.info and one.info.telling, site.config.patch)
        for row in one.rows:
            if row.page:
                measured = one.benchmark(row)
                inputs = made_of(story, row.inputs, measured[0].key if measured else "")
                yield Page(row.page, inputs, partial(_page, site, one, row))


def _page(site: Site, one: Shown, row: Row) -> bytes:
    assert row.kernel is not None
    measured = one.benchmark(row)
    return rendered(
        "kernel.html.j2",
        set=one,
        row=row,
        whole=Whole(row.kernel.record),
        trap=_telling(one.info, row.version),
        reading=sentences(measured[1]) if measured else [],
        default_set=site.config.patch,
        root="../",
    )


def _telling(info: PatchSet | None, version: str) -> Telling | None:
    if info is None:
        return None
    try:
        parsed = KernelVersion.parse(version)
    except UserError:
        return None
    return next((telling for telling in info.telling if parsed in telling.era), None)
