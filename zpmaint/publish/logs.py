# SPDX-License-Identifier: GPL-2.0-only
"""Whole logs and consoles as pages whose lines can be linked to, each with the bytes beside it."""

from __future__ import annotations

import gzip
from collections.abc import Collection, Iterator
from functools import partial

from zpmaint.ledger.values import Record
from zpmaint.publish.log_places import PER_PAGE, LogPlace
from zpmaint.publish.page import Page
from zpmaint.publish.rendering import rendered
from zpmaint.publish.rows import Row
from zpmaint.publish.values import Frame, Shown

_LONGEST = 4000  # characters of a line that are shown


def part_pages(frame: Frame, one: Shown) -> Iterator[Page]:
    """`SET/VERSION-ARCH/NAME.html` of each log of a kernel's record that is there, more of a long
    one, and `NAME.txt.gz`. Of one that is not there the kernel's page says so."""
    for row in one.rows:
        head = f"{one.title} {row.version} {row.arch} {row.profile}"
        for place in row.logs:
            if not (state := frame.texts.state(place)):
                continue
            inputs = f"{head} {place} {state}"
            for first in place.parts:
                address = f"{row.log_folder}/{place.file(first)}"
                yield Page(address, inputs, partial(_page, frame, one, row, place, first))
            yield Page(f"{row.log_folder}/{place.packed}", inputs, partial(_packed, frame, place))


def _packed(frame: Frame, place: LogPlace) -> bytes:
    return gzip.compress(frame.texts.text(place) or b"", 6, mtime=0)


def _page(frame: Frame, one: Shown, row: Row, place: LogPlace, first: int) -> bytes:
    data = frame.texts.text(place)
    record = row.record
    assert record is not None
    return rendered(
        "log.html.j2",
        set=one,
        row=row,
        place=place,
        first=first,
        lines=None if data is None else numbered(data, first, PER_PAGE if place.lines else 0),
        telling=telling(record, place),
        root="../../",
    )


def numbered(data: bytes, first: int, count: int) -> list[tuple[int, str]]:
    """So many lines of a log from one on (all, with 0), each with its number from 1; of a very long
    one its beginning, with a word."""
    lines = data.decode("utf-8", "surrogateescape").split("\n")
    if lines and not lines[-1]:
        lines.pop()
    end = first - 1 + count if count else len(lines)
    return [(n, _short(line)) for n, line in enumerate(lines[first - 1 : end], first)]


def _short(line: str) -> str:
    line = line.rstrip("\r")
    if len(line) <= _LONGEST:
        return line
    return f"{line[:_LONGEST]} [{len(line) - _LONGEST} more characters: in the file]"


def telling(record: Record, place: LogPlace) -> Collection[int | str]:
    """What of a log says what is wrong: the numbers of its lines, or their text."""
    failed = record.build.failed if record.build else None
    if place.name == "build" and failed:
        return {line.number for line in failed.lines if line.telling}
    if not place.name.startswith("console-") or not record.runs:
        return ()
    both = (record.runs, *record.runs.suites.values())
    runs = [run for runs in both for run in runs.ran.values()]
    return {said for run in runs for boot in run.boots for said in boot.complaints}
