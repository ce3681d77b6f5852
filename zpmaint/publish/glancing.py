# SPDX-License-Identifier: GPL-2.0-only
"""From a part of a set's kernels to what pages of the whole site show of it. Pure."""

from __future__ import annotations

from zpmaint.publish import calendar, compare, costs, feeds, file_lists, files, status, works
from zpmaint.publish.facts import Facts
from zpmaint.publish.glance import Glance, Ported, RowGlance
from zpmaint.publish.line_view import glance_of as line_glance
from zpmaint.publish.line_view import views_of
from zpmaint.publish.rows import Row, Standing, newest_good
from zpmaint.publish.values import Frame, Shown

_TOLD = ("port_state", "port_confidence", "built", "boots", "compiled", "files_missing", "suites")
"""What tables of many kernels show of a kernel's facts."""


def glance_of(frame: Frame, one: Shown) -> Glance:
    """All that is kept of a part for those pages."""
    tried = [row for row in one.rows if row.kernel]
    sources = [row.facts.source for row in tried if row.facts.source]
    return Glance(
        lines=tuple(map(line_glance, views_of(one))),
        line_texts=status.lines_of(one),
        kernels_text=status.kernels_of(one),
        tracked=tuple(row_glance(one, row) for row in one.rows if row.standing is Standing.TRACKED),
        holding=tuple(
            (line, arch, row.version if row else None) for line, arch, row in newest_good(one.rows)
        ),
        series=tuple(series.glance for series in works.series_of(one)),
        files=tuple(listed.glance for listed in file_lists.listed_of(one)),
        news=[[news.told() for news in mine] for mine in feeds.news_of(one)],
        verdicts=calendar.verdicts_of(one),
        sums=files.listed(files.sums_of(one)),
        runs=compare.listed(compare.runs_of(one)),
        names=[(row.version, row.arch, row.page) for row in tried],
        verifications=sum(len(row.history) for row in tried),
        newest=max((row.history[0].finished for row in tried), default=None),
        signed=sum(bool(source[1]) for source in sources),
        sourced=len(sources),
        ported=_ported(one),
        measured=costs.measured_of(one) if one.benchmarks else "",
    )


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
