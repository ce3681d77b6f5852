# SPDX-License-Identifier: GPL-2.0-only
"""A line as pages show it: its state, its newest good kernel with its files, its history. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import cached_property

from zpmaint.publish.addresses import line_badge, line_feed, line_page
from zpmaint.publish.fresh import shown
from zpmaint.publish.glance import LineGlance, LineName, Mention
from zpmaint.publish.lag import Lag, lag_of
from zpmaint.publish.line_looks import LineLook, Urgency, look_of
from zpmaint.publish.page import made_of
from zpmaint.publish.rows import Row
from zpmaint.publish.strip import Strip, strip_of
from zpmaint.publish.values import Shown
from zpmaint.timeline.kernels import order_of
from zpmaint.timeline.values import Line

_FRONT_MARKS = 40
_ALL_MARKS = 10_000

_IN_COUNTS = (
    Urgency.NONE,
    Urgency.BEHIND,
    Urgency.OLD,
    Urgency.FLAKY,
    Urgency.BROKEN,
    Urgency.NO_RESULT,
    Urgency.NEVER,
)

Kernels = dict[tuple[str, str, str], Row]
"""By version, architecture and profile."""


@dataclass(frozen=True)
class LineView:
    """One line, and the rows of its kernels."""

    line: Line
    rows: tuple[Row, ...]
    """Newest kernel first."""

    @property
    def address(self) -> str:
        """Its page's, from the site's root."""
        return line_page(self.line)

    @property
    def feed(self) -> str:
        """The feed of its news."""
        return line_feed(self.line)

    @property
    def badge(self) -> str:
        """Its badge."""
        return line_badge(self.line)

    @property
    def label(self) -> str:
        """The series or the kernel, without its architecture: 6.12, 7.x, 2.6.21."""
        series = self.line.series
        return f"{series}.x" if series.isdigit() else series

    @cached_property
    def look(self) -> LineLook:
        return look_of(self.line)

    @cached_property
    def lag(self) -> Lag:
        return lag_of(self.line)

    @property
    def good(self) -> Row | None:
        """The newest kernel that the patch holds on."""
        return next((row for row in self.rows if row.version == self.line.newest_good), None)

    @property
    def newest(self) -> Row | None:
        """The newest kernel that something is known of; the newest that was tried where nothing
        is."""
        newest = self.line.newest
        rows = (row for row in self.rows if newest is None or row.version == newest.version)
        return next(rows, None)

    def row(self, version: str | None) -> Row | None:
        """That of one kernel of it."""
        return self._by_version.get(version or "")

    @property
    def strip(self) -> Strip:
        """Its newest kernels, for a table of many lines."""
        return strip_of(self.line, _FRONT_MARKS)

    @property
    def whole_strip(self) -> Strip:
        """All of its kernels, for its own page."""
        return strip_of(self.line, _ALL_MARKS)

    @property
    def ordered_as(self) -> str:
        """The kernel that it stands at among other lines."""
        if self.line.standings:
            return self.line.standings[0].version
        return self.line.series if order_of(self.line.series)[0] else f"{self.label}.0"

    @cached_property
    def inputs(self) -> str:
        """A digest of what is shown of it, but for what patches/ says of its set."""
        line = self.line
        told = [
            (
                one.version,
                one.flaky,
                one.settled and (one.settled.turn, one.settled.result, one.settled.key),
                len(one.attempts),
                one.attempts[0].turn,
            )
            for one in line.standings
        ]
        return made_of(
            (line.patchset, line.series, line.arch, line.profile, line.tracked_as, line.note),
            told,
            shown(line.freshness),
            list(line.cost_changes),
        )

    @cached_property
    def _by_version(self) -> dict[str, Row]:
        return {row.version: row for row in self.rows}


def views_of(one: Shown) -> list[LineView]:
    """The lines of a part: tracked ones in the order of kernels.toml, then others with the newest
    kernels first."""
    kernels = {(row.version, row.arch, row.profile): row for row in one.rows if row.kernel}
    return [LineView(line, tuple(_rows(line, kernels))) for line in one.timelines]


def glance_of(view: LineView) -> LineGlance:
    """A line as tables of many show it."""
    line = view.line
    ended = (one.attempts[-1].finished for one in line.standings)
    return LineGlance(
        line=LineName(
            line.patchset,
            line.name,
            line.series,
            line.arch,
            line.profile,
            line.tracked_as,
            line.note,
            line.freshness,
            line.current.kind.is_good if line.current else None,
            len(line.standings),
        ),
        address=view.address,
        feed=view.feed,
        badge=view.badge,
        label=view.label,
        look=view.look,
        lag=view.lag,
        strip=view.strip,
        good=_mention(view.good),
        newest=_mention(view.newest),
        ordered_as=view.ordered_as,
        inputs=view.inputs,
        first=min(ended, default=None),
    )


def _mention(row: Row | None) -> Mention | None:
    if row is None:
        return None
    return Mention(row.version, page=row.page, patch=row.patch_file, why=row.why)


def first_to_look_at(views: Iterable[LineGlance]) -> list[LineGlance]:
    """Those that need a look: tracked ones first, of them the most urgent."""
    needing = [view for view in views if view.look.urgency.needs_a_look]
    return sorted(needing, key=lambda view: (not view.line.is_tracked, view.look.urgency))


def counts_of(views: Sequence[LineGlance]) -> list[tuple[LineLook, int]]:
    """How many lines look how; the good ones first."""
    looks: dict[tuple[str, str], tuple[LineLook, int]] = {}
    for view in views:
        look = view.look
        _, count = looks.get((look.sign, look.words), (look, 0))
        looks[look.sign, look.words] = (look, count + 1)
    return sorted(
        looks.values(),
        key=lambda one: (_IN_COUNTS.index(one[0].urgency), one[0].tone != "good", one[0].words),
    )


def _rows(line: Line, kernels: Kernels) -> Iterable[Row]:
    for standing in line.standings:
        row = kernels.get((standing.version, standing.arch, standing.profile))
        if row:
            yield row
