# SPDX-License-Identifier: GPL-2.0-only
"""A page for each kernel."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial
from urllib.parse import quote

from zpmaint.core.errors import UserError
from zpmaint.core.versions import KernelVersion
from zpmaint.judge.reading import sentences
from zpmaint.patchset.values import PatchSet, Telling
from zpmaint.publish.again import again
from zpmaint.publish.compare import PAGE, others_of
from zpmaint.publish.folded import folds
from zpmaint.publish.hunks import adopted, against_anchor, shown_files
from zpmaint.publish.page import Page, made_of
from zpmaint.publish.rendering import rendered
from zpmaint.publish.rows import Row
from zpmaint.publish.sentence import sentence
from zpmaint.publish.shown_logs import shown_logs
from zpmaint.publish.values import Frame, Shown
from zpmaint.publish.whole import Whole


def part_pages(frame: Frame, one: Shown) -> Iterator[Page]:
    """`SET/VERSION-ARCH.html` of each kernel that was ever tried."""
    info = one.info
    anchors = [(a.name, a.patch) for a in info.anchors] if info else []
    adoptions = (
        [(a.era.since, a.era.until, a.commits, a.why) for a in info.adoptions] if info else []
    )
    story = made_of(one.title, info and info.telling, anchors, adoptions)
    for row in one.rows:
        if row.page:
            measured = one.benchmark(row)
            here = [frame.texts.state(place) for place in row.logs]
            key = measured[0].key if measured else ""
            inputs = made_of(story, row.inputs, key, here, _compares(frame, one, row))
            yield Page(row.page, inputs, partial(_page, frame, one, row))


def _page(frame: Frame, one: Shown, row: Row) -> bytes:
    assert row.kernel is not None
    measured = one.benchmark(row)
    record = row.kernel.record
    whole = Whole(record)
    return rendered(
        "kernel.html.j2",
        set=one,
        row=row,
        record=record,
        whole=whole,
        sentence=sentence(record, flaky=row.flaky),
        logs=shown_logs(row, frame.texts),
        files=shown_files(record.port, whole.evidence, whole.executed) if record.port else [],
        against=against_anchor(record.port, one.info),
        adopted=adopted(record.port, one.info, row.version),
        again=again(record),
        compares=_compares(frame, one, row),
        folds=folds,
        trap=_telling(one.info, row.version),
        reading=sentences(measured[1]) if measured else [],
        root="../",
    )


def _compares(frame: Frame, one: Shown, row: Row) -> list[tuple[str, str]]:
    """Addresses from the page, quoted, and words of what the kernel is compared with."""
    folder = quote(row.stem)
    found = [(f"{folder}/{other.file}", other.words) for other in others_of(frame, one, row)]
    asked = quote(f"{row.log_folder}/run")
    return [*found, (f"../{PAGE}?b={asked}", "with any other")]


def _telling(info: PatchSet | None, version: str) -> Telling | None:
    if info is None:
        return None
    try:
        parsed = KernelVersion.parse(version)
    except UserError:
        return None
    return next((telling for telling in info.telling if parsed in telling.era), None)
