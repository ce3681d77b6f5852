# SPDX-License-Identifier: GPL-2.0-only
"""From a part of a set's kernels to what pages of the whole site show of it. Pure."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from functools import cache

from zpmaint.publish import calendar, compare, costs, feeds, file_lists, files, status, works
from zpmaint.publish.answers import measures_of, told_of
from zpmaint.publish.costs_of_set import told_changes
from zpmaint.publish.costs_page import as_csv
from zpmaint.publish.facts import Facts
from zpmaint.publish.figures import figures_of
from zpmaint.publish.glance import Glance, Ported, RowGlance
from zpmaint.publish.line_view import glance_of as line_glance
from zpmaint.publish.line_view import views_of
from zpmaint.publish.rows import Row, Standing, newest_good
from zpmaint.publish.values import Piece, Shown

_TOLD = ("port_state", "port_confidence", "built", "boots", "compiled", "files_missing", "suites")
"""What tables of many kernels show of a kernel's facts."""


def glance_of(one: Shown) -> Glance:
    """All that is kept of a part for those pages."""
    tried = [row for row in one.rows if row.kernel]
    sources = [row.facts.source for row in tried if row.facts.source]
    return Glance(
        lines=tuple(map(line_glance, views_of(one))),
        tracked=tuple(row_glance(one, row) for row in one.rows if row.standing is Standing.TRACKED),
        holding=tuple(
            (line, arch, row.version if row else None) for line, arch, row in newest_good(one.rows)
        ),
        series=tuple(series.glance for series in works.series_of(one)),
        files=tuple(listed.glance for listed in file_lists.listed_of(one)),
        verifications=sum(len(row.history) for row in tried),
        newest=max((row.history[0].finished for row in tried), default=None),
        signed=sum(bool(source[1]) for source in sources),
        sourced=len(sources),
        ported=_ported(one),
    )


def pieces_of(one: Shown) -> Mapping[Piece, Callable[[], bytes]]:
    """How the large pieces of a part are made, but for that of its own pages."""
    info = one.info
    panels = info.panels if info else ()
    claims = [claim for page in info.pages for claim in page.claims] if info else []
    figures = cache(lambda: figures_of(panels, one.costs.costs))
    return {
        Piece.LINES: lambda: as_json(status.lines_of(one)),
        Piece.KERNELS: lambda: status.kernels_of(one),
        Piece.NEWS: lambda: as_json([[n.told() for n in mine] for mine in feeds.news_of(one)]),
        Piece.VERDICTS: lambda: as_json(calendar.verdicts_of(one)),
        Piece.SUMS: lambda: files.listed(files.sums_of(one)).encode(),
        Piece.RUNS: lambda: compare.listed(compare.runs_of(one)).encode("ascii"),
        Piece.NAMES: lambda: as_json([(r.version, r.arch, r.page) for r in one.rows if r.kernel]),
        Piece.FIGURES: lambda: as_json(figures().as_json()),
        Piece.CHANGES: lambda: as_json(told_changes(one.costs.changes)),
        Piece.CSV: lambda: as_csv(panels, figures()).encode("utf-8", "surrogatepass"),
        Piece.ANSWERS: lambda: as_json(
            [told.as_json() for told in told_of(measures_of(claims), one.costs.costs)]
        ),
        Piece.PASSES: lambda: as_json(costs.passes_of(one)),
    }


def as_json(value: object) -> bytes:
    """A piece that is JSON."""
    return json.dumps(value, separators=(",", ":")).encode("ascii")


def row_glance(one: Shown, row: Row) -> RowGlance:
    """A kernel as tables of many show it."""
    facts: Facts = row.facts
    return RowGlance(
        version=row.version,
        arch=row.arch,
        standing=row.standing,
        tracked_as=row.tracked_as,
        note=row.note,
        kernel=row.kernel is not None,
        attempt=row.attempt is not None,
        look=row.look,
        tone=row.tone,
        is_good=row.is_good,
        change=row.change,
        compared_with=row.compared_with,
        why=row.why,
        verified=row.verified,
        page=row.page,
        patch_file=row.patch_file,
        inputs=row.inputs,
        cells=tuple(one.cells(row)),
        told={name: getattr(facts, name) for name in _TOLD},
    )


def _ported(one: Shown) -> Ported | None:
    row = next((row for row in one.rows if row.facts.port_state), None)
    record = row.record if row else None
    if row is None or record is None:
        return None
    return Ported(row.version, record.port.members if record.port else ())
