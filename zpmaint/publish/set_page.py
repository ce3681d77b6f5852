# SPDX-License-Identifier: GPL-2.0-only
"""A page for each patch set: what it does, all its lines, its newest kernels in detail."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import partial
from itertools import groupby

from markupsafe import Markup

from zpmaint.ledger.stages import MemberRecord
from zpmaint.publish.attention import attention_of
from zpmaint.publish.costs_page import changed_in, parts_of, turns_of
from zpmaint.publish.glance import LineGlance, Ported
from zpmaint.publish.line_view import counts_of
from zpmaint.publish.page import Page, made_of
from zpmaint.publish.rendering import rendered
from zpmaint.publish.values import Site, Whole
from zpmaint.timeline.kernels import parsed

_LOOKS = 30
_CHARTS = 2
_DETAILED = 60
"""So many kernels are shown with port, build, boot and figures."""


@dataclass(frozen=True)
class Member:
    """One patch of a series: its name in the newest anchor, and how it fared on the newest kernel
    that it was ported to."""

    name: str
    ported: MemberRecord | None


def pages(site: Site) -> Iterator[Page]:
    """`SET/index.html` of each set."""
    for one in site.sets:
        views = one.views
        address = f"{one.folder}/index.html"
        inputs = made_of(
            (one.title, one.name, site.base_url),
            _story(one),
            [view.inputs for view in views],
            [row.inputs for row in one.tracked],
            _ported(one),
            one.bench_picture,
            one.costs_told,
        )
        yield Page(address, inputs, partial(_page, site, one, views, address))


def members_of(one: Whole) -> tuple[Member, ...]:
    """The patches of a set that is a series, in order; () where it is one patch."""
    newest = _ported(one)
    fates = {member.name: member for member in newest.members} if newest else {}
    anchors = one.info.anchors if one.info else ()
    if anchors and not anchors[-1].is_single:
        names = [member.name for member in anchors[-1].series.members]
    else:
        names = list(fates)
    return tuple(Member(name, fates.get(name)) for name in names)


def _ported(one: Whole) -> Ported | None:
    """The newest kernel that the set was ported to."""
    return next((glance.ported for glance in one.glances if glance.ported), None)


def _page(site: Site, one: Whole, views: list[LineGlance], address: str) -> bytes:
    tracked = [view for view in views if view.line.is_tracked]
    attention = attention_of(views)
    counted = tracked or views
    return rendered(
        "set.html.j2",
        set=one,
        tracked=tracked,
        others=_generations([view for view in views if not view.line.is_tracked]),
        attention=attention[:_LOOKS],
        counts=counts_of(counted),
        holding=sum(bool(v.line.good) for v in counted),
        lines_counted=len(counted),
        members=members_of(one),
        member_kernel=_ported(one),
        newest=one.tracked[:_DETAILED],
        cost_charts=Markup(_charts(one)),  # of a template of ours, which escapes what is text
        root="../",
        here=address,
        canonical=site.canonical(address),
    )


def _charts(one: Whole) -> str:
    """The charts on the page, which are of all kernels: made where a figure is another one."""
    if not one.panels:
        return ""
    of = one.costs_told
    if (kept := one.kept.charts(one.folder, of)) is not None:
        return kept
    turns = turns_of(one.changes)
    parts = parts_of(one.panels[:_CHARTS], one.figures, turns)
    changed = changed_in(one.changes)
    made = rendered("set-costs.html.j2", cost_parts=parts, changed=changed).decode()
    one.kept.keep_charts(one.folder, of, made)
    return made


def _generations(views: list[LineGlance]) -> list[tuple[str, list[LineGlance]]]:
    """Lines by the first number of their kernels: 7.x, 6.x, ..., 2.6."""
    return [(name, list(mine)) for name, mine in groupby(views, _generation)]


def _generation(view: LineGlance) -> str:
    kernel = parsed(view.ordered_as) if view.line.kernels else None
    if kernel is None or not kernel.numbers:
        return "others"
    first = kernel.numbers[0]
    return f"{first}.{kernel.numbers[1]}" if first < 3 else f"{first}.x"


def _story(one: Whole) -> object:
    if one.info is None:
        return None
    info = one.info
    telling = [(str(t.era), t.counters, t.silent, t.why) for t in info.telling]
    anchors = [(anchor.name, [m.name for m in anchor.series.members]) for anchor in info.anchors]
    pages = [(page.name, page.title) for page in info.pages]
    return (
        info.columns,
        pages,
        info.author,
        info.origin,
        info.intent,
        info.leaves,
        telling,
        anchors,
    )
