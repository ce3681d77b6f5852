# SPDX-License-Identifier: GPL-2.0-only
"""A page for each line: its history, and all its kernels. Kernels of a long line are on pages of
their own, counted from the oldest, so that a new kernel changes the newest page alone."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import partial

from zpmaint.publish.line_view import LineView, views_of
from zpmaint.publish.page import Page, made_of
from zpmaint.publish.rendering import rendered
from zpmaint.publish.rows import Row
from zpmaint.publish.values import Frame, Shown
from zpmaint.timeline.values import Episode

_PER_PAGE = 100
_EPISODES = 60


@dataclass(frozen=True)
class Range:
    """Kernels of a line that have a page of their own, newest first."""

    address: str
    number: int
    """1 is the oldest."""
    rows: tuple[Row, ...]

    @property
    def words(self) -> str:
        first, last = self.rows[-1].version, self.rows[0].version
        return first if first == last else f"{first} to {last}"


def part_pages(frame: Frame, one: Shown) -> Iterator[Page]:
    """`SET/lines/LINE.html`, and `SET/lines/LINE/N.html` of a long one."""
    shown = made_of(one.title, frame.base_url, one.columns)
    for view in views_of(one):
        ranges = ranges_of(view)
        rows = view.rows[: len(view.rows) - sum(len(part.rows) for part in ranges)]
        inputs = made_of(shown, view.inputs, [row.inputs for row in rows])
        yield Page(view.address, inputs, partial(_page, frame, one, view))
        for part in ranges:
            inputs = made_of(shown, [row.inputs for row in part.rows])
            yield Page(part.address, inputs, partial(_range, frame, one, view, part))


def ranges_of(view: LineView) -> list[Range]:
    """The older kernels of a line, the newest range first: full ones of 100. On the line's own page
    are at least 100 kernels, where it has so many."""
    oldest_first = view.rows[::-1]
    full = max(len(oldest_first) // _PER_PAGE - 1, 0)
    folder = view.address.removesuffix(".html")
    return [
        Range(
            f"{folder}/{number}.html",
            number,
            oldest_first[(number - 1) * _PER_PAGE : number * _PER_PAGE][::-1],
        )
        for number in range(full, 0, -1)
    ]


def _page(frame: Frame, one: Shown, view: LineView) -> bytes:
    ranges = ranges_of(view)
    newest_first: list[Episode] = list(reversed(view.line.episodes))
    return rendered(
        "line.html.j2",
        set=one,
        view=view,
        line=view.line,
        episodes=newest_first[:_EPISODES],
        older_episodes=len(newest_first) - _EPISODES,
        rows=view.rows[: len(view.rows) - sum(len(part.rows) for part in ranges)],
        ranges=ranges,
        root="../../",
        here=view.address,
        canonical=frame.canonical(view.address),
    )


def _range(frame: Frame, one: Shown, view: LineView, part: Range) -> bytes:
    return rendered(
        "line-range.html.j2",
        set=one,
        view=view,
        line=view.line,
        part=part,
        root="../../../",
        here=part.address,
        canonical=frame.canonical(part.address),
    )
