# SPDX-License-Identifier: GPL-2.0-only
"""Which patch of a kernel was offered when, and what ended that: pages for people and lists for
programs, one of each series, so that a new result makes one of them anew."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any
from urllib.parse import quote

from zpmaint.publish import shelf
from zpmaint.publish.glance import FilesGlance
from zpmaint.publish.names import file_name, series_of
from zpmaint.publish.offer import ARCHIVE, PATCH, STATEMENT
from zpmaint.publish.page import Page, made_of, shown_json
from zpmaint.publish.rendering import rendered
from zpmaint.publish.rows import Row
from zpmaint.publish.shipping import Shipped
from zpmaint.publish.values import Frame, Shown, Site, Whole
from zpmaint.publish.words import iso

SCHEMA = 1


@dataclass(frozen=True)
class Listed:
    """The kernels of one series, newest first, each with at least one patch."""

    set: Shown
    series: str
    rows: tuple[Row, ...]

    @property
    def page(self) -> str:
        return f"{self.set.folder}/files/{file_name(self.series)}.html"

    @property
    def json(self) -> str:
        return f"{self.set.folder}/files/{file_name(self.series)}.json"

    @property
    def offered(self) -> int:
        """Of how many kernels a patch is offered today."""
        return sum(bool(row.patch_file) for row in self.rows)

    @property
    def glance(self) -> FilesGlance:
        """It in the list of all series."""
        return FilesGlance(self.series, self.page, len(self.rows), self.offered)

    @property
    def inputs(self) -> str:
        told = [
            (r.version, r.arch, r.profile, r.look, bool(r.patch_file), r.facts.offer_told)
            for r in self.rows
        ]
        return made_of(self.set.name, self.set.title, self.series, told)


def part_pages(frame: Frame, one: Shown) -> Iterator[Page]:
    """`SET/files/SERIES.html` and `.json` of each series with patches."""
    told = _signing(frame)
    for each in listed_of(one):
        inputs = made_of(frame.base_url, told, bool(shelf.documents()), each.inputs)
        yield Page(each.page, inputs, partial(_of_series, frame, each))
        yield Page(each.json, each.inputs, partial(_for_programs, each))


def pages(site: Site) -> Iterator[Page]:
    """`SET/files.html` of each set with patches."""
    for one in site.sets:
        if found := [each for glance in one.glances for each in glance.files]:
            has_documents = bool(shelf.documents())
            yield Page(
                f"{one.folder}/files.html",
                made_of(one.name, one.title, site.base_url, _signing(site), found, has_documents),
                partial(_of_set, site, one, found),
            )


def _signing(frame: Frame) -> tuple[str, ...]:
    return (frame.signer.kind, frame.signer.key) if frame.signer else ()


def listed_of(one: Shown) -> list[Listed]:
    """The series of a part that there are patches of, newest first."""
    found: dict[str, list[Row]] = {}
    for row in one.rows:
        if row.offer.patches:
            found.setdefault(series_of(row.version), []).append(row)
    return [Listed(one, series, tuple(rows)) for series, rows in found.items()]


def _of_set(site: Site, one: Whole, found: Sequence[FilesGlance]) -> bytes:
    address = f"{one.folder}/files.html"
    return rendered(
        "files.html.j2",
        set=one,
        listed=found,
        signer=site.signer,
        has_documents=bool(shelf.documents()),
        root="../",
        here=address,
        canonical=site.canonical(address),
    )


def _of_series(frame: Frame, one: Listed) -> bytes:
    return rendered(
        "file-list.html.j2",
        set=one.set,
        one=one,
        signer=frame.signer,
        endings=(PATCH, ARCHIVE, STATEMENT),
        has_documents=bool(shelf.documents()),
        root="../../",
        here=one.page,
        canonical=frame.canonical(one.page),
    )


def _for_programs(one: Listed) -> bytes:
    document = {
        "schema": SCHEMA,
        "patchset": one.set.name,
        "series": one.series,
        "kernels": [_kernel(row) for row in one.rows],
    }
    return shown_json(json.dumps(document, indent=1, ensure_ascii=True, allow_nan=False) + "\n")


def _kernel(row: Row) -> dict[str, Any]:
    return {
        "version": row.version,
        "arch": row.arch,
        "profile": row.profile or None,
        "state": row.look,
        "offered": bool(row.patch_file),
        "files": [
            {"address": quote(row.file(ending)), "sha256": row.offer.sums[ending]}
            for ending in (PATCH, ARCHIVE, STATEMENT)
        ],
        "patches": [_patch(one) for one in row.offer.patches],
    }


def _patch(one: Shipped) -> dict[str, Any]:
    return {
        "sha256": one.sha256,
        "address": one.address,
        "state": one.state,
        "anchor": one.anchor,
        "offered": [
            {
                "since": iso(span.since),
                "until": iso(span.until) or None,
                "superseded_by": span.by or None,
                "why": span.why or None,
            }
            for span in one.spans
        ],
    }
